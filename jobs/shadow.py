"""Challengers on photos of jobs that are done: numbers are kept, for operators, and nothing else.

Imported by workers and commands only: the engine is heavy.
"""

import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.db import DatabaseError

from jobs.models import Job
from jobs.results import fetch_photos
from jobs.shadow_sample import Pairing, pairings
from jobs.shadow_scratch import ScratchBusy, scratch
from mlops.public import (
    Candidate,
    Measures,
    ShadowResult,
    challengers,
    is_challenger,
    is_experiment_waiting,
    record_shadow,
)
from scene3d.background.host import configured_host
from scene3d.background.workers import stop_requested
from scene3d.engine.errors import WeightsMissing
from scene3d.engine.host import Host
from scene3d.engine.pipeline import reconstruct
from scene3d.engine.preflight import look_over
from scene3d.engine.progress import Silent
from scene3d.engine.public import (
    EngineError,
    PhotoProblem,
    ReconstructionOptions,
    StorageFull,
    TimeLimitReached,
)
from scene3d.engine.storage import is_full
from scene3d.engine.types import PhotoSet
from scene3d.engine.workspace import Workspace

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 1.0


class NotInShadow(PhotoProblem):
    """A candidate that was named, but does not run in shadow."""

    code = "not_in_shadow"
    next_step = "Put it into shadow first: in the admin, or by `manage.py switch_shadow`."


class _EndOfRun(Exception):  # noqa: N818  # a request, not an error
    """Somebody else comes first: what is not recorded yet waits for another time."""


class _Unwanted(Exception):  # noqa: N818  # likewise
    """This comparison is of no use any more."""


@dataclass(frozen=True, kw_only=True)
class ShadowOrder:
    """What is wanted.

    Attributes:
        sample: jobs per challenger, at most.
        candidate: the only one; all that run in shadow without it.
    """

    sample: int
    seed: int = 0
    candidate: int | None = None


def run_scheduled_shadow() -> None:
    """As the settings say, until the worker is told to stop."""
    order = ShadowOrder(sample=settings.ENV.shadow_sample)
    run_shadow(order, is_over=stop_requested.is_set, tell=logger.info)


def run_shadow(
    order: ShadowOrder, *, is_over: Callable[[], bool], tell: Callable[[str], object]
) -> None:
    """Try the challengers, job by job, until people's own jobs or experiments need the machine.

    Each comparison is kept when it is there, so a run that is killed or repeated records nothing
    twice.

    Raises: NotInShadow.
    """
    chosen = _chosen(order.candidate)
    if not chosen:
        tell("No candidate runs in shadow.")
    try:
        with scratch() as folder:
            host = configured_host()
            for challenger in chosen:
                _try(challenger, order, _Runner(folder, host, is_over), tell)
    except ScratchBusy:
        tell("Another shadow run is at work on this machine.")
    except _EndOfRun as end:
        tell(f"Stopped: {end}")


def _chosen(candidate: int | None) -> list[Candidate]:
    found = [row for row in challengers() if candidate in (None, row.pk)]
    if candidate is not None and not found:
        raise NotInShadow(f"There is no candidate {candidate} that runs in shadow.")
    return found


def _try(
    challenger: Candidate, order: ShadowOrder, runner: "_Runner", tell: Callable[[str], object]
) -> None:
    chosen = pairings(challenger, size=order.sample, seed=order.seed)
    tell(f"{challenger}: {len(chosen)} job{'' if len(chosen) == 1 else 's'} to try")
    for pairing in chosen:
        if is_experiment_waiting():
            raise _EndOfRun("an experiment waits.")
        try:
            result = runner.run(challenger, pairing)
        except _Unwanted as reason:
            tell(f"  job {pairing.job.pk}: left out, {reason}")
            continue
        is_new = record_shadow(challenger, result)
        words = result.error_code or "compared"
        tell(f"  job {pairing.job.pk}: {words if is_new else 'somebody else was faster'}")


@dataclass(frozen=True)
class _Runner:
    """Runs the engine as a job's runner does, and publishes nothing."""

    folder: Path
    host: Host
    is_over: Callable[[], bool]

    def run(self, challenger: Candidate, pairing: Pairing) -> ShadowResult:
        """Raises: _EndOfRun, _Unwanted."""
        job, folder = pairing.job, self.folder / str(pairing.job.pk)
        watch = _Watch(challenger.pk, pairing, Workspace(folder / "work"), self)
        try:
            measures, error_code = self._outcome(pairing, folder, watch)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        watch.require_wanted()
        return ShadowResult(
            job=job.pk,
            num_photos=job.num_photos,
            challenger=measures,
            served=Measures.of_report(cast("dict[str, Any]", job.report)),  # it is done
            challenger_fingerprint=pairing.options.fingerprint(),
            served_fingerprint=job.options_fingerprint,
            error_code=error_code,
        )

    def _outcome(
        self, pairing: Pairing, folder: Path, watch: "_Watch"
    ) -> tuple[Measures | None, str]:
        """What the challenger has reached, and why it failed. That is a finding, not an alarm."""
        watch.look()
        try:
            sources = fetch_photos(pairing.job, folder / "photos")
        except FileNotFoundError as error:
            raise _Unwanted("its photos are gone.") from error
        try:
            report = reconstruct(sources, pairing.options, watch.workspace, watch, self.host)
        except (_EndOfRun, _Unwanted):
            raise
        except WeightsMissing as problem:
            raise _Unwanted(f"{problem.message} {problem.next_step}") from problem
        except Exception as error:
            if _is_disk_full(error):
                raise _EndOfRun("the disk is full.") from error
            if isinstance(error, EngineError):
                return None, error.code
            logger.warning("a challenger broke on job %s", pairing.job.pk, exc_info=True)
            return None, "internal_error"
        if report.partial_reason is not None:
            return None, report.partial_reason
        return Measures.of_report(report.model_dump(mode="json")), ""


def _is_disk_full(error: Exception) -> bool:
    return isinstance(error, StorageFull) or (isinstance(error, OSError) and is_full(error))


class _Watch(Silent):
    """The engine's Progress: tells nobody, and stops for whoever comes first."""

    def __init__(
        self, challenger: int, pairing: Pairing, workspace: Workspace, runner: _Runner
    ) -> None:
        self.workspace = workspace
        self._challenger = challenger
        self._job = pairing.job.pk
        self._options: ReconstructionOptions = pairing.options
        self._runner = runner
        self._started_s = self._looked_s = time.monotonic()

    def checked(self, photos: PhotoSet) -> None:
        """Jobs have this first look, too, and it is part of their time."""
        look_over(photos, self._options, self.workspace, self, self._runner.host)

    def check(self) -> None:
        """Raises: _EndOfRun, _Unwanted, TimeLimitReached."""
        if self._runner.is_over():
            raise _EndOfRun("asked to.")
        now_s, limit_min = time.monotonic(), settings.ENV.job_time_limit_min
        if now_s - self._started_s > 60 * limit_min:
            raise TimeLimitReached(f"It took longer than {limit_min} minutes.")
        if now_s - self._looked_s >= _LOOK_EVERY_S:
            self._looked_s = now_s
            try:
                self.look()
            except DatabaseError:
                logger.warning("the database missed a look", exc_info=True)

    def look(self) -> None:
        """Raises: _EndOfRun, _Unwanted."""
        if Job.objects.active().exists():
            raise _EndOfRun("people's own jobs come first.")
        self.require_wanted()

    def require_wanted(self) -> None:
        """Raises: _Unwanted."""
        if not is_challenger(self._challenger):
            raise _Unwanted("its candidate does not run in shadow any more.")
        if not Job.objects.filter(pk=self._job).exists():
            raise _Unwanted("it was deleted.")
