"""A ZIP file's skeleton, checked without trust in any of its numbers."""

import struct
import zipfile
from pathlib import Path
from typing import BinaryIO, NamedTuple

from scene3d.engine.errors import ArchiveProblem

_LOCAL = struct.Struct("<4s5H3I2H")
_LOCAL_MAGIC = b"PK\x03\x04"
_CENTRAL_MAGIC = b"PK\x01\x02"
_CENTRAL_BYTES = 46
_END = struct.Struct("<4s4H2IH")
_END_MAGIC = b"PK\x05\x06"
_END64 = struct.Struct("<4sQ2H2I4Q")
_END64_MAGIC = b"PK\x06\x06"
_LOCATOR = struct.Struct("<4sIQI")
_LOCATOR_MAGIC = b"PK\x06\x07"
_SPLIT_MAGIC = b"PK\x07\x08"
_MAX_COMMENT_BYTES = 0xFFFF
_UTF8_FLAG = 0x800


class _End(NamedTuple):
    """What the end record says of the directory."""

    disk: int
    members: int
    directory_bytes: int
    directory_start: int


def check_structure(path: Path, *, max_members: int) -> None:
    """Refuse what is no plain ZIP before `zipfile` reads its directory into memory.

    Raises: ArchiveProblem.
    """
    with path.open("rb") as file:
        start = file.read(4)
        if start == _SPLIT_MAGIC:
            raise ArchiveProblem("archive_multidisk", "The archive is one part of several.")
        end = _find_end(file, path.stat().st_size)
        if end is None:
            if start == _LOCAL_MAGIC:
                raise ArchiveProblem("archive_corrupt", "The archive is incomplete.")
            raise ArchiveProblem(
                "archive_type_unsupported",
                "The file is not a ZIP archive.",
                next_step="Send a ZIP archive, or the photos themselves.",
            )
        if start not in (_LOCAL_MAGIC, _END_MAGIC, _END64_MAGIC):
            raise ArchiveProblem("archive_prefix_data", "The archive starts with something else.")
        _check_end(end, max_members=max_members)
        _check_directory(file, end)
        _check_members(path, file, directory_start=end.directory_start)


def _find_end(file: BinaryIO, size: int) -> _End | None:
    """The end record, in which ZIP64 replaces what does not fit.

    The directory must end where the end records begin, since `zipfile` reads it from there
    whatever its declared start.
    """
    tail_start = max(0, size - _MAX_COMMENT_BYTES - _END.size - _LOCATOR.size - _END64.size)
    file.seek(tail_start)
    tail = file.read()
    at = tail.rfind(_END_MAGIC)
    if at < 0 or len(tail) - at < _END.size:
        return None
    _, disk, _, _, members, directory_bytes, directory_start, _ = _END.unpack_from(tail, at)
    locator_at = at - _LOCATOR.size
    if locator_at >= 0 and tail.startswith(_LOCATOR_MAGIC, locator_at):
        at = locator_at - _END64.size
        _, _, record_start, _ = _LOCATOR.unpack_from(tail, locator_at)
        if at < 0 or not tail.startswith(_END64_MAGIC, at) or record_start != tail_start + at:
            raise ArchiveProblem("archive_corrupt", "The archive's directory cannot be found.")
        *_, members, directory_bytes, directory_start = _END64.unpack_from(tail, at)
    unexplained = tail_start + at - directory_start - directory_bytes
    if unexplained < 0:
        raise ArchiveProblem("archive_corrupt", "The archive's directory cannot be found.")
    if unexplained > 0:
        raise ArchiveProblem("archive_prefix_data", "The archive starts with something else.")
    return _End(disk, members, directory_bytes, directory_start)


def _check_end(end: _End, *, max_members: int) -> None:
    if end.disk not in (0, 0xFFFF):
        raise ArchiveProblem("archive_multidisk", "The archive is one part of several.")
    if end.members == 0:
        raise ArchiveProblem("archive_empty", "The archive is empty.")
    if end.members > max_members or end.directory_bytes > max_members * 1024:
        raise ArchiveProblem(
            "archive_too_many_files",
            f"The archive has {end.members:,} entries; {max_members:,} are allowed.",
            next_step="Send fewer files.",
        )


def _check_directory(file: BinaryIO, end: _End) -> None:
    """It holds as many members as declared: `zipfile` believes its size instead."""
    file.seek(end.directory_start)
    directory = file.read(end.directory_bytes)
    at = 0
    for _ in range(end.members):
        if len(directory) - at < _CENTRAL_BYTES or not directory.startswith(_CENTRAL_MAGIC, at):
            raise ArchiveProblem("archive_corrupt", "The archive's directory is damaged.")
        at += _CENTRAL_BYTES + sum(struct.unpack_from("<3H", directory, at + 28))
    if at != len(directory):
        raise ArchiveProblem("archive_corrupt", "The archive's directory is damaged.")


def _check_members(path: Path, file: BinaryIO, *, directory_start: int) -> None:
    """Every member lies before the directory, overlaps no other, and names itself the same."""
    with zipfile.ZipFile(path) as archive:
        members = sorted(archive.infolist(), key=lambda member: member.header_offset)
    ends_at = 0
    for member in members:
        if member.header_offset < ends_at:
            raise ArchiveProblem("archive_overlap", "Entries of the archive overlap.")
        if member.header_offset + _LOCAL.size > directory_start:
            raise ArchiveProblem("archive_corrupt", "An entry of the archive cannot be found.")
        file.seek(member.header_offset)
        header = file.read(_LOCAL.size)
        if not header.startswith(_LOCAL_MAGIC):
            raise ArchiveProblem("archive_corrupt", "An entry of the archive cannot be found.")
        _, _, flags, *_, name_size, extra_size = _LOCAL.unpack(header)
        name = file.read(name_size).decode("utf-8" if flags & _UTF8_FLAG else "cp437", "replace")
        if name != member.orig_filename:
            raise ArchiveProblem("archive_corrupt", f"{name[:80]!a} has two names in the archive.")
        data_start = member.header_offset + _LOCAL.size + name_size + extra_size
        ends_at = data_start + member.compress_size
        if ends_at > directory_start:
            raise ArchiveProblem("archive_overlap", "Entries of the archive overlap.")
