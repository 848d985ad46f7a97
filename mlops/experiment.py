"""Works on one experiment: claim, stages by DVC, candidates, policy. Never in the web process."""

import json
import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

from mlops import lifecycle
from mlops.conclusion import conclude, found_in
from mlops.dvc import STAGES, StageBroke, StageFailed, StageStopped
from mlops.experiment_folder import folder_of, shared_cache
from mlops.lifecycle import Lease
from mlops.models import Experiment
from mlops.notices import tell_end, tell_start
from mlops.spec import spec_from
from mlops.stage_progress import PROGRESS_NAME
from mlops.stages.validate import REPORT_NAME as VALIDATION_NAME
from mlops.states import StageState
from mlops.tracker_upkeep import tell_tracker
from mlops.tracking import Tracking
from scene3d.engine.public import EngineError, StorageFull, telling_full_disk
from scene3d.settings.env import BASE_DIR

logger = logging.getLogger(__name__)

_HEARTBEAT_S = 5.0

Say = Callable[[str], None]
"""Gets a line for whoever watches."""


def run_experiment(experiment_id: UUID, say: Say = logger.info) -> bool:
    """Bring it to an end, from wherever an earlier attempt stopped; False when somebody else works
    on it, or it is done.

    Raises: whatever was not foreseen, after the experiment is marked.
    """
    lease = lifecycle.claim(experiment_id)
    if lease is None:
        return False
    experiment = Experiment.objects.get(pk=experiment_id)
    tell_start(experiment)
    try:
        with telling_full_disk():
            _Run(experiment, lease, say).work()
    except InterruptedError:
        lifecycle.mark_cancelled(lease)
    except Exception as error:
        if not _mark(lease, error):
            raise
    finally:
        _tell_of_end(experiment)
    return True


def _mark(lease: Lease, error: Exception) -> bool:
    """Why the experiment did not come to its end; False when nobody has foreseen it."""
    match error:
        case StageFailed():
            lifecycle.fail(lease, **_told(error))
        case StageStopped() | StorageFull():
            lifecycle.mark_errored(lease, **_told(error))
        case StageBroke():
            lifecycle.mark_errored(
                lease,
                code="stage_broke",
                message="A stage ended in a way that nobody foresaw.",
                traceback=str(error),
            )
        case _:
            lifecycle.mark_errored(
                lease,
                code="internal_error",
                message="Something broke on our side.",
                traceback="".join(traceback.format_exception(error)),
            )
            return False
    return True


def _told(problem: EngineError) -> dict[str, str]:
    """A stage is another process: its problem's code comes as evidence."""
    return {
        "code": str(problem.evidence.get("code", problem.code)),
        "message": problem.message,
        "next_step": problem.next_step,
    }


def _tell_of_end(experiment: Experiment) -> None:
    """The tracker first, so that the e-mail names its page."""
    experiment.refresh_from_db()
    if not experiment.is_active:  # else it was taken from us, and somebody works on it
        tell_tracker()
        experiment.refresh_from_db()
        tell_end(experiment)


class _Run:
    """One attempt."""

    def __init__(self, experiment: Experiment, lease: Lease, say: Say) -> None:
        self._experiment, self._lease, self._say = experiment, lease, say
        self._folder = folder_of(experiment.pk)
        self._tracking = Tracking(experiment, self._folder)
        self._next_beat_s = 0.0

    def work(self) -> None:
        """Until it is concluded.

        Raises: StageFailed, StageStopped, StageBroke, InterruptedError.
        """
        spec = spec_from(self._experiment.spec)
        self._folder.prepare(spec.to_yaml(), BASE_DIR, shared_cache())
        for name in STAGES:
            self._run_stage(name)
            self._experiment.refresh_from_db()
            self._tracking.stage_ended(name)
        conclude(self._lease, found_in(self._folder))

    def _run_stage(self, name: str) -> None:
        lifecycle.begin_stage(self._lease, name)
        (self._folder.root / PROGRESS_NAME).unlink(missing_ok=True)
        started_s = monotonic()
        was_run = self._folder.run(name, lambda: self._is_wanted(name))
        seconds = monotonic() - started_s
        self._record_progress(name)
        state = StageState.DONE if was_run else StageState.UNCHANGED
        lifecycle.end_stage(self._lease, name, state, seconds=seconds)
        if name == "validate":
            report = json.loads((self._folder.output("validation") / VALIDATION_NAME).read_text())
            lifecycle.record_data_hash(self._lease, report["data_hash"])
        self._say(f"{name}: {state.label.lower()}, {seconds:.1f} s")

    def _is_wanted(self, name: str) -> bool:
        if monotonic() < self._next_beat_s:
            return True
        self._next_beat_s = monotonic() + _HEARTBEAT_S
        self._record_progress(name)
        return lifecycle.heartbeat(self._lease)

    def _record_progress(self, name: str) -> None:
        progress = _read_progress(self._folder.root / PROGRESS_NAME)
        if progress:
            lifecycle.record_progress(self._lease, name, **progress)


def _read_progress(path: Path) -> dict[str, Any]:
    """What the stage told last; empty before it has told anything."""
    if not path.is_file():
        return {}
    content: dict[str, Any] = json.loads(path.read_text())
    return content
