"""Whose job a worker takes next: people take turns, however much any of them has queued."""

from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import Max, QuerySet

from jobs.models import Job
from jobs.states import JobState

_NEVER = datetime(2000, 1, 1, tzinfo=UTC)


def waiting_in_turn() -> list[UUID]:
    """Every waiting job, in the order in which one worker would take them.

    A person's first job comes before anybody's second, one that runs counts as taken, and among
    equals goes first who was served longest ago.
    """
    waiting = Job.objects.filter(state=JobState.QUEUED, cancel_requested_at=None)
    rows = list(waiting.order_by("queued_at", "pk").values_list("pk", "owner_id"))
    owners = {owner for _, owner in rows}
    started = Job.objects.filter(owner__in=owners, started_at__isnull=False).order_by()
    served = dict(started.values_list("owner").annotate(Max("started_at")))
    running = Job.objects.filter(owner__in=owners, state=JobState.RUNNING)
    taken = Counter(running.values_list("owner_id", flat=True))
    keyed = []
    for position, (job_id, owner) in enumerate(rows):
        keyed.append((taken[owner], served.get(owner, _NEVER), position, job_id))
        taken[owner] += 1
    return [job_id for *_, job_id in sorted(keyed)]


def ahead_of(job: Job) -> QuerySet[Job]:
    """Waiting jobs that a worker takes before this one."""
    order = waiting_in_turn()
    return Job.objects.filter(pk__in=order[: order.index(job.pk)] if job.pk in order else [])
