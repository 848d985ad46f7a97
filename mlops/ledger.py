"""What of an experiment is published already, in a JSON file beside it."""

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mlops.locks import exclusive
from mlops.tracker import LedgerInvalid, RunUnpublished, TrackerUnavailable


class PublishedRun(BaseModel):
    """One run as the tracker has it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    run_id: str
    experiment_id: str
    metrics: dict[str, str] = {}
    """By name, SHA-256 of its points."""
    artifacts: dict[str, str] = {}
    """By place in the run, SHA-256 of the file."""


class Ledger(BaseModel):
    """All runs of an experiment, by key."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: Literal[1] = 1
    id: str = Field(default_factory=lambda: uuid.uuid4().hex)
    """Also a tag of every run: one whose making was not noted here is found by it."""
    runs: dict[str, PublishedRun] = {}

    def run_of(self, key: str) -> PublishedRun:
        """Raises: RunUnpublished."""
        if key not in self.runs:
            raise RunUnpublished(f"The run {key} is not published.")
        return self.runs[key]


class LedgerFile:
    """The ledger's file; it appears with the first run."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def locked(self) -> Iterator[Ledger]:
        """The ledger, for this process alone until the end; whoever else comes waits.

        A new one is saved before anything is published: its id finds runs that are not noted.

        Raises: LedgerInvalid, TrackerUnavailable.
        """
        with exclusive(self._path.with_name(f".{self._path.name}.lock")):
            ledger = self.read()
            if not ledger.runs:
                self.save(ledger)
            yield ledger

    def read(self) -> Ledger:
        """What was saved last; an empty one at first.

        Raises: LedgerInvalid.
        """
        try:
            return Ledger.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return Ledger()
        except ValidationError as error:
            raise LedgerInvalid(f"{self._path} is no ledger: {_first_problem(error)}.") from error
        except OSError as error:
            raise LedgerInvalid(f"{self._path} cannot be read: {error.strerror}.") from error

    def save(self, ledger: Ledger) -> None:
        """All of it or nothing: a crash leaves the one before.

        Raises: TrackerUnavailable.
        """
        draft = self._path.with_name(f".{self._path.name}.new")
        try:
            with draft.open("w") as file:
                json.dump(ledger.model_dump(mode="json"), file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
        except OSError as error:
            raise TrackerUnavailable(f"{self._path}: {error.strerror}.") from error


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False)[0]
    place = ".".join(map(str, problem["loc"]))
    return f"{place}: {problem['msg']}" if place else problem["msg"]
