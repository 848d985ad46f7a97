"""Where uploads and results lie: Django's storage "jobs", a folder or an S3 bucket."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.core.files import File
from django.core.files.storage import Storage, storages

from scene3d.engine.failpoints import failpoint
from scene3d.engine.public import FORMATS

LIVE = "live.points.bin"
"""The model so far, for the job's page; the only result file of a job that is still running."""

PREVIEW = FORMATS["picture"].file
"""A rendered picture of the result, for lists; results without a surface have none."""

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """What a file was when it was stored."""

    path: str
    num_bytes: int
    sha256: str


def storage() -> Storage:
    return storages["jobs"]


def store(source: Path, path: str) -> StoredFile:
    """Copy `source` to `path`, which must not exist."""
    digest = hashlib.sha256()
    with source.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
        file.seek(0)
        stored_path = storage().save(path, File(file))
    if stored_path != path:
        storage().delete(stored_path)
        raise FileExistsError(path)
    return StoredFile(path=path, num_bytes=source.stat().st_size, sha256=digest.hexdigest())


def fetch(path: str, target: Path) -> None:
    """Copy a stored file to `target`."""
    with storage().open(path, "rb") as source, target.open("wb") as file:
        for chunk in source.chunks(_CHUNK_BYTES):
            file.write(chunk)


def delete_tree(prefix: str) -> None:
    """Delete everything below `prefix`; nothing there is fine."""
    for path in list(files_below(prefix)):
        failpoint("deleting")
        storage().delete(path)
    delete_empty_folders(prefix)


def job_prefix(job_id: object) -> str:
    return f"{job_id}"


def results_prefix(job_id: object) -> str:
    return f"{job_prefix(job_id)}/results"


def result_prefix(job_id: object, attempt: int) -> str:
    return f"{results_prefix(job_id)}/{attempt}"


def live_prefix(job_id: object) -> str:
    return f"{job_prefix(job_id)}/live"


def exports_prefix(job_id: object) -> str:
    """Files that are made of the result and can be made again."""
    return f"{job_prefix(job_id)}/exports"


def files_below(prefix: str) -> Iterator[str]:
    """Every path; nothing there is fine."""
    try:
        folders, files = storage().listdir(prefix)
    except FileNotFoundError:
        return
    for name in files:
        yield f"{prefix}/{name}"
    for name in folders:
        yield from files_below(f"{prefix}/{name}")


def delete_empty_folders(prefix: str) -> None:
    """Buckets have no folders; file systems keep them."""
    try:
        folders, _ = storage().listdir(prefix)
    except FileNotFoundError:
        return
    for name in folders:
        delete_empty_folders(f"{prefix}/{name}")
    if not any(storage().listdir(prefix)):
        storage().delete(prefix)
