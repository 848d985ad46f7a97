"""Every change of a job's state: one conditional UPDATE each, so that one of many callers wins.

A running attempt is fenced by its number. Whoever works on attempt 2 can change nothing any more
once the row says attempt 3, so a worker that was thought dead and comes back publishes nothing.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from drift.public import record_outcome
from jobs import rows, tallies
from jobs.errors import StateForbids
from jobs.files import (
    LIVE,
    StoredFile,
    delete_tree,
    job_prefix,
)
from jobs.models import Artifact, Job, JobEvent, Photo, StageRun
from jobs.states import RETRYABLE, TERMINAL, JobState
from jobs.turns import waiting_in_turn
from scene3d.background.queue import enqueue_on_commit
from scene3d.engine.failpoints import failpoint

logger = logging.getLogger(__name__)

TASK = "jobs.tasks.run_reconstruction"
LEASE = timedelta(seconds=30)
"""A running job without a heartbeat for this long has lost its worker."""
MAX_LOST_ATTEMPTS = 3
"""A job that outlives this many workers probably kills them."""
_NO_STAGE: Mapping[str, Any] = {
    "stage": None, "stage_done": 0, "stage_total": 0, "stage_counts": {},
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to work on a job, as long as the row agrees."""

    job_id: UUID
    attempt: int


def tell(job_id: UUID, kind: str, data: Mapping[str, Any]) -> None:
    """Add an event to the job's stream."""
    JobEvent.objects.create(job_id=job_id, kind=kind, data=dict(data))


def deliver(job: Job) -> None:
    """Have a worker look at a waiting job, after commit."""
    Job.objects.filter(pk=job.pk).update(delivery=F("delivery") + 1)
    job.refresh_from_db(fields=["delivery"])
    enqueue_on_commit(TASK, str(job.pk), delivery=job.delivery)


def claim(job_id: UUID) -> Lease | None:
    """QUEUED to RUNNING, at most once; None when another worker won or nothing waits."""
    with transaction.atomic():
        won = Job.objects.filter(pk=job_id, state=JobState.QUEUED, cancel_requested_at=None).update(
            state=JobState.RUNNING,
            attempt=F("attempt") + 1,
            started_at=timezone.now(),
            heartbeat_at=Now(),
            **_NO_STAGE,
        )
        if not won:
            return None
        rows.forget_growth(job_id)
        attempt = Job.objects.values_list("attempt", flat=True).get(pk=job_id)
        tell(job_id, "state", {"state": JobState.RUNNING, "attempt": attempt})
    return Lease(job_id=job_id, attempt=attempt)


def claim_next(rung_for: UUID) -> Lease | None:
    """The job whose turn it is, which need not be the one that was delivered: a delivery only says
    that something waits. None when nothing does.

    Args:
        rung_for: is delivered again if another was taken in its place, so that what waits is always
            in the queue.
    """
    for job_id in waiting_in_turn():
        with transaction.atomic():
            lease = claim(job_id)
            if lease is None:
                continue
            passed_over = Job.objects.filter(pk=rung_for, state=JobState.QUEUED).first()
            if passed_over is not None:
                deliver(passed_over)
        return lease
    return None


def heartbeat(lease: Lease) -> bool:
    """Whether the lease still holds and nobody asked to stop.

    By the database's clock, as all that leases depend on: machines' clocks differ.
    """
    _leased(lease).update(heartbeat_at=Now())
    return _leased(lease).filter(cancel_requested_at=None).exists()


def is_leased(lease: Lease) -> bool:
    """Whether the attempt is still the job's own."""
    return _leased(lease).exists()


def begin_stage(lease: Lease, stage: str, total: int) -> None:
    with transaction.atomic():
        if _leased(lease).update(
            stage=stage,
            stage_started_at=timezone.now(),
            stage_done=0,
            stage_total=total,
            stage_counts={},
        ):
            tell(lease.job_id, "stage", {"stage": stage, "total": total})


def record_progress(lease: Lease, *, done: int, counts: Mapping[str, int]) -> None:
    with transaction.atomic():
        if _leased(lease).update(stage_done=done, stage_counts=dict(counts)):
            tell(lease.job_id, "progress", {"done": done, "counts": dict(counts)})


def record_growth(
    lease: Lease, stored: StoredFile, *, num_registered: int, num_points: int
) -> None:
    """There is a newer preview of the model so far."""
    with transaction.atomic():
        if _leased(lease).update(heartbeat_at=Now()):
            rows.write_artifact(lease.job_id, LIVE, stored, "application/octet-stream")
            data = {"num_registered": num_registered, "num_points": num_points}
            tell(lease.job_id, "model", data)


def finish(
    lease: Lease,
    report: Mapping[str, Any],
    artifacts: Mapping[str, tuple[StoredFile, str]],
) -> bool:
    """Publish a result: RUNNING to DONE, with its files and rows, or nothing at all.

    A partial result of a job that was cancelled leaves it CANCELLED.

    Args:
        artifacts: name to stored file and media type.
    Returns:
        False when the lease was lost; the files then belong to nobody.
    """
    with transaction.atomic():
        was_cancelled = report["partial_reason"] == "cancelled"
        state = JobState.CANCELLED if was_cancelled else JobState.DONE
        if not _end(lease, state, report=dict(report)):
            return False
        Artifact.objects.filter(job_id=lease.job_id).delete()
        for name, (stored, media_type) in artifacts.items():
            rows.write_artifact(lease.job_id, name, stored, media_type)
        rows.record_photo_rows(lease.job_id, report["photos"])
        StageRun.objects.filter(job_id=lease.job_id).delete()
        if not report["is_partial"]:  # whose times would make estimates too short
            tallies.count_stages(rows.record_stage_runs(lease.job_id, report))
    return True


def fail(
    lease: Lease, *, code: str, message: str, next_step: str, evidence: Mapping[str, Any]
) -> None:
    """RUNNING to FAILED: the photos are the reason, and their owner learns what to do.

    Args:
        evidence: its `photos` are rows of the photos that stood in the way.
    """
    with transaction.atomic():
        if _end(
            lease,
            JobState.FAILED,
            error_code=code,
            error_message=message,
            error_next_step=next_step,
            error_evidence=dict(evidence),
        ):
            rows.record_blocking_photos(lease.job_id, evidence.get("photos", []))


def mark_errored(lease: Lease, *, code: str, message: str, traceback: str) -> None:
    """RUNNING to ERRORED: our fault; the operator finds the traceback."""
    _end(
        lease,
        JobState.ERRORED,
        error_code=code,
        error_message=message,
        error_next_step="Try again. If it happens again, tell the operator of this server.",
        traceback=traceback,
    )


def mark_cancelled(lease: Lease) -> None:
    """RUNNING to CANCELLED, by the worker that stopped."""
    _end(lease, JobState.CANCELLED)


def release(lease: Lease) -> None:
    """RUNNING to QUEUED: the worker must go, the job is somebody else's now. One that is to be
    cancelled would never be claimed again, so it ends here."""
    with transaction.atomic():
        if (
            _leased(lease)
            .filter(cancel_requested_at=None)
            .update(state=JobState.QUEUED, heartbeat_at=None, **_NO_STAGE)
        ):
            rows.forget_growth(lease.job_id)
            tell(lease.job_id, "state", {"state": JobState.QUEUED})
            deliver(Job.objects.get(pk=lease.job_id))
        else:
            mark_cancelled(lease)


def request_cancel(job: Job) -> None:
    """A waiting job is cancelled at once, a running one by its worker within seconds.

    Raises: StateForbids.
    """
    now = timezone.now()
    with transaction.atomic():
        if Job.objects.filter(pk=job.pk, state=JobState.QUEUED).update(
            state=JobState.CANCELLED, cancel_requested_at=now, finished_at=now
        ):
            tell(job.pk, "state", {"state": JobState.CANCELLED})
        elif not Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(
            cancel_requested_at=now
        ):
            raise StateForbids("cancel", job)
    job.refresh_from_db()


def retry(job: Job) -> None:
    """FAILED, ERRORED, CANCELLED or DONE in part to QUEUED, with the same photos and options; a
    partial result is given up.

    Raises: StateForbids.
    """
    may_retry = Q(state__in=RETRYABLE) | Q(state=JobState.DONE, report__is_partial=True)
    with transaction.atomic():
        if not Job.objects.filter(may_retry, pk=job.pk).update(
            state=JobState.QUEUED,
            report=None,
            metres_per_unit=None,
            queued_at=timezone.now(),
            started_at=None,
            finished_at=None,
            heartbeat_at=None,
            cancel_requested_at=None,
            lost_attempts=0,
            error_code=None,
            error_message=None,
            error_next_step=None,
            error_evidence={},
            traceback=None,
            preflight=None,
            **_NO_STAGE,
        ):
            raise StateForbids("retry", job)
        rows.forget_result(job.pk)
        tell(job.pk, "state", {"state": JobState.QUEUED})
        job.refresh_from_db()
        deliver(job)


def set_scale(job: Job, metres_per_unit: float | None) -> None:
    """Say how many metres a unit of a model is; None takes it back.

    Files that were made in the old scale go.

    Raises: StateForbids.
    """
    with transaction.atomic():
        if not Job.objects.filter(pk=job.pk, report__isnull=False).update(
            metres_per_unit=metres_per_unit
        ):
            raise StateForbids("scale", job)
        rows.forget_exports(job.pk)
    job.refresh_from_db()


def delete(job: Job) -> None:
    """Remove a job that nobody works on, with its photos and result.

    Raises: StateForbids.
    """
    prefix = job_prefix(job.pk)
    with transaction.atomic():
        Job.objects.filter(pk=job.pk, state=JobState.QUEUED).update(state=JobState.CANCELLED)
        deleted, _ = Job.objects.filter(pk=job.pk, state__in=TERMINAL).delete()
        if not deleted:
            raise StateForbids("delete", job)
        transaction.on_commit(lambda: delete_tree(prefix))


def record_checked_photos(lease: Lease, photos: Sequence[Mapping[str, Any]]) -> None:
    """What checking found; each has an index and the fields to set."""
    with transaction.atomic():
        if not _leased(lease).exists():
            return
        for photo in photos:
            values = {field: value for field, value in photo.items() if field != "index"}
            Photo.objects.filter(job_id=lease.job_id, index=photo["index"]).update(**values)
        tell(lease.job_id, "photos", {"num_checked": len(photos)})


def record_preflight(lease: Lease, preflight: Mapping[str, Any]) -> None:
    with transaction.atomic():
        if _leased(lease).update(preflight=dict(preflight)):
            tell(lease.job_id, "preflight", dict(preflight))


def record_drift(lease: Lease, facts: Mapping[str, Any]) -> None:
    """Watchers learn how usual the photos are."""
    with transaction.atomic():
        if _leased(lease).exists():
            tell(lease.job_id, "drift", facts)


def recover_lost(job: Job) -> None:
    """A running job whose worker is gone: back into the queue, or to its end after the third."""
    lease = Lease(job_id=job.pk, attempt=job.attempt)
    if job.cancel_requested_at is not None:
        mark_cancelled(lease)
    elif job.lost_attempts + 1 >= MAX_LOST_ATTEMPTS:
        message = f"The worker was lost {MAX_LOST_ATTEMPTS} times while it worked on this job."
        mark_errored(lease, code="worker_lost", message=message, traceback="")
    else:
        with transaction.atomic():
            if _leased(lease).update(lost_attempts=F("lost_attempts") + 1):
                logger.warning("job %s lost its worker in attempt %d", job.pk, job.attempt)
                release(lease)
                failpoint("requeued")


def _leased(lease: Lease) -> QuerySet[Job]:
    return Job.objects.filter(pk=lease.job_id, state=JobState.RUNNING, attempt=lease.attempt)


def _end(lease: Lease, state: JobState, **values: Any) -> bool:
    with transaction.atomic():
        if not _leased(lease).update(
            state=state, finished_at=timezone.now(), stage=None, heartbeat_at=None, **values
        ):
            logger.warning("job %s: attempt %d lost its lease", lease.job_id, lease.attempt)
            return False
        JobEvent.objects.filter(job_id=lease.job_id, kind="progress").delete()
        rows.forget_growth(lease.job_id)
        tallies.count_end(lease.job_id, state, values.get("report"))
        tell(lease.job_id, "state", {"state": state, "error_code": values.get("error_code")})
        if state != JobState.CANCELLED:  # somebody's wish, not an outcome
            record_outcome(lease.job_id, values.get("report"))
    return True
