"""The end of an experiment: its state, its candidates and the policy's word, all or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from drift.documents import BASELINE_NAME
from drift.public import BaselineDocument, Source, add_baseline
from mlops import lifecycle
from mlops.dvc import DvcFolder
from mlops.gates import Reason
from mlops.lifecycle import Lease
from mlops.models import Experiment
from mlops.services import JudgedTrial, after_experiment, record_candidates
from mlops.stages.decide import DECISION_NAME, Decision
from mlops.stages.evaluate import METRICS_NAME, Evaluation, TrialMetrics
from mlops.stages.run_pipeline import RUNS_NAME, Runs, TrialRun
from mlops.trials import CHAMPION
from scene3d.engine.public import ReconstructionOptions


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What the stages leave behind."""

    evaluation: Evaluation
    decision: Decision
    runs: Sequence[TrialRun]
    baseline: BaselineDocument


def found_in(folder: DvcFolder) -> Findings:
    """Once every stage is done."""
    evaluation = (folder.output("evaluation") / METRICS_NAME).read_text()
    decision = (folder.output("decision") / DECISION_NAME).read_text()
    runs = (folder.output("runs") / RUNS_NAME).read_text()
    baseline = (folder.output("baselines") / BASELINE_NAME).read_text()
    return Findings(
        evaluation=Evaluation.model_validate_json(evaluation),
        decision=Decision.model_validate_json(decision),
        runs=Runs.model_validate_json(runs).runs,
        baseline=BaselineDocument.model_validate_json(baseline),
    )


def conclude(lease: Lease, found: Findings) -> bool:
    """RUNNING to DONE, every trial but the champion a candidate, and what the policy promotes
    promoted, what its photos look like a version that somebody may compare uploads with; False when
    the lease was lost.

    Whoever is killed leaves an experiment that runs, and is taken over. The tracker hears of it
    afterwards.
    """
    judged = judged_trials(found.evaluation, found.decision, found.runs)
    with transaction.atomic():
        is_ours = lifecycle.finish(
            lease,
            evaluation=found.evaluation.model_dump(mode="json"),
            decision=found.decision.model_dump(mode="json"),
        )
        if is_ours:
            experiment = Experiment.objects.get(pk=lease.experiment_id)
            record_candidates(experiment, judged)
            after_experiment(experiment)
            add_baseline(
                found.baseline, Source.EXPERIMENT, made_by="experiment", note=experiment.name
            )
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
