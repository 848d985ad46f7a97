"""The files of a result: which there are, what they are called, how they are stored."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from jobs.files import StoredFile, live_prefix, result_prefix, storage, store
from jobs.services import Lease
from scene3d.engine.public import FORMATS, ExportFormat, zip_folder

MEDIA_TYPES = {
    ".ply": "application/octet-stream",
    ".laz": "application/octet-stream",
    ".bin": "application/octet-stream",
    ".glb": "model/gltf-binary",
    ".json": "application/json",
    ".zip": "application/zip",
    ".csv": "text/csv",
    ".jpg": "image/jpeg",
}
DOWNLOADS: Mapping[str, ExportFormat] = {
    form.file: form for form in FORMATS.values() if not form.is_on_demand
}
"""What comes with every result, in the order that people see; the viewer's own files come on
top."""
ON_DEMAND: Mapping[str, ExportFormat] = {
    form.file: form for form in FORMATS.values() if form.is_on_demand
}
"""What is made when somebody asks for it."""


def store_live(lease: Lease, preview: Path, number: int) -> StoredFile:
    """Store the `number`th preview of this attempt. The one before stays, since somebody may be
    reading it; the one before that goes."""
    folder = f"{live_prefix(lease.job_id)}/{lease.attempt}"
    stored = store(preview, f"{folder}/{number:06d}.bin")
    if number > 2:
        storage().delete(f"{folder}/{number - 2:06d}.bin")
    return stored


def store_result(lease: Lease, result: Path) -> dict[str, tuple[StoredFile, str]]:
    """Store every file of `result` under this attempt's own prefix.

    Returns:
        Artifact name to stored file and media type.
    """
    zip_folder(result / "models", result / "colmap.zip", "models")
    prefix = result_prefix(lease.job_id, lease.attempt)
    return {
        name: (store(path, f"{prefix}/{name}"), MEDIA_TYPES[path.suffix])
        for name, path in _files(result)
    }


def _files(result: Path) -> Iterator[tuple[str, Path]]:
    for name, form in DOWNLOADS.items():
        if (result / name).is_file() or not form.is_optional:
            yield name, result / name
    for path in sorted((result / "view").iterdir()):
        yield f"view-{path.name}", path
