"""A result with everything that is needed to repeat it: one ZIP with a provenance manifest."""

import hashlib
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from scene3d.engine.errors import PhotoProblem
from scene3d.engine.sources import PhotoSource

MANIFEST = "provenance.json"
BUNDLE_VERSION = 1
RESULT_FILES = ("report.json", "cameras.json", "points.ply")
_CHUNK_BYTES = 1 << 20


class BundleInvalid(PhotoProblem):
    """A file that is no bundle, or photos that are not the bundle's."""

    code = "bundle_invalid"
    next_step = "Export the bundle again, or name the folder of its photos with --photos."


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BundlePhoto(_Document):
    """One uploaded file, readable or not, in the order that the run saw them."""

    name: str
    sha256: str
    num_bytes: int
    file: str | None
    """In the bundle; None where the photos stayed at home."""


class BundleFile(_Document):
    name: str
    sha256: str


class Provenance(_Document):
    """What a result was made of and with."""

    format: Literal["scene3d-bundle"] = "scene3d-bundle"
    version: int = BUNDLE_VERSION
    options: dict[str, Any]
    fingerprint: str
    seed: int
    device: str
    num_threads: int
    versions: dict[str, str]
    weights: list[dict[str, Any]]
    metres_per_unit: float | None
    photos: list[BundlePhoto]
    files: list[BundleFile]


def write_bundle(
    result: Path,
    report: dict[str, Any],
    photos: Sequence[PhotoSource],
    target: Path,
    *,
    metres_per_unit: float | None,
    with_photos: bool,
) -> None:
    """The result in model units, its manifest and, `with_photos`, the uploaded files themselves.

    Args:
        report: report.json.
        photos: every file of the run in its order, with the name that the report calls it.
    """
    files = [result / name for name in RESULT_FILES] + sorted((result / "models").rglob("*.bin"))
    with zipfile.ZipFile(target, "w") as bundle:
        photo_rows = [
            _add_photo(bundle, index, photo, with_photos=with_photos)
            for index, photo in enumerate(photos)
        ]
        for path in files:
            compression = zipfile.ZIP_DEFLATED if path.suffix == ".json" else zipfile.ZIP_STORED
            bundle.write(path, f"result/{path.relative_to(result)}", compression)
        copied = ("options", "fingerprint", "seed", "device", "num_threads", "versions", "weights")
        provenance = Provenance(
            **{name: report[name] for name in copied},
            metres_per_unit=metres_per_unit,
            photos=photo_rows,
            files=[
                BundleFile(name=str(path.relative_to(result)), sha256=sha256_of(path))
                for path in files
            ],
        )
        bundle.writestr(MANIFEST, provenance.model_dump_json(indent=1), zipfile.ZIP_DEFLATED)


def read_provenance(path: Path) -> Provenance:
    """Raises: BundleInvalid."""
    try:
        with zipfile.ZipFile(path) as bundle:
            return Provenance.model_validate_json(bundle.read(MANIFEST))
    except (OSError, zipfile.BadZipFile, KeyError, ValidationError) as error:
        raise BundleInvalid(f"{path.name} is not a bundle of Scene3D.") from error


def read_result_file(path: Path, name: str) -> bytes:
    """The content of one of the bundle's result files.

    Raises: BundleInvalid, when it is not there or not what the manifest says.
    """
    expected = {file.name: file.sha256 for file in read_provenance(path).files}
    try:
        with zipfile.ZipFile(path) as bundle:
            content = bundle.read(f"result/{name}")
    except (KeyError, zipfile.BadZipFile) as error:
        raise BundleInvalid(f"{path.name} lacks {name}.") from error
    if hashlib.sha256(content).hexdigest() != expected.get(name):
        raise BundleInvalid(f"{name} in {path.name} has been changed.")
    return content


def find_bundled_photos(
    path: Path, folder: Path, candidates: Sequence[PhotoSource]
) -> list[PhotoSource]:
    """The photos of the run in its order, each proved by its SHA-256.

    Args:
        folder: empty; gets the photos that the bundle brings along.
        candidates: files of which those that are missing in the bundle are taken, whatever they
            are called now.
    Raises: BundleInvalid, naming what is missing.
    """
    by_sha256 = {sha256_of(candidate.path): candidate.path for candidate in candidates}
    found, missing = [], []
    with zipfile.ZipFile(path) as bundle:
        for index, photo in enumerate(read_provenance(path).photos):
            source = by_sha256.get(photo.sha256)
            if photo.file is not None:
                source = folder / f"{index:06d}{PurePosixPath(photo.name).suffix.lower()}"
                _extract(bundle, photo, source)
            if source is None:
                missing.append(photo.name)
            else:
                found.append(PhotoSource(name=photo.name, path=source))
    if missing:
        raise BundleInvalid(
            f"{len(missing)} of the photos are not there, such as {missing[0]}.",
            evidence={"missing": missing},
        )
    return found


def sha256_of(path: Path) -> str:
    """Hexadecimal, of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _add_photo(
    bundle: zipfile.ZipFile, index: int, photo: PhotoSource, *, with_photos: bool
) -> BundlePhoto:
    file = f"photos/{index:06d}{photo.path.suffix.lower()}" if with_photos else None
    if file is not None:
        bundle.write(photo.path, file)
    return BundlePhoto(
        name=photo.name,
        sha256=sha256_of(photo.path),
        num_bytes=photo.path.stat().st_size,
        file=file,
    )


def _extract(bundle: zipfile.ZipFile, photo: BundlePhoto, target: Path) -> None:
    try:
        with bundle.open(photo.file or "") as source, target.open("wb") as file:
            shutil.copyfileobj(source, file, _CHUNK_BYTES)
    except (KeyError, zipfile.BadZipFile) as error:
        raise BundleInvalid(f"The bundle lacks the photo {photo.name}.") from error
    if sha256_of(target) != photo.sha256:
        raise BundleInvalid(f"The photo {photo.name} in the bundle has been changed.")
