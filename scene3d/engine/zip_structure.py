"""A ZIP file's skeleton, checked without trust in any of its numbers."""

import struct
import zipfile
from pathlib import Path
from typing import BinaryIO

from scene3d.engine.errors import ArchiveProblem

_LOCAL = struct.Struct("<4s5H3I2H")
_LOCAL_MAGIC = b"PK\x03\x04"
_END = struct.Struct("<4s4H2IH")
_END_MAGIC = b"PK\x05\x06"
_END64_MAGIC = b"PK\x06\x06"
_END64_LOCATOR_MAGIC = b"PK\x06\x07"
_MAX_COMMENT_BYTES = 0xFFFF
_UTF8_FLAG = 0x800


def check_structure(path: Path, *, max_members: int) -> None:
    """Refuse what is no plain ZIP before `zipfile` reads its directory into memory.

    Raises: ArchiveProblem.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        start = file.read(4)
        end = _find_end(file, size)
        if end is None:
            if start == _LOCAL_MAGIC:
                raise ArchiveProblem("archive_corrupt", "The archive is incomplete.")
            raise ArchiveProblem(
                "archive_type_unsupported",
                "The file is not a ZIP archive.",
                next_step="Send a ZIP archive, or the photos themselves.",
            )
        if start not in (_LOCAL_MAGIC, _END_MAGIC):
            raise ArchiveProblem("archive_prefix_data", "The archive starts with something else.")
        _check_end(*end, max_members=max_members)
        _check_members(path, file, directory_start=end[3])


def _find_end(file: BinaryIO, size: int) -> tuple[int, int, int, int] | None:
    """(disk, members, directory bytes, directory start); ZIP64 replaces what does not fit."""
    tail_size = min(size, _MAX_COMMENT_BYTES + _END.size)
    file.seek(size - tail_size)
    tail = file.read(tail_size)
    at = tail.rfind(_END_MAGIC)
    if at < 0 or len(tail) - at < _END.size:
        return None
    _, disk, _, _, members, directory_bytes, directory_start, _ = _END.unpack_from(tail, at)
    locator = tail[at - 20 : at] if at >= 20 else b""
    if locator.startswith(_END64_LOCATOR_MAGIC):
        record_start = struct.unpack_from("<Q", locator, 8)[0]
        file.seek(min(record_start, size))
        record = file.read(56)
        if not record.startswith(_END64_MAGIC) or len(record) < 56:
            raise ArchiveProblem("archive_corrupt", "The archive's directory cannot be found.")
        members, directory_bytes, directory_start = struct.unpack_from("<QQQ", record, 32)
    if directory_start + directory_bytes > size - tail_size + at:
        raise ArchiveProblem("archive_corrupt", "The archive's directory cannot be found.")
    return disk, members, directory_bytes, directory_start


def _check_end(
    disk: int, members: int, directory_bytes: int, directory_start: int, *, max_members: int
) -> None:
    if disk not in (0, 0xFFFF):
        raise ArchiveProblem("archive_multidisk", "The archive is one part of several.")
    if members == 0:
        raise ArchiveProblem("archive_empty", "The archive is empty.")
    if members > max_members or directory_bytes > max_members * 1024:
        raise ArchiveProblem(
            "archive_too_many_files",
            f"The archive has {members:,} entries; {max_members:,} are allowed.",
            next_step="Send fewer files.",
        )


def _check_members(path: Path, file: BinaryIO, *, directory_start: int) -> None:
    """Every member lies before the directory, overlaps no other, and names itself the same."""
    with zipfile.ZipFile(path) as archive:
        members = sorted(archive.infolist(), key=lambda member: member.header_offset)
    ends_at = 0
    for member in members:
        if member.header_offset < ends_at:
            raise ArchiveProblem("archive_overlap", "Entries of the archive overlap.")
        file.seek(member.header_offset)
        header = file.read(_LOCAL.size)
        if len(header) < _LOCAL.size or not header.startswith(_LOCAL_MAGIC):
            raise ArchiveProblem("archive_corrupt", "An entry of the archive cannot be found.")
        _, _, flags, *_, name_size, extra_size = _LOCAL.unpack(header)
        name = file.read(name_size).decode("utf-8" if flags & _UTF8_FLAG else "cp437", "replace")
        if name != member.orig_filename:
            raise ArchiveProblem("archive_corrupt", f"{name[:80]!a} has two names in the archive.")
        data_start = member.header_offset + _LOCAL.size + name_size + extra_size
        ends_at = data_start + member.compress_size
        if ends_at > directory_start:
            raise ArchiveProblem("archive_overlap", "Entries of the archive overlap.")
