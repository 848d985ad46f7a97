"""A worker that stays warm: one process, one job at a time, networks loaded once."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import django_rq
from django.db import close_old_connections
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty

logger = logging.getLogger(__name__)

_WORKER_TTL_S = 30
"""A worker waits for a job for half of this at a time, and looks after lost ones in between."""
_HEARTBEAT_S = 10.0
_MAINTENANCE_S = 10

stop_requested = threading.Event()
"""Set by SIGTERM: whoever works should stop soon and leave the job for the next worker."""


class _NoDeathPenalty(BaseDeathPenalty):
    """The runner has its own time limit, which leaves the job with a reason."""

    def setup_death_penalty(self) -> None:
        """Nothing to arm."""

    def cancel_death_penalty(self) -> None:
        """Nothing to disarm."""


class WarmWorker(SimpleWorker):
    """RQ's forking worker cannot keep networks loaded: CUDA does not survive a fork."""

    death_penalty_class = _NoDeathPenalty

    def __init__(self, queue: Queue, maintain: Callable[[], None]) -> None:
        super().__init__(
            [queue],
            connection=queue.connection,
            serializer=JSONSerializer,
            worker_ttl=_WORKER_TTL_S,
            maintenance_interval=_MAINTENANCE_S,
        )
        self._maintain = maintain

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        """RQ beats for its forked children only; ours would be taken for dead."""
        close_old_connections()
        try:
            with self._heartbeat(job, execution):
                succeeded: bool = super().perform_job(job, queue, execution)
        finally:
            close_old_connections()
        return succeeded

    def run_maintenance_tasks(self) -> None:
        """RQ calls this between jobs."""
        super().run_maintenance_tasks()  # type: ignore[no-untyped-call]
        close_old_connections()
        self._maintain()

    def handle_warm_shutdown_request(self) -> None:
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]
        stop_requested.set()

    @contextmanager
    def _heartbeat(self, job: Job, execution: Execution) -> Iterator[None]:
        finished = threading.Event()

        def beat() -> None:
            while not finished.wait(_HEARTBEAT_S):
                try:
                    self.maintain_heartbeats(job, execution)
                except RedisError:
                    logger.warning("the broker missed a heartbeat", exc_info=True)

        thread = threading.Thread(target=beat, name="rq-heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            finished.set()
            thread.join()


def run_worker(name: str, *, maintain: Callable[[], None], burst: bool = False) -> None:
    """Work until SIGTERM, or with `burst` until the queue is empty.

    Args:
        name: of the one queue that this process works for.
        maintain: called at the start and about twice a minute between jobs.
    """
    queue = django_rq.get_queue(name)
    worker: Any = WarmWorker(queue, maintain)
    worker.work(burst=burst, logging_level=None)
