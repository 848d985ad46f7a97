"""The only door to RQ: the queue is a hint, the job row is the truth."""

import logging

import django_rq
from django.conf import settings
from django.db import transaction
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.job import Job

logger = logging.getLogger(__name__)


def enqueue_on_commit(task: str, job_id: str, *, delivery: int) -> None:
    """Have a worker call `task(job_id)` once the current transaction is committed.

    A broker that is away only delays: the row says "queued", and `recover_jobs` delivers it
    again. Deliveries are numbered because RQ refuses a second job of one name while it
    remembers the first.
    """
    transaction.on_commit(lambda: _enqueue(task, job_id, delivery), robust=True)


def ping() -> None:
    """Raises: RedisError, when the broker does not answer."""
    _queue().connection.ping()


def count_workers() -> int:
    return Worker.count(queue=_queue())


def _queue() -> Queue:
    return django_rq.get_queue(settings.RECONSTRUCTION_QUEUE)


def _delivery_id(job_id: str, delivery: int) -> str:
    return f"{job_id}_{delivery}"


def _enqueue(task: str, job_id: str, delivery: int) -> None:
    try:
        _queue().enqueue(
            task, job_id, job_id=_delivery_id(job_id, delivery), result_ttl=0, failure_ttl=86_400
        )
    except RedisError:
        logger.exception("job %s waits in the database: the broker is away", job_id)


def is_delivered(job_id: str, *, delivery: int) -> bool:
    """Whether the broker still has this delivery; true when it cannot be asked."""
    try:
        return Job.exists(_delivery_id(job_id, delivery), connection=_queue().connection)
    except RedisError:
        logger.warning("the broker does not answer", exc_info=True)
        return True
