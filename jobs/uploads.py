"""What a person sent, laid out as photos in a folder of its own, or refused with a reason."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile

from scene3d.engine.failpoints import failpoint
from scene3d.engine.public import (
    ArchiveLimits,
    ArchiveProblem,
    NoPhotos,
    PhotoSource,
    TooFewPhotos,
    looks_like_photo,
    strip_private,
    unpack_photos,
)

MIN_NUM_PHOTOS = 3
_MAX_NAME_LENGTH = 200


@dataclass(frozen=True, kw_only=True)
class Upload:
    """Photos in a temporary folder, named as their sender named them."""

    photos: Sequence[PhotoSource]
    num_ignored_files: int

    @property
    def num_bytes(self) -> int:
        return sum(photo.path.stat().st_size for photo in self.photos)

    def fingerprint(self, choices: Mapping[str, Any]) -> str:
        """SHA-256 of names, contents and choices: equal for a request that is sent again."""
        digest = hashlib.sha256(json.dumps(choices, sort_keys=True).encode())
        for photo in self.photos:
            digest.update(photo.name.encode())
            with photo.path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """A file on its way in, under the upload folder."""

    name: str
    path: Path

    @classmethod
    def in_request(cls, file: TemporaryUploadedFile) -> "Arrived":
        return cls(name=file.name or "", path=Path(file.temporary_file_path()))


def sort_out(files: Sequence[Arrived]) -> tuple[Arrived | None, list[Arrived]]:
    """A ZIP by its name, and the others."""
    archives = [file for file in files if file.name.lower().endswith(".zip")]
    if len(archives) > 1:
        raise ArchiveProblem(
            "upload_ambiguous",
            "There are several archives.",
            next_step="Send one ZIP archive, or the photos.",
        )
    return next(iter(archives), None), [file for file in files if file not in archives]


@contextmanager
def receive(
    archive: Arrived | None, photos: Sequence[Arrived], *, archive_sha256: str = ""
) -> Iterator[Upload]:
    """The upload, unpacked; its folder is gone afterwards, whatever happens.

    Args:
        archive_sha256: what its sender says that it is; empty where nothing was said.
    Raises: ArchiveProblem, NoPhotos, TooFewPhotos.
    """
    if archive is not None and archive_sha256:
        _check_sha256(archive.path, archive_sha256)
    Path(settings.UPLOAD_DIR).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="upload-", dir=settings.UPLOAD_DIR) as folder:
        upload = _without_private(_receive(archive, photos, Path(folder)))
        if len(upload.photos) < MIN_NUM_PHOTOS:
            raise TooFewPhotos(
                f"The upload holds {len(upload.photos)} photo"
                f"{'' if len(upload.photos) == 1 else 's'}; at least {MIN_NUM_PHOTOS} are needed."
            )
        yield upload


def _receive(archive: Arrived | None, photos: Sequence[Arrived], folder: Path) -> Upload:
    if archive is not None and photos:
        raise ArchiveProblem(
            "upload_ambiguous",
            "The request has both an archive and single photos.",
            next_step="Send either a ZIP archive or the photos.",
        )
    if archive is not None:
        return _unpack(archive, folder)
    return _collect(photos, folder)


def _check_sha256(archive: Path, declared: str) -> None:
    with archive.open("rb") as file:
        arrived = hashlib.file_digest(file, "sha256").hexdigest()
    if arrived != declared.lower():
        raise ArchiveProblem(
            "checksum_mismatch",
            "The archive that arrived is not the one that was announced.",
            next_step="Send it again.",
            evidence={"sha256": arrived},
        )


def _without_private(upload: Upload) -> Upload:
    """Where and by whom photos were taken is nothing that is stored."""
    photos = []
    for photo in upload.photos:
        target = photo.path.with_name(f"stripped-{photo.path.name}")
        strip_private(photo.path, target)
        photos.append(replace(photo, path=target.replace(photo.path)))
    return replace(upload, photos=photos)


def _unpack(archive: Arrived, folder: Path) -> Upload:
    if not archive.path.stat().st_size:
        raise ArchiveProblem("upload_empty", "The archive is empty.")
    limits = ArchiveLimits(
        max_photos=settings.ENV.max_photos, max_unpacked_bytes=4 * settings.MAX_UPLOAD_BYTES
    )
    unpacked = unpack_photos(archive.path, folder, limits)
    failpoint("unpacked")
    return Upload(photos=unpacked.photos, num_ignored_files=unpacked.num_ignored)


def _collect(photos: Sequence[Arrived], folder: Path) -> Upload:
    if not photos:
        raise ArchiveProblem(
            "upload_empty", "Nothing was uploaded.", next_step="Choose photos or a ZIP archive."
        )
    usable = [photo for photo in photos if looks_like_photo(photo.name)]
    if not usable:
        raise NoPhotos("The upload holds no photos.")
    if len(usable) > settings.ENV.max_photos:
        raise ArchiveProblem(
            "archive_too_many_files",
            f"{len(usable):,} photos were sent; {settings.ENV.max_photos:,} are allowed.",
            next_step="Send fewer photos.",
        )
    names = _unique([_clean_name(photo.name) for photo in usable])
    sources = []
    for position, (photo, name) in enumerate(zip(usable, names, strict=True)):
        target = folder / f"{position:06d}{PurePosixPath(name).suffix.lower()}"
        os.link(photo.path, target)  # on one disk; the one that arrived stays for another try
        sources.append(PhotoSource(name=name, path=target))
    return Upload(photos=sources, num_ignored_files=len(photos) - len(usable))


def _clean_name(name: str) -> str:
    """Django has dropped folders already; control characters and excess go here."""
    printable = "".join(character for character in name if character.isprintable())
    path = PurePosixPath(printable)
    return path.stem[: _MAX_NAME_LENGTH - len(path.suffix)] + path.suffix


def _unique(names: Sequence[str]) -> list[str]:
    """Photos of two folders may have one name; people see which came second."""
    taken: set[str] = set()
    unique = []
    for name in names:
        path = PurePosixPath(name)
        candidates = chain([name], (f"{path.stem} ({n}){path.suffix}" for n in count(2)))
        free = next(candidate for candidate in candidates if candidate.casefold() not in taken)
        taken.add(free.casefold())
        unique.append(free)
    return unique
