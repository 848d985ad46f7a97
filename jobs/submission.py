"""From an upload to a waiting job."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from accounts.public import User
from jobs import partial_uploads
from jobs.files import StoredFile, delete_tree, job_prefix, store
from jobs.models import Job, Photo
from jobs.presets import choose_preset, versioned_options
from jobs.quotas import require_place, take_place
from jobs.services import deliver, tell
from jobs.states import JobState
from jobs.upload_models import PartialUpload
from jobs.uploads import Upload
from scene3d.engine.failpoints import failpoint
from scene3d.engine.public import PhotoSource
from scene3d.http.problem import Problem

logger = logging.getLogger(__name__)

_MAX_NAME_LENGTH = 120
_MAX_KEY_LENGTH = 255


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a person asked for, apart from the photos."""

    name: str = ""
    preset: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    idempotency_key: str | None = None


def submit(
    owner: User, upload: Upload, request: Request, pieces: Sequence[PartialUpload] = ()
) -> Job:
    """Store the photos and queue a job for them; the same job for a request that is repeated.

    Args:
        pieces: finished uploads that the photos came in; they go once the job is accepted.
    Raises:
        OptionsInvalid: no such preset, or options that it does not know.
        Problem: the idempotency key is too long, or belongs to another request; the owner has
            too many jobs, or no room.
    """
    preset = choose_preset(request.preset)
    options, configuration_version = versioned_options(preset, request.options)
    # Not the effective options: a promotion between two attempts makes no other request of it.
    wanted = {"name": request.name, "preset": preset.name, "options": request.options}
    fingerprint = upload.fingerprint(wanted)
    if earlier := _earlier(owner, request.idempotency_key, fingerprint):
        return earlier
    require_place(owner, upload.num_bytes, pieces)
    job = Job(
        owner=owner,
        preset=preset.name,
        options=options.to_dict(),
        options_fingerprint=options.fingerprint(),
        configuration_version=configuration_version,
        input_sha256=fingerprint,
        **_fields(upload, request),
    )
    try:
        _save(job, upload, pieces)
    except IntegrityError:
        delete_tree(job_prefix(job.pk))
        if earlier := _earlier(owner, request.idempotency_key, fingerprint):
            return earlier
        raise
    except BaseException:
        delete_tree(job_prefix(job.pk))
        raise
    return job


def _fields(upload: Upload, request: Request) -> dict[str, Any]:
    """Of the row, what request and upload say by themselves."""
    return {
        "id": uuid4(),
        "name": request.name.strip()[:_MAX_NAME_LENGTH] or _default_name(upload),
        "idempotency_key": request.idempotency_key or None,
        "input_bytes": upload.num_bytes,
        "num_photos": len(upload.photos),
        "num_ignored_files": upload.num_ignored_files,
    }


def _save(job: Job, upload: Upload, pieces: Sequence[PartialUpload]) -> None:
    stored = [_store(job.pk, photo) for photo in upload.photos]
    failpoint("photos_stored")
    with transaction.atomic():
        take_place(job.owner, upload.num_bytes, pieces)
        job.save(force_insert=True)
        Photo.objects.bulk_create(
            Photo(
                job=job,
                index=index,
                name=photo.name,
                stored_path=file.path,
                num_bytes=file.num_bytes,
                sha256=file.sha256,
            )
            for index, (photo, file) in enumerate(zip(upload.photos, stored, strict=True))
        )
        tell(job.pk, "state", {"state": JobState.QUEUED})
        deliver(job)
        if pieces:
            transaction.on_commit(lambda: partial_uploads.discard(pieces), robust=True)
        failpoint("row_written")
    failpoint("accepted")
    logger.info("job %s: %d photos, preset %s", job.pk, job.num_photos, job.preset)


def _store(job_id: UUID, photo: PhotoSource) -> StoredFile:
    return store(photo.path, f"{job_prefix(job_id)}/photos/{photo.path.name}")


def job_of_key(owner: User, key: str | None) -> Job | None:
    """What an earlier request with this Idempotency-Key became, whatever it asked for."""
    return Job.objects.filter(owner=owner, idempotency_key=key).first() if key else None


def _earlier(owner: User, key: str | None, fingerprint: str) -> Job | None:
    if key and len(key) > _MAX_KEY_LENGTH:
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "idempotency_key_invalid",
            f"The Idempotency-Key is longer than {_MAX_KEY_LENGTH} characters.",
            next_step="Use a shorter one, such as a UUID.",
        )
    job = job_of_key(owner, key)
    if job is not None and job.input_sha256 != fingerprint:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            "This Idempotency-Key belongs to a request with other photos or options.",
            next_step="Use a new key for a new request.",
        )
    return job


def _default_name(upload: Upload) -> str:
    return f"{len(upload.photos)} photos"
