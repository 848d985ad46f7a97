"""Carries an attempt's progress into the database, and requests to stop out of it."""

import logging
import os
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from drift.public import upload_facts
from drift.scoring import refuse_if_told, score_photos
from jobs import services
from jobs.artifacts import store_live
from jobs.files import job_prefix, storage, store
from jobs.services import Lease
from jobs.states import PhotoStatus
from jobs.worker_host import this_host
from scene3d.background.workers import stop_requested
from scene3d.engine.export.preview import write_preview
from scene3d.engine.model import Model
from scene3d.engine.preflight import look_over
from scene3d.engine.public import (
    Cancelled,
    ReconstructionOptions,
    Stage,
    TimeLimitReached,
)
from scene3d.engine.reporting import REJECTED_ACTION
from scene3d.engine.types import Photo, PhotoSet
from scene3d.engine.workspace import Workspace

logger = logging.getLogger(__name__)

_HEARTBEAT_S = 1.0
_WRITE_EVERY_S = 0.5
_SAVING_S = 600.0
"""Nobody may stop a run while it saves what it has; after this it is not saving but stuck."""
_NO_REASON: Mapping[str, Any] = {
    "reason": None, "explanation": None, "action": None, "evidence": {},
}  # fmt: skip


class WorkerStopping(Exception):  # noqa: N818  # a request, not an error
    """The worker was told to end; the job goes back into the queue."""


class LeaseLost(Exception):  # noqa: N818  # nobody's fault here
    """Another worker has the job now, or soon will: whatever comes of this attempt is void."""


class Recorder:
    """The engine's Progress for one attempt; a context whose thread keeps the lease alive."""

    def __init__(self, lease: Lease, workspace: Workspace, options: ReconstructionOptions) -> None:
        self._lease = lease
        self._options = options
        self._workspace = workspace
        self._is_unwanted = threading.Event()
        self._is_lost = threading.Event()
        self._is_over = threading.Event()
        self._started_s = time.monotonic()
        self._names: dict[int, str] = {}
        self._num_previews = 0
        self._written_s = 0.0
        self._thread = threading.Thread(target=self._beat, name="job-heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def begin(self, stage: Stage, total: int) -> None:
        services.begin_stage(self._lease, stage, total)
        self._written_s = 0.0

    def update(self, done: int, **counts: int) -> None:
        """Written twice a second at most; a stage's end shows as the next one's beginning."""
        now_s = time.monotonic()
        if now_s - self._written_s >= _WRITE_EVERY_S:
            self._written_s = now_s
            services.record_progress(self._lease, done=done, counts=counts)

    def checked(self, photos: PhotoSet) -> None:
        """Thumbnails appear on the job's page while the rest is still going on.

        Raises: DriftBlocked.
        """
        self._names = {photo.index: photo.name for photo in photos.accepted}
        accepted = [
            {
                "index": photo.index,
                "status": PhotoStatus.ACCEPTED,
                **_NO_REASON,  # an earlier attempt's
                "width_px": photo.width_px,
                "height_px": photo.height_px,
                "thumbnail_path": self._store_picture("thumbnails", photo.index),
                "preview_path": self._store_picture("previews", photo.index),
            }
            for photo in photos.accepted
        ]
        rejected: list[Mapping[str, Any]] = [
            {
                "index": photo.index,
                "status": PhotoStatus.REJECTED,
                "reason": photo.code,
                "explanation": photo.message,
                "action": REJECTED_ACTION,
            }
            for photo in photos.rejected
        ]
        # Before the first look, which takes seconds: the page shows the photos meanwhile.
        services.record_checked_photos(self._lease, [*accepted, *rejected])
        self._compare(photos.accepted)
        preflight = look_over(photos, self._options, self._workspace, self, this_host())
        services.record_preflight(self._lease, preflight.model_dump(mode="json"))

    def _compare(self, photos: Sequence[Photo]) -> None:
        """With what photos usually look like; work never fails over that alone.

        Raises: DriftBlocked, where this server refuses what is too unlike.
        """
        try:
            verdict = score_photos(self._lease.job_id, photos)
        except Exception:  # a comparison is not worth a job
            logger.exception("job %s: its photos were not compared", self._lease.job_id)
            return
        services.record_drift(self._lease, upload_facts(verdict))
        refuse_if_told(verdict)

    def grown(self, models: Sequence[Model]) -> None:
        """The largest model appears on the job's page; work never fails over a picture of it."""
        largest = models[0]
        self._num_previews += 1
        try:
            write_preview(largest, self._names, self._workspace.live_path)
            stored = store_live(self._lease, self._workspace.live_path, self._num_previews)
        except Exception:  # a bucket that is away has errors of its own kind
            logger.warning("job %s: a live view was lost", self._lease.job_id, exc_info=True)
            return
        services.record_growth(
            self._lease,
            stored,
            num_registered=largest.num_registered,
            num_points=largest.num_points,
        )

    def check(self) -> None:
        """Raises: LeaseLost, Cancelled, WorkerStopping, TimeLimitReached."""
        if self._is_lost.is_set():
            raise LeaseLost
        if self._is_unwanted.is_set():
            raise Cancelled
        if stop_requested.is_set():
            raise WorkerStopping
        limit_min = settings.ENV.job_time_limit_min
        if time.monotonic() - self._started_s > 60 * limit_min:
            raise TimeLimitReached(f"The job took longer than {limit_min} minutes.")

    def _store_picture(self, kind: str, index: int) -> str:
        """Equal in every attempt, so the first one's is kept."""
        source = {"thumbnails": self._workspace.thumbnail, "previews": self._workspace.preview}
        path = f"{job_prefix(self._lease.job_id)}/{kind}/{index:06d}.jpg"
        if not storage().exists(path):
            store(source[kind](index), path)
        return path

    def _beat(self) -> None:
        beaten_s = time.monotonic()
        try:
            while not self._is_over.wait(_HEARTBEAT_S):
                if self._has_beaten():
                    beaten_s = time.monotonic()
                elif time.monotonic() - beaten_s > services.LEASE.total_seconds():
                    self._is_lost.set()
                self._leave_if_stuck(time.monotonic() - beaten_s)
        finally:
            connection.close()

    def _has_beaten(self) -> bool:
        """False while the lease is lost, or while the database cannot be asked."""
        try:
            if services.heartbeat(self._lease):
                return True
            if services.is_leased(self._lease):
                self._is_unwanted.set()  # and beat on: what there is may be saved
                return True
            self._is_lost.set()
        except DatabaseError:
            logger.warning("the database missed a heartbeat", exc_info=True)
            close_old_connections()
        return False

    def _leave_if_stuck(self, silent_s: float) -> None:
        """Code that never comes back to `check` cannot be asked to stop; the process can."""
        over_s = time.monotonic() - self._started_s - 60 * settings.ENV.job_time_limit_min
        if over_s > _SAVING_S:
            message = "The job did not stop at its time limit."
            services.mark_errored(self._lease, code="time_limit", message=message, traceback="")
        elif not self._is_lost.is_set() or silent_s < 2 * services.LEASE.total_seconds():
            return
        logger.error("job %s does not stop: this worker ends", self._lease.job_id)
        os.kill(os.getpid(), signal.SIGKILL)
