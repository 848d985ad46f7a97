"""Files made of a published result for who asks: every change of their status.

An export is fenced by its delivery: whoever works on an earlier one publishes nothing.
"""

import logging
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from jobs.errors import StateForbids
from jobs.files import StoredFile, delete_tree, exports_prefix, fetch, store
from jobs.models import Artifact, Export, Job
from jobs.states import ExportStatus
from scene3d.background.queue import enqueue_on_commit, is_delivered
from scene3d.engine.public import scale_file

logger = logging.getLogger(__name__)

TASK = "jobs.tasks.run_export"
LONGEST = timedelta(hours=1)
"""An export that is under way for longer has lost its worker."""
_UNSEEN = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True)
class ExportLease:
    """The right to work on an export, as long as the row agrees."""

    export_id: UUID
    delivery: int


def request_export(job: Job, name: str) -> Export:
    """Have a worker make the file, unless it is there or on its way.

    Raises: StateForbids.
    """
    with transaction.atomic():
        with_result = Job.objects.select_for_update().filter(report__isnull=False)
        if not with_result.filter(pk=job.pk).exists():
            raise StateForbids("export", job)
        export, is_new = Export.objects.get_or_create(job=job, name=name)
        failed = Export.objects.filter(pk=export.pk, status=ExportStatus.FAILED)
        if is_new or failed.update(status=ExportStatus.WAITING, error_message=None):
            _deliver(export)
    export.refresh_from_db()
    return export


def claim(export_id: UUID) -> ExportLease | None:
    """WAITING to PREPARING, at most once; None when nothing waits."""
    waiting = Export.objects.filter(pk=export_id, status=ExportStatus.WAITING)
    if not waiting.update(status=ExportStatus.PREPARING, requested_at=timezone.now()):
        return None
    delivery = Export.objects.values_list("delivery", flat=True).get(pk=export_id)
    return ExportLease(export_id=export_id, delivery=delivery)


def finish(lease: ExportLease, stored: StoredFile) -> bool:
    """PREPARING to READY; False when nobody wants the file any more."""
    return _end(
        lease,
        ExportStatus.READY,
        path=stored.path,
        num_bytes=stored.num_bytes,
        sha256=stored.sha256,
    )


def fail(lease: ExportLease, message: str) -> None:
    """PREPARING to FAILED, with a sentence for who asked."""
    _end(lease, ExportStatus.FAILED, error_message=message)


def release(lease: ExportLease) -> None:
    """PREPARING to WAITING: the worker must go."""
    with transaction.atomic():
        if _end(lease, ExportStatus.WAITING):
            _deliver(Export.objects.get(pk=lease.export_id))


def recover_exports() -> None:
    """Put right what a lost worker or a lost message left behind; run by every worker."""
    now = timezone.now()
    Export.objects.filter(
        status=ExportStatus.PREPARING, requested_at__lt=now - LONGEST
    ).update(
        status=ExportStatus.FAILED,
        delivery=F("delivery") + 1,
        error_message="The worker was lost while it prepared this file. Try again.",
    )  # fmt: skip
    for export in Export.objects.filter(
        status=ExportStatus.WAITING, requested_at__lt=now - _UNSEEN
    ):
        if not is_delivered(str(export.pk), delivery=export.delivery):
            logger.warning("export %s waits, but the queue has lost it", export.pk)
            with transaction.atomic():
                _deliver(export)


def in_metres(job: Job, artifact: Artifact) -> Export | Artifact:
    """The artifact, one of SCALABLE, in the job's scale: made once, then kept beside the others;
    itself while the job has no scale."""
    while job.metres_per_unit is not None:
        made = job.exports.filter(name=artifact.name).first()
        if made or (made := _make_in_metres(job, artifact, job.metres_per_unit)):
            return made
        job.refresh_from_db()
    return artifact


def _make_in_metres(job: Job, artifact: Artifact, metres_per_unit: float) -> Export | None:
    """None when somebody else was faster, or the scale is another one meanwhile."""
    export = Export(job=job, name=artifact.name, status=ExportStatus.READY)
    prefix = f"{exports_prefix(job.pk)}/{export.pk}"
    with tempfile.TemporaryDirectory(prefix="scene3d-") as folder:
        source, target = Path(folder) / artifact.name, Path(folder) / "scaled"
        fetch(artifact.path, source)
        scale_file(source, target, metres_per_unit)
        stored = store(target, f"{prefix}/{artifact.name}")
    export.path, export.num_bytes, export.sha256 = stored.path, stored.num_bytes, stored.sha256
    try:
        with transaction.atomic():
            same = Job.objects.select_for_update().filter(metres_per_unit=metres_per_unit)
            if same.filter(pk=job.pk).exists():
                export.save(force_insert=True)
                return export
    except IntegrityError:
        logger.info("job %s: %s was put in metres twice at once", job.pk, artifact.name)
    delete_tree(prefix)
    return None


def _deliver(export: Export) -> None:
    Export.objects.filter(pk=export.pk).update(
        delivery=F("delivery") + 1, requested_at=timezone.now()
    )
    export.refresh_from_db()
    enqueue_on_commit(TASK, str(export.pk), delivery=export.delivery)


def _leased(lease: ExportLease) -> QuerySet[Export]:
    return Export.objects.filter(
        pk=lease.export_id, status=ExportStatus.PREPARING, delivery=lease.delivery
    )


def _end(lease: ExportLease, status: ExportStatus, **values: Any) -> bool:
    return bool(_leased(lease).update(status=status, **values))
