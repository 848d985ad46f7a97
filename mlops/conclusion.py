"""From a finished experiment to candidates, their registered versions, and the policy's word."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from drift.public import BaselineDocument, Source, add_baseline
from mlops.experiment_folder import folder_of
from mlops.gates import Reason
from mlops.models import Experiment
from mlops.services import JudgedTrial, after_experiment, record_candidates
from mlops.stages.decide import Decision
from mlops.stages.evaluate import Evaluation, TrialMetrics
from mlops.stages.run_pipeline import RUNS_NAME, Runs, TrialRun
from mlops.tracker import TrackerProblem
from mlops.tracking import Tracking
from mlops.trials import CHAMPION
from scene3d.engine.public import ReconstructionOptions

logger = logging.getLogger(__name__)


def conclude(experiment: Experiment) -> None:
    """Record every trial but the champion as a candidate, and let the policy act. May be called
    again."""
    folder = folder_of(experiment.pk)
    tracking = Tracking(experiment, folder)
    runs = Runs.model_validate_json((folder.output("runs") / RUNS_NAME).read_text()).runs
    judged = judged_trials(experiment, runs)
    record_candidates(experiment, [_tracked(tracking, trial, runs) for trial in judged])
    after_experiment(experiment)
    _keep_baseline(experiment, folder.output("baselines") / "baseline.json")


def _keep_baseline(experiment: Experiment, path: Path) -> None:
    """What the data looks like, as a version that somebody may compare uploads with."""
    document = BaselineDocument.model_validate_json(path.read_bytes())
    add_baseline(document, Source.EXPERIMENT, made_by="experiment", note=experiment.name)


def judged_trials(experiment: Experiment, runs: Sequence[TrialRun]) -> list[JudgedTrial]:
    """One for every trial but the champion."""
    evaluation = Evaluation.model_validate(experiment.evaluation)
    decision = Decision.model_validate(experiment.decision)
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


def _tracked(tracking: Tracking, trial: JudgedTrial, runs: Sequence[TrialRun]) -> JudgedTrial:
    """With where the tracker has it; one that is away is no reason to lose a candidate."""
    seed = next(run.seed for run in runs if run.trial == trial.trial)
    try:
        version = tracking.register(trial.trial, seed, f"trial {trial.trial}")
        run_id = tracking.run_of(trial.trial, seed)
    except TrackerProblem as problem:
        logger.warning("candidate %s is not registered: %s", trial.trial, problem.message)
        return trial
    return replace(trial, tracked_run=run_id, tracked_version=str(version))
