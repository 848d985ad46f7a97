"""What waits for a worker, in each queue: by the rows, which are the truth."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Min
from django.utils import timezone

from jobs.models import Job
from jobs.states import JobState
from mlops.public import waiting_experiments


@dataclass(frozen=True, kw_only=True)
class QueueState:
    """One queue.

    Attributes:
        oldest_s: how long the longest-waiting has waited; 0 when none does.
    """

    name: str
    depth: int
    oldest_s: float


def queues() -> list[QueueState]:
    """Jobs, then experiments."""
    jobs = Job.objects.filter(state=JobState.QUEUED).aggregate(
        n=Count("id"), oldest=Min("queued_at")
    )
    num_experiments, oldest_experiment = waiting_experiments()
    return [
        _state(settings.RECONSTRUCTION_QUEUE, jobs["n"], jobs["oldest"]),
        _state(settings.EXPERIMENT_QUEUE, num_experiments, oldest_experiment),
    ]


def _state(name: str, depth: int, oldest: datetime | None) -> QueueState:
    waited_s = (timezone.now() - oldest).total_seconds() if oldest else 0.0
    return QueueState(name=name, depth=depth, oldest_s=max(waited_s, 0.0))
