"""ZIP archives written field by field, so that each of them can lie."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14
ENCRYPTED, UTF8 = 0x1, 0x800
END_SIZE, LOCATOR_SIZE, END64_SIZE = 22, 20, 56


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file; fields that are None tell the truth."""

    name: bytes = b"photo.jpg"
    content: bytes = b"as good as a photo"
    method: int = DEFLATED
    flags: int = 0
    mode: int = 0o100644
    stream: bytes | None = None
    local_name: bytes | None = None
    crc: int | None = None
    file_size: int | None = None
    compress_size: int | None = None
    header_offset: int | None = None
    extra: bytes = b""
    """Of the central directory alone."""

    @property
    def packed(self) -> bytes:
        if self.stream is not None:
            return self.stream
        return deflate(self.content) if self.method == DEFLATED else self.content


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What the end of the directory claims; fields that are None tell the truth."""

    disk: int = 0
    num_entries: int | None = None
    directory_start: int | None = None
    comment: bytes = b""
    is_zip64: bool = False
    locator_start: int | None = None
    """Where the ZIP64 locator says that the ZIP64 record lies."""


def deflate(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def forge(*entries: Entry, ending: Ending | None = None) -> bytes:
    """An archive of `entries`, truthful where they are."""
    body, directory = b"", b""
    for entry in entries:
        directory += central_header(entry, len(body))
        body += local_header(entry) + entry.packed
    return body + directory + end(len(body), len(directory), len(entries), ending or Ending())


def local_header(entry: Entry) -> bytes:
    name = entry.name if entry.local_name is None else entry.local_name
    return struct.pack("<4s5H3I2H", *_common(entry, b"PK\3\4"), len(name), 0) + name


def central_header(entry: Entry, header_offset: int) -> bytes:
    if entry.header_offset is not None:
        header_offset = entry.header_offset
    signature, *common = _common(entry, b"PK\1\2")
    return (
        struct.pack(
            "<4s6H3I5H2I",
            signature,
            3 << 8 | 20,
            *common,
            len(entry.name),
            len(entry.extra),
            0,
            0,
            0,
            entry.mode << 16,
            header_offset,
        )
        + entry.name
        + entry.extra
    )


def end(directory_start: int, directory_size: int, num_entries: int, ending: Ending) -> bytes:
    record_start = directory_start + directory_size
    if ending.directory_start is not None:
        directory_start = ending.directory_start
    if ending.num_entries is not None:
        num_entries = ending.num_entries
    counted = num_entries, num_entries, directory_size, directory_start
    zip64 = b""
    if ending.is_zip64:
        locator_start = record_start if ending.locator_start is None else ending.locator_start
        zip64 = end64(*counted) + struct.pack("<4sIQI", b"PK\6\7", 0, locator_start, 1)
        counted = 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF
    return (
        zip64
        + struct.pack("<4s4H2IH", b"PK\5\6", ending.disk, 0, *counted, len(ending.comment))
        + ending.comment
    )


def end64(*counted: int) -> bytes:
    return struct.pack("<4sQ2H2I4Q", b"PK\6\6", END64_SIZE - 12, 45, 45, 0, 0, *counted)


def same_offset_bomb(num_entries: int, content: bytes) -> bytes:
    """Every directory entry points at the one compressed stream."""
    entry = Entry(content=content)
    body = local_header(entry) + entry.packed
    directory = central_header(entry, 0) * num_entries
    return body + directory + end(len(body), len(directory), num_entries, Ending())


def quoted_overlap_bomb(num_entries: int, kernel: bytes) -> bytes:
    """Each file's stream quotes the local header of the next and goes on with its stream.

    Source: Fifield, "A better zip bomb", 2019.
    """
    packed = deflate(kernel)
    whole = kernel
    headers: list[tuple[Entry, int]] = []
    for number in reversed(range(num_entries)):
        entry = Entry(
            name=b"%d.jpg" % number,
            crc=zlib.crc32(whole),
            file_size=len(whole),
            compress_size=len(packed),
        )
        header = local_header(entry)
        headers.append((entry, len(header) + len(packed)))
        if number:
            size = len(header)
            packed = struct.pack("<BHH", 0, size, size ^ 0xFFFF) + header + packed
            whole = header + whole
        else:
            packed = header + packed
    directory = b"".join(
        central_header(entry, len(packed) - distance_from_end)
        for entry, distance_from_end in reversed(headers)
    )
    return packed + directory + end(len(packed), len(directory), num_entries, Ending())


def zip64_extra(values: Sequence[int]) -> bytes:
    return struct.pack(f"<HH{len(values)}Q", 1, 8 * len(values), *values)


def _common(entry: Entry, signature: bytes) -> tuple[bytes, int, int, int, int, int, int, int, int]:
    return (
        signature,
        20,
        entry.flags,
        entry.method,
        0,
        0x21,
        zlib.crc32(entry.content) if entry.crc is None else entry.crc,
        len(entry.packed) if entry.compress_size is None else entry.compress_size,
        len(entry.content) if entry.file_size is None else entry.file_size,
    )
