"""What starts by the clock: RQ's cron, safe for several schedulers and with a broker away."""

import logging
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import django_rq
from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError
from rq.cron import CronJob, CronScheduler
from rq.exceptions import DuplicateJobError
from rq.job import Job

logger = logging.getLogger(__name__)

_MEMORY_S = 86_400
"""How long the broker remembers that a moment has had its start: far more than clocks differ."""
_AWAY_PAUSE_S = 5.0
_STUMBLE_PAUSE_S = 60.0


def is_anything_scheduled() -> bool:
    return any(entry["cron"] for entry in settings.SCHEDULE)


def run_schedule(is_over: threading.Event) -> None:
    """Start what settings.SCHEDULE names, when it is due, until `is_over`.

    Several may run at once: a moment starts a thing once. A moment at which none runs is missed.
    """
    scheduler = Scheduler()
    for job in scheduler.get_jobs():
        logger.info("%s: %s (UTC), next at %s", job.name, job.cron, job.next_enqueue_time)
    while not is_over.wait(scheduler.step()):
        pass
    with suppress(RedisError):
        scheduler.register_death()


class Scheduler(CronScheduler):
    """RQ's, without its signal handlers: it also runs as a thread."""

    def __init__(self) -> None:
        super().__init__(django_rq.get_connection(settings.EXPERIMENT_QUEUE))
        self._cron_jobs = [_Entry(entry) for entry in settings.SCHEDULE if entry["cron"]]
        self._is_away = False

    def step(self) -> float:
        """Start what is due; how many seconds to wait before the next step.

        With the broker away a moment stays due.
        """
        try:
            self.enqueue_jobs()
            self.heartbeat()
        except RedisError as error:
            if not self._is_away:
                logger.warning("the schedule waits: the broker is away: %s", error)
            self._is_away = True
            return _AWAY_PAUSE_S
        except Exception:
            logger.exception("the schedule stumbled; it looks again in a minute")
            return _STUMBLE_PAUSE_S
        self._is_away = False
        return self.calculate_sleep_interval()


class _Entry(CronJob):
    """One line of settings.SCHEDULE."""

    def __init__(self, entry: Mapping[str, Any]) -> None:
        super().__init__(
            entry["queue"],
            func_name=entry["task"],
            cron=entry["cron"],
            name=entry["name"],
            ttl=entry["patience_s"],
            result_ttl=_MEMORY_S,
            failure_ttl=_MEMORY_S,
        )

    def enqueue(self, connection: Redis) -> Job:
        """Once per moment: the moment is the delivery's id. RQ's own would be a pickle, too."""
        queue = django_rq.get_queue(self.queue_name)
        delivery = f"{self.name}_{self.next_enqueue_time:%Y%m%dT%H%M}"
        try:
            job: Job = queue.enqueue(
                self.func_name, job_id=delivery, unique=True, **self.job_options
            )
        except DuplicateJobError:
            logger.info("%s: another scheduler was faster", delivery)
            return Job(delivery, connection, serializer=queue.serializer)
        logger.info("%s is due: a worker will take it", delivery)
        return job
