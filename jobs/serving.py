"""A job's files as they are served, whoever may see them."""

from pathlib import PurePosixPath

from django.http import Http404

from jobs import exports
from jobs.artifacts import DOWNLOADS, MEDIA_TYPES, ON_DEMAND
from jobs.files import storage
from jobs.models import Artifact, Export, Job
from jobs.states import ExportStatus
from scene3d.engine.public import SCALABLE
from scene3d.http.files import ServedFile


def result_file(job: Job, name: str, *, wants_metres: bool) -> ServedFile:
    """A file of the result, or one that was made of it.

    Raises: Http404.
    """
    file = _find_file(job, name, wants_metres=wants_metres)
    if file is None:
        raise Http404
    is_download = file.name in DOWNLOADS or file.name in ON_DEMAND
    return ServedFile(
        storage=storage(),
        path=file.path or "",
        num_bytes=file.num_bytes or 0,
        sha256=file.sha256 or "",
        media_type=MEDIA_TYPES[PurePosixPath(file.name).suffix],
        download_name=f"{job.name} - {file.name}" if is_download else None,
    )


def picture_file(job: Job, index: int, kind: str) -> ServedFile:
    """A photo, small (thumbnail) or screen-sized (preview).

    Raises: Http404.
    """
    photo = job.photos.filter(index=index).first()
    path = photo and (photo.thumbnail_path if kind == "thumbnail" else photo.preview_path)
    if photo is None or not path:
        raise Http404
    return ServedFile(
        storage=storage(),
        path=path,
        num_bytes=storage().size(path),
        sha256=f"{photo.sha256}-{kind}",
        media_type="image/jpeg",
    )


def _find_file(job: Job, name: str, *, wants_metres: bool) -> Artifact | Export | None:
    artifact = job.artifacts.filter(name=name).first()
    if artifact is None:
        return job.exports.filter(name=name, status=ExportStatus.READY).first()
    if wants_metres and job.metres_per_unit is not None and name in SCALABLE:
        return exports.in_metres(job, artifact)
    return artifact
