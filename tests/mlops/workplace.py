"""An experiment's folder, a tracker to publish it to, and a look at what is there."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Run

from mlops.mlflow_tracker import KEY_TAG, MlflowTracker
from mlops.patience import TrackerOptions
from mlops.tracker import RunRecord, Tracker

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
NOON_MS = int(NOON.timestamp() * 1000)
IMPATIENT = TrackerOptions(give_up_after_s=0.6, request_timeout_s=3, upload_timeout_s=5)


@dataclass
class Workplace:
    """An experiment's folder, and a tracker to publish it to."""

    uri: str
    folder: Path
    experiment: str

    @property
    def ledger_path(self) -> Path:
        return self.folder / "tracking.json"

    def tracker(self, uri: str = "", options: TrackerOptions = IMPATIENT) -> Tracker:
        """As a process that starts now has it."""
        return MlflowTracker(
            uri or self.uri,
            artifact_root=self.folder / "artifacts",
            experiment=self.experiment,
            ledger_path=self.ledger_path,
            options=options,
        )

    @property
    def client(self) -> MlflowClient:
        return MlflowClient(self.uri, self.uri)

    def runs(self) -> dict[str, Run]:
        """All runs of the experiment by key."""
        experiment = self.client.get_experiment_by_name(self.experiment)
        runs = self.client.search_runs([experiment.experiment_id])
        by_key = {run.data.tags[KEY_TAG]: run for run in runs}
        assert len(by_key) == len(runs)
        return by_key

    def file(self, name: str, content: str = "x") -> Path:
        path = self.folder / "out" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    def artifacts(self, run_id: str) -> dict[str, str]:
        """Contents of all files of a run, by place."""
        target = self.folder / f"fetched-{time.monotonic_ns()}"
        target.mkdir()
        self.client.download_artifacts(run_id, "", str(target))
        files = [path for path in target.rglob("*") if path.is_file()]
        return {str(path.relative_to(target)): path.read_text() for path in files}


def record(key: str = "parent", **fields: Any) -> RunRecord:
    ended = NOON + timedelta(seconds=90)
    return RunRecord(
        **{"key": key, "name": f"Run {key}", "started": NOON, "ended": ended, **fields}
    )
