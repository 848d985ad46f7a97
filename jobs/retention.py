"""How long jobs are kept after they are over: for ever, unless the operator says otherwise."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from jobs import services
from jobs.errors import StateForbids
from jobs.models import Job
from jobs.states import TERMINAL

logger = logging.getLogger(__name__)


def outdated(days: int) -> QuerySet[Job]:
    """Jobs that have been over for longer than this, the oldest first."""
    over = Job.objects.filter(state__in=TERMINAL, finished_at__isnull=False)
    return over.filter(finished_at__lt=timezone.now() - timedelta(days=days)).order_by(
        "finished_at"
    )


def delete_outdated(days: int) -> int:
    """With their photos and results; how many were deleted."""
    num_deleted = 0
    for job in outdated(days):
        try:
            services.delete(job)
        except (StateForbids, Job.DoesNotExist):  # somebody tried it again, or was faster
            continue
        num_deleted += 1
        logger.info("job %s is deleted: it was over for more than %d days", job.pk, days)
    return num_deleted


def kept_until(job: Job) -> datetime | None:
    """When this job goes by itself; None where it stays, or is not over."""
    days = settings.ENV.retention_days
    if days is None or job.finished_at is None or not job.is_terminal:
        return None
    return job.finished_at + timedelta(days=days)
