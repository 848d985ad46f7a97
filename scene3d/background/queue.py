"""The only door to RQ: the queue is a hint, the job row is the truth."""

import logging
from collections.abc import Mapping

import django_rq
from django.conf import settings
from django.db import transaction
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.job import JobStatus

from scene3d.engine.failpoints import failpoint

logger = logging.getLogger(__name__)

_OVER = frozenset({JobStatus.FINISHED, JobStatus.FAILED, JobStatus.STOPPED, JobStatus.CANCELED})


def enqueue_on_commit(task: str, job_id: str, *, delivery: int, queue: str | None = None) -> None:
    """Have a worker call `task(job_id)` once the current transaction is committed.

    A broker that is away only delays: the row says "queued", and the reconciler delivers it
    again. Deliveries are numbered because RQ refuses a second job of one name while it
    remembers the first.

    Args:
        queue: whose workers; the reconstruction queue's without a name.
    """
    transaction.on_commit(lambda: _enqueue(task, job_id, delivery, queue), robust=True)


def ping() -> None:
    """Raises: RedisError, when the broker does not answer."""
    _queue().connection.ping()


def count_workers() -> int:
    return Worker.count(queue=_queue())


def _queue(name: str | None = None) -> Queue:
    return django_rq.get_queue(name or settings.RECONSTRUCTION_QUEUE)


def _delivery_id(job_id: str, delivery: int) -> str:
    return f"{job_id}_{delivery}"


def _enqueue(task: str, job_id: str, delivery: int, queue: str | None) -> None:
    failpoint("committed")
    try:
        _queue(queue).enqueue(
            task, job_id, job_id=_delivery_id(job_id, delivery), result_ttl=0, failure_ttl=86_400
        )
    except RedisError as error:
        logger.warning("%s waits in the database: the broker is away: %s", job_id, error)


def undelivered(wanted: Mapping[str, int], *, queue: str | None = None) -> list[str]:
    """Which of these ids, each with the number of its delivery, no worker will find in the queue.

    One that a worker has just taken, and not yet claimed, is among them: a delivery too many does
    no harm, one that died with its worker does. None while the broker cannot be asked.
    """
    try:
        listed = set(_queue(queue).get_job_ids())
    except RedisError:
        logger.warning("the broker does not answer", exc_info=True)
        return []
    return [key for key, delivery in wanted.items() if _delivery_id(key, delivery) not in listed]


def is_delivered(job_id: str, *, delivery: int, queue: str | None = None) -> bool:
    """Whether a worker has or will get this delivery; true when the broker cannot be asked.

    RQ remembers a delivery that failed, such as one whose worker died before it took the job.
    """
    try:
        entry = _queue(queue).fetch_job(_delivery_id(job_id, delivery))
        return entry is not None and entry.get_status(refresh=False) not in _OVER
    except RedisError:
        logger.warning("the broker does not answer", exc_info=True)
        return True
