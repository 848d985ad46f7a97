"""The embedded store's file: made once, brought up to date, never broken by two at a time."""

import importlib.metadata
import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from mlflow import MlflowClient
from mlflow.store.db.utils import _get_alembic_config, create_sqlalchemy_engine
from mlflow.store.tracking.dbmodels.initial_models import Base

from mlops.embedded_store import prepare_store, store_uri
from mlops.tracker import TrackerUnavailable

ROOT = Path(__file__).resolve().parents[2]
VERSION = importlib.metadata.version("mlflow")
PUBLISH = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from mlops.mlflow_tracker import MlflowTracker
from mlops.tracker import Artifact, RunRecord
folder, name = Path(sys.argv[1]), sys.argv[2]
tracker = MlflowTracker(
    f"sqlite:///{folder}/mlflow.db", artifact_root=folder / "artifacts", experiment="both",
    ledger_path=folder / name / "tracking.json",
)
now = datetime.now(UTC)
for key in ["parent", *(f"trial:{number}" for number in range(15))]:
    tracker.publish(RunRecord(
        key=key, name=name, parent=None if key == "parent" else "parent", started=now, ended=now,
        params={"a": 1}, metrics={"m": [(step, 1.0) for step in range(20)]},
    ))
"""


def revision_of(database: Path) -> str:
    with closing(sqlite3.connect(database)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def test_a_store_is_made_once(embedded_uri: str) -> None:
    database = Path(embedded_uri.removeprefix("sqlite:///"))
    before = {path.name: path.stat().st_mtime_ns for path in database.parent.iterdir()}
    started_s = time.monotonic()
    prepare_store(embedded_uri)
    assert time.monotonic() - started_s < 2.0
    after = {path.name: path.stat().st_mtime_ns for path in database.parent.iterdir()}
    assert before.items() <= after.items()
    assert (database.parent / "mlflow.db.version").read_text() == f"{VERSION}\n"
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_what_is_no_database_is_told_at_once(tmp_path: Path) -> None:
    database = tmp_path / "mlflow.db"
    database.write_bytes(b"no database " * 1000)
    (tmp_path / "mlflow.db.version").write_text(f"{VERSION}\n")
    with pytest.raises(TrackerUnavailable, match="file is not a database") as problem:
        prepare_store(store_uri(database))
    assert str(tmp_path) in problem.value.next_step


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TrackerUnavailable, match="file"):
        prepare_store(store_uri(tmp_path / "file" / "mlflow.db"))


@pytest.mark.long
def test_a_store_of_an_earlier_mlflow_is_brought_up_to_date(
    empty_store: Path, tmp_path: Path
) -> None:
    """Its runs stay, and a copy of it as it was."""
    database = tmp_path / "mlflow.db"
    config = _get_alembic_config(store_uri(database))
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    engine = create_sqlalchemy_engine(store_uri(database))
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revisions[5])
    engine.dispose()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "INSERT INTO experiments (name, lifecycle_stage, artifact_location)"
            " VALUES ('kept', 'active', 'file:///x')"
        )
    (tmp_path / "mlflow.db.version").write_text("3.1.0\n")

    prepare_store(store_uri(database))
    assert revision_of(database) == revisions[0] == revision_of(empty_store)
    assert revision_of(tmp_path / "mlflow.db.3.1.0") == revisions[5]
    uri = store_uri(database)
    assert MlflowClient(uri, uri).get_experiment_by_name("kept").artifact_location == "file:///x"


@pytest.mark.long
def test_two_processes_at_once_break_nothing(tmp_path: Path) -> None:
    """From the first moment on, when there is no store yet."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PUBLISH, str(tmp_path), name],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    errors = [process.communicate(timeout=300)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], errors
    uri = store_uri(tmp_path / "mlflow.db")
    client = MlflowClient(uri, uri)
    runs = client.search_runs([client.get_experiment_by_name("both").experiment_id])
    assert sorted(run.info.run_name for run in runs) == ["one"] * 16 + ["two"] * 16
    assert {run.info.status for run in runs} == {"FINISHED"}
    ledgers = [json.loads((tmp_path / n / "tracking.json").read_text()) for n in ("one", "two")]
    assert {run["run_id"] for ledger in ledgers for run in ledger["runs"].values()} == {
        run.info.run_id for run in runs
    }
