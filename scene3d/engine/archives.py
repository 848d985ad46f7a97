"""ZIP archives of photos: inspected before a byte is decompressed, unpacked under caps.

Only the standard library, so the web process may use it. `zipfile` alone is not enough: up to
CPython 3.11.7 it reads overlapping entries (112 kB that claim 20 GB), and its extraction renames
what it should refuse.
"""

import re
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from scene3d.engine.errors import ArchiveProblem, NoPhotos
from scene3d.engine.failpoints import failpoint
from scene3d.engine.sources import PhotoSource, looks_like_photo, without_common_folder
from scene3d.engine.zip_structure import check_structure

_CHUNK_BYTES = 1 << 20
_MAX_NAME_BYTES = 255
_MAX_DEPTH = 16
_RATIO_FREE_BYTES = 1 << 20
"""Below this size an entry may deflate by any ratio: small files of one colour do."""
_NESTED_SUFFIXES = frozenset({".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz"})
_BAD_CHARACTERS = re.compile("[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_DEVICE_NAMES = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


@dataclass(frozen=True, kw_only=True)
class ArchiveLimits:
    """What an archive may hold."""

    max_photos: int = 1000
    max_members: int = 20_000
    max_photo_bytes: int = 256 << 20
    max_unpacked_bytes: int = 4 << 30
    max_ratio: float = 100.0


@dataclass(frozen=True, kw_only=True)
class Unpacked:
    """Photos of an archive, in order of their names."""

    photos: Sequence[PhotoSource]
    num_ignored: int
    """Other files: texts, an operating system's leftovers."""


def unpack_photos(archive: Path, target: Path, limits: ArchiveLimits) -> Unpacked:
    """Write the photos of `archive` into `target` under generated names.

    Raises:
        ArchiveProblem: the archive is refused, and nothing of it should be kept.
        NoPhotos: it holds no photo.
    """
    try:
        check_structure(archive, max_members=limits.max_members)
        with zipfile.ZipFile(archive) as opened:
            files = [member for member in opened.infolist() if not _name(member).endswith("/")]
            members = _photo_members(files, limits)
            names = without_common_folder([_name(member) for member in members])
            photos = [
                _unpack(opened, member, name, target / _stored_name(position, name))
                for position, (member, name) in enumerate(zip(members, names, strict=True))
            ]
            return Unpacked(photos=photos, num_ignored=len(files) - len(members))
    except (zipfile.BadZipFile, EOFError, UnicodeDecodeError, NotImplementedError) as error:
        raise ArchiveProblem("archive_corrupt", "The archive is damaged.") from error


def zip_folder(folder: Path, target: Path, root: str) -> None:
    """Stored, not deflated: binary numbers and photos hardly shrink."""
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, f"{root}/{path.relative_to(folder)}")


def _name(member: zipfile.ZipInfo) -> str:
    """As the directory has it: `filename` ends at a NUL, and from Python 3.13 on may be another
    name altogether, from the extra field."""
    return member.orig_filename


def _photo_members(
    members: Sequence[zipfile.ZipInfo], limits: ArchiveLimits
) -> list[zipfile.ZipInfo]:
    for member in members:
        _check_name(member)
        _check_kind(member)
    _check_unique(members)
    photos = [member for member in members if looks_like_photo(_name(member))]
    _check_sizes(members, photos, limits)
    if not photos:
        if any(PurePosixPath(_name(m)).suffix.lower() in _NESTED_SUFFIXES for m in members):
            raise ArchiveProblem("archive_nested", "The archive holds archives instead of photos.")
        raise NoPhotos("The archive holds no photos.")
    return sorted(photos, key=_name)


def _check_name(member: zipfile.ZipInfo) -> None:
    name = _name(member)
    shown = ascii(name[:80])
    path = PurePosixPath(name)
    if "\\" in name or path.is_absolute() or ".." in path.parts or re.match(r"^[A-Za-z]:", name):
        raise ArchiveProblem("archive_unsafe_path", f"{shown} points outside the archive.")
    if len(path.parts) > _MAX_DEPTH:
        raise ArchiveProblem("archive_too_deep", f"{shown} lies more than {_MAX_DEPTH} deep.")
    is_bad = (
        not name
        or _BAD_CHARACTERS.search(name)
        or len(name.encode("utf-8", "surrogatepass")) > _MAX_NAME_BYTES
        or any(_DEVICE_NAMES.match(part) or part.endswith(".") for part in path.parts)
        or "." in name.split("/")
    )
    if is_bad:
        raise ArchiveProblem("archive_bad_name", f"{shown} is not a usable file name.")


def _check_kind(member: zipfile.ZipInfo) -> None:
    shown = ascii(_name(member)[:80])
    if member.flag_bits & 0x1:
        raise ArchiveProblem(
            "archive_encrypted",
            f"{shown} is encrypted.",
            next_step="Make the ZIP again without a password.",
        )
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ArchiveProblem(
            "archive_method_unsupported", f"{shown} is compressed by a method that is not read."
        )
    mode = member.external_attr >> 16
    if stat.S_ISLNK(mode):
        raise ArchiveProblem("archive_symlink", f"{shown} is a link.")
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG) or mode & (stat.S_ISUID | stat.S_ISGID):
        raise ArchiveProblem("archive_special_file", f"{shown} is not an ordinary file.")


def _check_unique(members: Iterable[zipfile.ZipInfo]) -> None:
    seen: set[str] = set()
    for member in members:
        folded = unicodedata.normalize("NFC", _name(member)).casefold()
        if folded in seen:
            raise ArchiveProblem(
                "archive_duplicate_name", f"{_name(member)[:80]!a} is there twice."
            )
        seen.add(folded)


def _check_sizes(
    members: Sequence[zipfile.ZipInfo], photos: Sequence[zipfile.ZipInfo], limits: ArchiveLimits
) -> None:
    """By declared sizes, which are upper bounds: `zipfile` stops a member that exceeds its own."""
    for member in members:
        allowed = limits.max_ratio * max(member.compress_size, 1)
        if member.file_size > max(allowed, _RATIO_FREE_BYTES):
            raise ArchiveProblem(
                "archive_ratio_exceeded",
                f"{_name(member)[:80]!a} unpacks to {member.file_size:,} bytes from"
                f" {member.compress_size:,}, as no photo does.",
            )
    total = sum(member.file_size for member in members)
    if total > limits.max_unpacked_bytes:
        raise ArchiveProblem(
            "archive_too_large_unpacked",
            f"The archive unpacks to {total:,} bytes; {limits.max_unpacked_bytes:,} are allowed.",
            next_step="Send fewer or smaller photos.",
        )
    if len(photos) > limits.max_photos:
        raise ArchiveProblem(
            "archive_too_many_files",
            f"The archive holds {len(photos):,} photos; {limits.max_photos:,} are allowed.",
            next_step="Send fewer photos.",
        )
    for member in photos:
        if member.file_size > limits.max_photo_bytes:
            raise ArchiveProblem(
                "photo_too_large",
                f"{_name(member)[:80]!a} has {member.file_size:,} bytes;"
                f" {limits.max_photo_bytes:,} are allowed.",
                next_step="Send smaller photos.",
            )


def _unpack(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, target: Path
) -> PhotoSource:
    num_bytes = 0
    try:
        with archive.open(member) as content, target.open("xb") as file:
            while chunk := content.read(_CHUNK_BYTES):
                num_bytes += file.write(chunk)
                failpoint("unpacking")
        if num_bytes != member.file_size:
            raise zipfile.BadZipFile("not the declared size")  # noqa: TRY301
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ArchiveProblem(
            "archive_corrupt", f"{_name(member)[:80]!a} in the archive is damaged."
        ) from error
    return PhotoSource(name=name, path=target)


def _stored_name(position: int, name: str) -> str:
    return f"{position:06d}{PurePosixPath(name).suffix.lower()}"
