"""An experiment's files as runs of the tracker: fed after each stage, never from inside one."""

import json
import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from mlops.dvc import DvcFolder
from mlops.ledger import LedgerFile
from mlops.mlflow_tracker import MlflowTracker
from mlops.models import Experiment, ExperimentStage
from mlops.provenance import write_provenance
from mlops.stages.decide import DECISION_NAME, Decision
from mlops.stages.evaluate import METRICS_NAME, SCENES_NAME, Evaluation, TrialMetrics
from mlops.stages.run_pipeline import RUNS_NAME, Runs, TrialRun
from mlops.states import ExperimentState, StageState
from mlops.tracker import CONFIGURATION_FOLDER, Artifact, RunRecord, RunStatus, TrackerProblem
from scene3d.settings.env import BASE_DIR

logger = logging.getLogger(__name__)

TRACKED_AS = "scene3d"
"""The name of the tracker's experiment that all of ours are runs of."""
PARENT = "parent"
LEDGER_NAME = "tracked.json"

_STATUS: dict[str, RunStatus] = {
    ExperimentState.DONE: "finished",
    ExperimentState.FAILED: "failed",
    ExperimentState.ERRORED: "failed",
    ExperimentState.CANCELLED: "killed",
}
_STAGE_STATUS: dict[str, RunStatus] = {
    StageState.RUNNING: "running",
    StageState.FAILED: "failed",
}
_ATTACHED = frozenset({".json", ".csv", ".png", ".npz"})
"""What of a stage's top folder is attached; photos are not."""


class Tracking:
    """Tells the tracker what one experiment is at. A tracker that is away costs nothing but the
    telling: `catch_up` is the same again."""

    def __init__(self, experiment: Experiment, folder: DvcFolder) -> None:
        self._experiment, self._folder = experiment, folder
        self._ledger = folder.root / LEDGER_NAME
        self._tracker = _tracker(self._ledger)

    def stage_ended(self, name: str) -> None:
        """Publish the experiment and one stage, if the tracker answers."""
        try:
            self._tracker.publish(self._parent())
            self._tracker.publish(self._stage(self._experiment.stages.get(name=name)))
        except TrackerProblem as problem:
            logger.warning("not tracked yet: %s", problem.message)

    def catch_up(self) -> str:
        """Publish all there is to tell by now; the address of the experiment's run.

        Raises: TrackerProblem.
        """
        self._experiment.refresh_from_db()
        run_id = self._tracker.publish(self._parent())
        for stage in self._experiment.stages.exclude(state=StageState.WAITING):
            self._tracker.publish(self._stage(stage))
        for record in self._trials():
            self._tracker.publish(record)
        return self._tracker.url_of(run_id)

    def run_of(self, trial: str, seed: int) -> str:
        """The tracker's id of a trial's run that is published; "" if it is not."""
        key = trial_key(trial, seed)
        runs = LedgerFile(self._ledger).read().runs
        return runs[key].run_id if key in runs else ""

    def register(self, trial: str, seed: int, description: str) -> int:
        """The registered version of a candidate.

        Raises: TrackerProblem.
        """
        return self._tracker.register(trial_key(trial, seed), description)

    @cached_property
    def _provenance(self) -> list[Path]:
        """Once per attempt: git and the list of packages take their time, and afterwards the code
        may be another."""
        folder = self._folder.root / "provenance"
        if self._experiment.is_active or not (folder / "git.json").is_file():
            return write_provenance(folder, BASE_DIR)
        return sorted(folder.iterdir())

    def _parent(self) -> RunRecord:
        experiment = self._experiment
        decided = self._folder.output("decision") / DECISION_NAME
        return RunRecord(
            key=PARENT,
            name=experiment.name,
            params=experiment.spec,
            metrics=_best_metrics(experiment),
            tags={
                "scene3d.experiment": str(experiment.pk),
                "scene3d.data_hash": experiment.data_hash,
                "scene3d.trigger": experiment.trigger,
                "scene3d.git_commit": _git_commit(self._provenance),
            },
            artifacts=[
                Artifact(self._folder.params_path, CONFIGURATION_FOLDER),
                *(Artifact(path, "provenance") for path in self._provenance),
                *([Artifact(decided, "decision")] if decided.is_file() else []),
            ],
            status=_STATUS.get(experiment.state, "running"),
            started=experiment.started_at or experiment.created_at,
            ended=experiment.finished_at if experiment.state in _STATUS else None,
        )

    def _stage(self, stage: ExperimentStage) -> RunRecord:
        is_running = stage.state == StageState.RUNNING
        folders = [path for path in self._folder.outputs_of(stage.name) if path.is_dir()]
        files = [path for folder in folders for path in sorted(folder.iterdir())]
        started = stage.started_at or timezone.now()
        return RunRecord(
            key=f"stage:{stage.name}",
            name=stage.name,
            parent=PARENT,
            metrics={} if stage.seconds is None else {"seconds": stage.seconds},
            tags={"scene3d.kind": "stage", "scene3d.state": stage.state},
            artifacts=[Artifact(path) for path in files if path.suffix in _ATTACHED],
            status=_STAGE_STATUS.get(stage.state, "finished"),
            started=started,
            ended=None if is_running else started + timedelta(seconds=stage.seconds or 0),
        )

    def _trials(self) -> Iterator[RunRecord]:
        metrics_path = self._folder.output("evaluation") / METRICS_NAME
        runs_path = self._folder.output("runs") / RUNS_NAME
        if not metrics_path.is_file() or not runs_path.is_file():
            return
        evaluation = Evaluation.model_validate_json(metrics_path.read_text())
        metrics = {trial.trial: trial for trial in evaluation.trials}
        ended = datetime.fromtimestamp(runs_path.stat().st_mtime, UTC)
        for run in Runs.model_validate_json(runs_path.read_text()).runs:
            yield self._trial(run, metrics[run.trial], ended)

    def _trial(self, run: TrialRun, metrics: TrialMetrics, ended: datetime) -> RunRecord:
        configuration = self._folder.root / "configurations" / f"{run.trial}.json"
        configuration.parent.mkdir(exist_ok=True)
        configuration.write_text(json.dumps({"preset": run.preset, "options": run.options}))
        return RunRecord(
            key=trial_key(run.trial, run.seed),
            name=f"{run.trial}, seed {run.seed}",
            parent=PARENT,
            params={"preset": run.preset, "seed": run.seed, **run.options},
            metrics={
                "score_of_seed": metrics.per_seed[str(run.seed)],
                **trial_metrics(metrics),
                **{f"seconds_{one.dataset}": one.seconds for one in run.datasets},
                **{f"registered_{one.dataset}": one.num_registered for one in run.datasets},
            },
            tags={"scene3d.kind": "trial", "scene3d.fingerprint": run.options_fingerprint},
            artifacts=[
                Artifact(configuration, CONFIGURATION_FOLDER),
                Artifact(self._folder.output("runs") / run.folder, "results"),
                Artifact(self._folder.output("evaluation") / SCENES_NAME, "evaluation"),
            ],
            started=ended,
            ended=ended,
        )


def trial_key(trial: str, seed: int) -> str:
    return f"trial:{trial}/seed{seed}"


def trial_metrics(metrics: TrialMetrics) -> dict[str, float]:
    """What the tracker compares runs by."""
    return {
        "score": metrics.score,
        "mAA": metrics.mAA,
        "clusterness": metrics.clusterness,
        "registration": metrics.registration,
        "seconds_per_photo": metrics.seconds_per_photo,
        "gain": metrics.gain.mean,
        **{f"auc_{deg}": value for deg, value in metrics.auc.items()},
        **{f"score_{name}": value for name, value in metrics.per_dataset.items()},
        **{f"score_{name}": value for name, value in metrics.per_scene.items()},
    }


def _best_metrics(experiment: Experiment) -> dict[str, float]:
    """Of the best trial: the passing one where there is one, else the one with the top score."""
    if not experiment.evaluation:
        return {}
    trials = Evaluation.model_validate(experiment.evaluation).trials
    best = Decision.model_validate(experiment.decision).best if experiment.decision else None
    chosen = next(
        (trial for trial in trials if trial.trial == best),
        max(trials, key=lambda trial: trial.score),
    )
    return trial_metrics(chosen)


def _git_commit(provenance: Sequence[Path]) -> str:
    content = json.loads(next(path for path in provenance if path.name == "git.json").read_text())
    return str(content.get("commit") or "")


def open_tracker() -> MlflowTracker:
    """For what belongs to no experiment: the registry's names."""
    return _tracker(Path(settings.DATA_DIR) / "experiments" / LEDGER_NAME)


def _tracker(ledger: Path) -> MlflowTracker:
    return MlflowTracker(
        settings.MLFLOW_TRACKING_URI,
        artifact_root=Path(settings.MLFLOW_ARTIFACT_ROOT),
        experiment=TRACKED_AS,
        ledger_path=ledger,
    )
