"""Jobs in every state, made the way the service makes them."""

import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from PIL import Image

from accounts.models import User
from jobs import services
from jobs.artifacts import DOWNLOADS
from jobs.files import StoredFile, storage
from jobs.models import Job, Photo
from jobs.services import Lease
from jobs.states import JobState
from scene3d.engine.public import PRESETS
from scene3d.engine.report import Counts, ModelRow, PhotoRow, Report, StageSeconds
from scene3d.engine.types import PartialReason

OPTIONS = PRESETS["standard"].options
STAGE_SECONDS = {
    "checking": 3.0, "extracting": 30.0, "matching": 6.0, "mapping": 12.0, "dense": 9.0,
    "exporting": 1.5,
}  # fmt: skip
TRACEBACK = "Traceback (most recent call last): the operator's words"


@cache
def jpeg(shade: int = 0) -> bytes:
    """A photo of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", (80, 64), (shade % 256, 90, 40)).save(buffer, "JPEG")
    return buffer.getvalue()


def zip_of(
    files: Mapping[str, bytes] | Sequence[str], compression: int = zipfile.ZIP_STORED
) -> bytes:
    """An archive of files, or of photos with these names."""
    if not isinstance(files, Mapping):
        files = {name: jpeg(shade) for shade, name in enumerate(files)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def make_job(owner: User, **fields: Any) -> Job:
    """A waiting job with three photos in the storage."""
    values: dict[str, Any] = {
        "name": "Old gate",
        "preset": "standard",
        "options": OPTIONS.to_dict(),
        "options_fingerprint": OPTIONS.fingerprint(),
        "input_sha256": "0" * 64,
        "input_bytes": 3000,
        "num_photos": 3,
    }
    job = Job.objects.create(owner=owner, **values | fields)
    Photo.objects.bulk_create(_photo(job, index) for index in range(job.num_photos))
    return job


def start(job: Job) -> Lease:
    """Have a worker take the job."""
    lease = services.claim(job.pk)
    assert lease is not None
    job.refresh_from_db()
    return lease


def make_ended(owner: User, state: JobState, **fields: Any) -> Job:
    """A job that a worker brought to `state`."""
    if state == JobState.DONE:
        return make_done(owner, **fields)
    job = make_job(owner, **fields)
    lease = start(job)
    if state == JobState.FAILED:
        services.fail(
            lease,
            code="insufficient_overlap",
            message="No two photos show enough of the same place.",
            next_step="Take more photos between these positions.",
            evidence={"best_pair": ["a.jpg", "b.jpg"], "best_pair_num_inliers": 7},
        )
    elif state == JobState.ERRORED:
        services.mark_errored(
            lease, code="native_crash", message="Mapping ended.", traceback=TRACEBACK
        )
    else:
        services.mark_cancelled(lease)
    job.refresh_from_db()
    assert job.state == state
    return job


def make_in_state(owner: User, state: JobState, **fields: Any) -> Job:
    """A job in any state."""
    if state in (JobState.QUEUED, JobState.RUNNING):
        job = make_job(owner, **fields)
        if state == JobState.RUNNING:
            start(job)
        return job
    return make_ended(owner, state, **fields)


def make_done(
    owner: User,
    *,
    num_models: int = 1,
    partial_reason: PartialReason | None = None,
    **fields: Any,
) -> Job:
    """A finished job with every artifact in the storage; its last photo is not placed."""
    job = make_job(owner, **fields)
    lease = start(job)
    for photo in job.photos.all():
        photo.thumbnail_path = _stored(job, f"thumbnails/{photo.index:06d}.jpg", jpeg()).path
        photo.preview_path = _stored(job, f"previews/{photo.index:06d}.jpg", jpeg(1)).path
        photo.save()
    report = make_report(job.num_photos, num_models=num_models, partial_reason=partial_reason)
    names = [*DOWNLOADS]
    names += [f"view-{n}.{part}.bin" for n in range(num_models) for part in ("points", "tracks")]
    artifacts = {
        name: (_stored(job, f"results/1/{name}", content_of(name)), "application/octet-stream")
        for name in names
    }
    assert services.finish(lease, report.model_dump(mode="json"), artifacts)
    job.refresh_from_db()
    return job


def content_of(artifact: str) -> bytes:
    """What `make_done` stores under this name."""
    return f"the content of {artifact}".encode() * 100


def make_report(
    num_photos: int = 3, *, num_models: int = 1, partial_reason: PartialReason | None = None
) -> Report:
    """Everything placed but the last photo."""
    placed = num_photos - 1
    return Report(
        options=OPTIONS.to_dict(),
        fingerprint=OPTIONS.fingerprint(),
        seed=0,
        device="cpu",
        num_threads=2,
        versions={"pycolmap": "4.2.1"},
        weights=[],
        stages=[
            StageSeconds.model_validate({"stage": stage, "seconds": seconds})
            for stage, seconds in STAGE_SECONDS.items()
        ],
        total_seconds=sum(STAGE_SECONDS.values()),
        is_partial=partial_reason is not None,
        partial_reason=partial_reason,
        counts=Counts(
            num_photos=num_photos,
            num_accepted=num_photos,
            num_rejected=0,
            num_registered=placed,
            num_keypoints=1000 * num_photos,
            num_pairs=num_photos * (num_photos - 1) // 2,
            num_matched_pairs=2,
            num_verified_pairs=1,
            num_models=num_models,
            num_points=12_345,
            num_points_clean=12_000,
            num_points_shown=11_000,
        ),
        models=[_model_row(index, placed) for index in range(num_models)],
        photos=[_photo_row(index, is_placed=index < placed) for index in range(num_photos)],
    )


def stored_files() -> list[str]:
    """Every file that the job storage or the upload folder holds."""
    folders = [Path(settings.STORAGES["jobs"]["OPTIONS"]["location"]), Path(settings.UPLOAD_DIR)]
    return sorted(
        str(path.relative_to(folder))
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() or (path.name != "parts" and not any(path.iterdir()))
    )


def _photo(job: Job, index: int) -> Photo:
    file = _stored(job, f"photos/{index:06d}.jpg", jpeg(index))
    return Photo(
        job=job,
        index=index,
        name=f"IMG_{index:04d}.jpg",
        stored_path=file.path,
        num_bytes=file.num_bytes,
        sha256=file.sha256,
    )


def _stored(job: Job, name: str, content: bytes) -> StoredFile:
    path = storage().save(f"{job.pk}/{name}", ContentFile(content))
    return StoredFile(path=path, num_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


def _model_row(index: int, num_registered: int) -> ModelRow:
    return ModelRow(
        index=index,
        num_registered=num_registered,
        num_points=12_345 - index,
        num_observations=40_000,
        mean_track_length=3.24,
        mean_error_px=0.61,
        num_cameras=1,
    )


def _photo_row(index: int, *, is_placed: bool) -> PhotoRow:
    known: dict[str, Any] = {
        "index": index, "name": f"IMG_{index:04d}.jpg", "width_px": 80, "height_px": 64,
        "focal_px": 96.0, "focal_source": "guess", "num_keypoints": 1000, "num_verified_pairs": 1,
    }  # fmt: skip
    if is_placed:
        known |= {
            "status": "registered", "model": 0, "num_observations": 1234, "mean_error_px": 0.5,
        }  # fmt: skip
    else:
        known |= {
            "status": "not_registered",
            "reason": "no_partner",
            "explanation": "No other photo shows enough of the same place.",
        }
    return PhotoRow.model_validate(known)
