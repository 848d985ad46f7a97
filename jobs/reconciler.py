"""Puts right what a lost worker, a lost broker, a lost message or a killed process left behind.

Every accepted job comes to an end because of this and of the rows alone: the broker may be wiped
at any moment.
"""

import logging
import time
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models.functions import Now

from jobs import exports, orphans, retention, services, tallies
from jobs.duty import is_on_duty
from jobs.models import Job
from jobs.states import JobState
from scene3d.background.queue import undelivered

logger = logging.getLogger(__name__)

EVERY_S = 5.0
UNSEEN = timedelta(seconds=10)
"""A job that waits for this long should be in the queue."""
_SWEEP_EVERY_S = 3600.0
_DUTY = "reconciler"


class Reconciler:
    """Looks around again and again, when it is on duty."""

    def __init__(self) -> None:
        self._sweeps_at_s = time.monotonic()

    def __call__(self) -> None:
        """Never raises for a database that is away: there is a next time."""
        try:
            if is_on_duty(_DUTY):
                self._look()
        except DatabaseError:
            logger.warning("the database does not answer", exc_info=True)

    def _look(self) -> None:
        recover_jobs()
        exports.recover_exports()
        if time.monotonic() >= self._sweeps_at_s:
            self._sweeps_at_s = time.monotonic() + _SWEEP_EVERY_S
            orphans.sweep(settings.ORPHAN_GRACE)
            if settings.ENV.retention_days is not None:
                retention.delete_outdated(settings.ENV.retention_days)


def recover_jobs() -> None:
    """Each change is conditional, so any number may run at once."""
    lost = Job.objects.filter(state=JobState.RUNNING, heartbeat_at__lt=Now() - services.LEASE)
    for job in lost:
        services.recover_lost(job)
    _deliver_again()
    tallies.note_reconciled()


def _deliver_again() -> None:
    waiting = {
        str(job.pk): job
        for job in Job.objects.filter(state=JobState.QUEUED, queued_at__lt=Now() - UNSEEN)
    }
    for job_id in undelivered({key: job.delivery for key, job in waiting.items()}):
        logger.warning("job %s waits, but the queue has lost it: delivered again", job_id)
        with transaction.atomic():
            services.deliver(waiting[job_id])
