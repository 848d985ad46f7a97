"""What each person's jobs take in the storage, by their rows."""

from django.db.models import BigIntegerField, Count, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from jobs.models import Artifact, Export, Job, Keeper, Photo


def with_storage(keepers: QuerySet[Keeper]) -> QuerySet[Keeper]:
    """With `num_jobs`, `photo_bytes` and `result_bytes`, which counts exports too; the largest
    first."""
    jobs = Job.objects.filter(owner=OuterRef("pk")).order_by().values("owner")
    return keepers.annotate(
        num_jobs=Coalesce(Subquery(jobs.annotate(n=Count("pk")).values("n")), 0),
        photo_bytes=_bytes(Photo),
        result_bytes=_bytes(Artifact) + _bytes(Export),
    ).order_by("-photo_bytes", "username")


def _bytes(model: type[Photo | Artifact | Export]) -> Coalesce:
    rows = model.objects.filter(job__owner=OuterRef("pk")).order_by()
    total = rows.values("job__owner").annotate(total=Sum("num_bytes")).values("total")
    return Coalesce(Subquery(total, output_field=BigIntegerField()), Value(0))
