"""The end of an experiment: its state, its candidates and the policy's word, all or nothing."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from mlops import lifecycle
from mlops.gates import Reason
from mlops.lifecycle import Lease
from mlops.models import Experiment
from mlops.services import JudgedTrial, after_experiment, record_candidates
from mlops.stages.decide import Decision
from mlops.stages.evaluate import Evaluation, TrialMetrics
from mlops.stages.run_pipeline import TrialRun
from mlops.trials import CHAMPION
from scene3d.engine.public import ReconstructionOptions


def conclude(
    lease: Lease, evaluation: Evaluation, decision: Decision, runs: Sequence[TrialRun]
) -> bool:
    """RUNNING to DONE, every trial but the champion a candidate, and what the policy promotes
    promoted; False when the lease was lost.

    Whoever is killed leaves an experiment that runs, and is taken over. The tracker hears of it
    afterwards.
    """
    judged = judged_trials(evaluation, decision, runs)
    with transaction.atomic():
        is_ours = lifecycle.finish(
            lease,
            evaluation=evaluation.model_dump(mode="json"),
            decision=decision.model_dump(mode="json"),
        )
        if is_ours:
            experiment = Experiment.objects.get(pk=lease.experiment_id)
            record_candidates(experiment, judged)
            after_experiment(experiment)
    return is_ours


def judged_trials(
    evaluation: Evaluation, decision: Decision, runs: Sequence[TrialRun]
) -> list[JudgedTrial]:
    """One for every trial but the champion."""
    metrics = {trial.trial: trial for trial in evaluation.trials}
    run_of = {run.trial: run for run in reversed(runs)}
    return [
        JudgedTrial(
            trial=decided.trial,
            preset=run_of[decided.trial].preset,
            options=ReconstructionOptions.from_dict(run_of[decided.trial].options),
            metrics={**_shown(metrics[decided.trial]), "champion": _shown(metrics[CHAMPION])},
            reasons=[Reason(**reason.model_dump()) for reason in decided.reasons],
        )
        for decided in decision.trials
    ]


def _shown(metrics: TrialMetrics) -> dict[str, Any]:
    return metrics.model_dump(
        include={
            "score", "mAA", "clusterness", "registration", "seconds_per_photo", "per_dataset",
            "per_scene", "gain", "interval",
        }
    )  # fmt: skip
