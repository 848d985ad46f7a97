"""Questions that are asked of jobs."""

from typing import TYPE_CHECKING, Self

from django.apps import apps
from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from jobs.files import PREVIEW
from jobs.states import ACTIVE

if TYPE_CHECKING:
    from jobs.models import Job  # noqa: F401  # the base class names it


class JobQuerySet(QuerySet["Job"]):
    def active(self) -> Self:
        return self.filter(state__in=ACTIVE)

    def with_cover(self) -> Self:
        """For lists, with `has_preview`: whether there is a picture of the result, and `cover`: the
        first few photos that have a thumbnail."""
        previews = apps.get_model("jobs", "Artifact").objects.filter(
            job=OuterRef("pk"), name=PREVIEW
        )
        photos = apps.get_model("jobs", "Photo").objects
        cover = photos.filter(thumbnail_path__isnull=False, index__lt=4)
        return self.annotate(has_preview=Exists(previews)).prefetch_related(
            Prefetch("photos", queryset=cover, to_attr="cover")
        )
