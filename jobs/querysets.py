"""Questions that are asked of jobs."""

from typing import TYPE_CHECKING, Self

from django.apps import apps
from django.db.models import Prefetch, QuerySet

from jobs.states import ACTIVE, JobState

if TYPE_CHECKING:
    from jobs.models import Job


class JobQuerySet(QuerySet["Job"]):
    def active(self) -> Self:
        return self.filter(state__in=ACTIVE)

    def ahead_of(self, job: "Job") -> Self:
        """Waiting jobs that a worker takes before `job`."""
        return self.filter(state=JobState.QUEUED, queued_at__lt=job.queued_at).exclude(pk=job.pk)

    def with_cover(self) -> Self:
        """With `cover`: the first few photos that have a thumbnail, for lists."""
        photos = apps.get_model("jobs", "Photo").objects
        cover = photos.filter(thumbnail_path__isnull=False, index__lt=4)
        return self.prefetch_related(Prefetch("photos", queryset=cover, to_attr="cover"))
