"""Thumbs: whether the owner of a result likes it. They count as an outcome of the service."""

from statistics import fmean

from django.db import transaction
from django.utils import timezone

from accounts.public import User
from drift.public import record_satisfaction
from jobs.errors import StateForbids
from jobs.models import Feedback, Job


def give(job: Job, user: User, *, is_up: bool, reason: str) -> Feedback:
    """In place of what they said before.

    Raises: StateForbids.
    """
    if not job.has_result:
        raise StateForbids("judge", job)
    with transaction.atomic():
        feedback, _ = Feedback.objects.update_or_create(
            job=job,
            user=user,
            defaults={"is_up": is_up, "reason": reason.strip(), "given_at": timezone.now()},
        )
        _count(job)
    return feedback


def take_back(job: Job, user: User) -> None:
    with transaction.atomic():
        Feedback.objects.filter(job=job, user=user).delete()
        _count(job)


def _count(job: Job) -> None:
    thumbs = [float(is_up) for is_up in job.feedback.values_list("is_up", flat=True)]
    record_satisfaction(job.pk, fmean(thumbs) if thumbs else None)
