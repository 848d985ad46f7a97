"""The stages of an experiment as its page and its API show them."""

from typing import Any

from mlops.models import Experiment, ExperimentStage
from mlops.states import StageState

TITLES = {
    "validate": "Check the data",
    "eda_baselines": "Describe the photos",
    "preprocess": "Prepare the photos",
    "prepare": "Lay out the runs",
    "run_pipeline": "Run the trials",
    "evaluate": "Score the results",
    "decide": "Judge the trials",
}


def stage_rows(experiment: Experiment) -> list[dict[str, Any]]:
    """In the order of the loop."""
    return [_row(stage) for stage in experiment.stages.all()]


def live_state(experiment: Experiment) -> dict[str, Any]:
    """What changes while it is looked at."""
    return {
        "state": experiment.state,
        "label": experiment.get_state_display(),
        "is_active": experiment.is_active,
        "stages": stage_rows(experiment),
    }


def _row(stage: ExperimentStage) -> dict[str, Any]:
    return {
        "name": stage.name,
        "title": TITLES.get(stage.name, stage.name),
        "state": stage.state,
        "label": StageState(stage.state).label,
        "words": stage.words,
        "done": stage.done,
        "total": stage.total,
        "started_at": stage.started_at,
        "seconds": stage.seconds,
    }
