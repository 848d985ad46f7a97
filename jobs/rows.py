"""What hangs on a job's row: photos, stages, files. `services` decides when."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from jobs.files import (
    LIVE,
    StoredFile,
    delete_tree,
    exports_prefix,
    live_prefix,
    results_prefix,
)
from jobs.models import Artifact, Export, JobEvent, Photo, StageRun
from jobs.states import PhotoStatus

_PHOTO_FINDINGS = (
    "reason", "explanation", "action", "evidence", "width_px", "height_px", "focal_px",
    "num_keypoints", "num_verified_pairs", "model", "num_observations", "mean_error_px",
)  # fmt: skip


def forget_growth(job_id: UUID) -> None:
    """The model so far is nobody's business any more."""
    JobEvent.objects.filter(job_id=job_id, kind="model").delete()
    was_shown, _ = Artifact.objects.filter(job_id=job_id, name=LIVE).delete()
    if was_shown:
        transaction.on_commit(lambda: delete_tree(live_prefix(job_id)), robust=True)


def forget_result(job_id: UUID) -> None:
    """Files and rows of a result that another attempt is to replace, and what was made of it."""
    Artifact.objects.filter(job_id=job_id).delete()
    forget_exports(job_id)
    unknown: dict[str, Any] = {**dict.fromkeys(_PHOTO_FINDINGS), "evidence": {}}
    Photo.objects.filter(job_id=job_id).update(**unknown, status=PhotoStatus.UPLOADED)
    transaction.on_commit(lambda: delete_tree(results_prefix(job_id)), robust=True)


def forget_exports(job_id: UUID) -> None:
    Export.objects.filter(job_id=job_id).delete()
    transaction.on_commit(lambda: delete_tree(exports_prefix(job_id)), robust=True)


def write_artifact(job_id: UUID, name: str, stored: StoredFile, media_type: str) -> None:
    Artifact.objects.update_or_create(
        job_id=job_id,
        name=name,
        defaults={
            "path": stored.path,
            "num_bytes": stored.num_bytes,
            "sha256": stored.sha256,
            "media_type": media_type,
        },
    )


def record_photo_rows(job_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
    fields = ["status", *_PHOTO_FINDINGS]
    photos = {photo.index: photo for photo in Photo.objects.filter(job_id=job_id)}
    for row in rows:
        for field in fields:
            setattr(photos[row["index"]], field, row[field])
    Photo.objects.bulk_update(photos.values(), fields, batch_size=200)


def record_blocking_photos(job_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        Photo.objects.filter(job_id=job_id, index=row["index"]).update(
            status=PhotoStatus.NOT_REGISTERED,
            reason=row["reason"],
            explanation=row["explanation"],
            action=row["action"],
            evidence=row["evidence"],
        )


def record_stage_runs(job_id: UUID, report: Mapping[str, Any]) -> list[StageRun]:
    counts = report["counts"]
    num_units = {"checking": counts["num_photos"], "matching": counts["num_pairs"]}
    return StageRun.objects.bulk_create(
        StageRun(
            job_id=job_id,
            stage=stage["stage"],
            seconds=stage["seconds"],
            num_units=num_units.get(stage["stage"], counts["num_accepted"]),
        )
        for stage in report["stages"]
    )
