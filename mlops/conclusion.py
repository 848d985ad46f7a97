"""From a finished experiment to candidates, their registered versions, and the policy's word."""

import logging
from typing import Any

from mlops.experiment_folder import folder_of
from mlops.models import Experiment
from mlops.services import after_experiment, record_candidates
from mlops.stages.decide import Decision
from mlops.stages.evaluate import Evaluation, TrialMetrics
from mlops.stages.run_pipeline import RUNS_NAME, Runs, TrialRun
from mlops.tracker import TrackerProblem
from mlops.tracking import Tracking
from mlops.trials import CHAMPION

logger = logging.getLogger(__name__)


def conclude(experiment: Experiment) -> None:
    """Record every trial but the champion as a candidate, and let the policy act. May be called
    again."""
    folder = folder_of(experiment.pk)
    tracking = Tracking(experiment, folder)
    runs = Runs.model_validate_json((folder.output("runs") / RUNS_NAME).read_text()).runs
    rows = candidate_rows(experiment, runs)
    for row in rows:
        row.update(_tracked(tracking, row["trial"], runs))
    record_candidates(experiment, rows)
    after_experiment(experiment)


def candidate_rows(experiment: Experiment, runs: list[TrialRun]) -> list[dict[str, Any]]:
    """One for every trial but the champion."""
    evaluation = Evaluation.model_validate(experiment.evaluation)
    decision = Decision.model_validate(experiment.decision)
    metrics = {trial.trial: trial for trial in evaluation.trials}
    first_run = {run.trial: run for run in reversed(runs)}
    return [
        {
            "trial": decided.trial,
            "preset": first_run[decided.trial].preset,
            "options": first_run[decided.trial].options,
            "options_fingerprint": first_run[decided.trial].options_fingerprint,
            "metrics": {
                **_shown(metrics[decided.trial]),
                "champion": _shown(metrics[CHAMPION]),
            },
            "reasons": [reason.model_dump() for reason in decided.reasons],
            "passed": decided.passed,
        }
        for decided in decision.trials
    ]


def _shown(metrics: TrialMetrics) -> dict[str, Any]:
    return metrics.model_dump(
        include={
            "score", "mAA", "clusterness", "registration", "seconds_per_photo", "per_dataset",
            "per_scene", "gain", "interval",
        }
    )  # fmt: skip


def _tracked(tracking: Tracking, trial: str, runs: list[TrialRun]) -> dict[str, str]:
    """Where the tracker has it; a tracker that is away is no reason to lose a candidate."""
    seed = next(run.seed for run in runs if run.trial == trial)
    try:
        version = tracking.register(trial, seed, f"trial {trial}")
        return {"tracked_run": tracking.run_of(trial, seed), "tracked_version": str(version)}
    except TrackerProblem as problem:
        logger.warning("candidate %s is not registered: %s", trial, problem.message)
        return {}
