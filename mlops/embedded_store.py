"""MLflow's SQLite file in the data folder: made, and brought up to date, by one process at a time.

Without an import of mlflow: its own command does the work.
"""

import importlib.metadata
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from mlops.locks import exclusive
from mlops.tracker import TrackerUnavailable

MLFLOW_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",  # nothing leaves this machine
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # a second set of processes that nobody needs
}
"""For every process of MLflow that we start."""

PAGES_OF_RUNS = "workflowType=machine_learning"
"""In an address: has MLflow show runs and metrics, not prompts and traces."""

_SCHEME = "sqlite:///"


def store_uri(database: Path) -> str:
    return f"{_SCHEME}{database}"


def is_embedded(uri: str) -> bool:
    return uri.startswith(_SCHEME)


def prepare_store(uri: str) -> None:
    """Have the store's file exist, with the tables of the installed MLflow.

    It takes seconds the first time and after an update of MLflow, which is preceded by a copy:
    mlflow.db.3.17.2 is what 3.17.2 left.

    Raises: TrackerUnavailable.
    """
    database = Path(uri.removeprefix(_SCHEME))
    with exclusive(database.with_name(f"{database.name}.lock")):
        try:
            _prepare(database, importlib.metadata.version("mlflow"))
        except (OSError, sqlite3.Error) as error:
            raise TrackerUnavailable(
                f"{database}: {error}.", next_step=f"Look after {database.parent}, and try again."
            ) from error


def _prepare(database: Path, installed: str) -> None:
    version_file = database.with_name(f"{database.name}.version")
    made_by = version_file.read_text().strip() if version_file.exists() else "unknown"
    if not database.exists():
        draft = database.with_name(f"{database.name}.new")
        draft.unlink(missing_ok=True)
        _upgrade(draft)
        draft.rename(database)
    elif made_by != installed:
        _copy(database, database.with_name(f"{database.name}.{made_by}"))
        _upgrade(database)
    with closing(sqlite3.connect(database)) as connection:
        # Whoever looks at the UI does not stop whoever writes. The file remembers it.
        connection.execute("PRAGMA journal_mode=WAL")
    if made_by != installed:
        version_file.write_text(f"{installed}\n")


def _upgrade(database: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "mlflow", "db", "upgrade", store_uri(database)],
        env={**os.environ, **MLFLOW_ENVIRONMENT},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        words = (result.stderr.strip() or "no message").splitlines()[-1]
        raise TrackerUnavailable(
            f"MLflow cannot bring {database} up to date: {words}",
            next_step=f"Put the copy beside it back, or move {database.parent} away to start anew.",
        )


def _copy(database: Path, target: Path) -> None:
    with closing(sqlite3.connect(database)) as here, closing(sqlite3.connect(target)) as there:
        here.backup(there)
