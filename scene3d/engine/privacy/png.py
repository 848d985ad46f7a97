"""PNG without its texts. Source: W3C, Portable Network Graphics, third edition."""

import struct
import zlib

from scene3d.engine.privacy.pieces import Piece, Range, Source
from scene3d.engine.privacy.tiff_tags import camera_block
from scene3d.engine.privacy.xmp import orientation_of_xmp

START = b"\x89PNG\r\n\x1a\n"
_KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_XMP_HEAD = b"XML:com.adobe.xmp\0"
_COMPRESSED = frozenset({b"zTXt", b"iTXt", b"iCCP"})
_MAX_UNPACKED_BYTES = 1 << 20
_MAX_XMP_BYTES = 1 << 20


class TextBombError(Exception):
    """A text that unpacks to far more than any camera writes."""


def strip_png(source: Source) -> list[Piece]:
    """Raises: TextBombError."""
    kept: list[Piece] = [START]
    exif, xmp_orientation, before_data = Range(0, 0), 1, 1
    at, size = len(START), len(source)
    while at + 12 <= size:
        (length,) = struct.unpack(">I", source[at : at + 4])
        kind = bytes(source[at + 4 : at + 8])
        body = Range(at + 8, min(at + 8 + length, size))
        if kind in _KEPT:
            kept.append(Range(at, min(body.end + 4, size)))
            before_data = before_data if kind in (b"IDAT", b"IEND") else len(kept)
        elif kind == b"eXIf":
            exif = body
        elif kind in _COMPRESSED:
            content = bytes(source[body.start : min(body.end, body.start + _MAX_XMP_BYTES)])
            _check_unpacked(kind, content)
            if content.startswith(_XMP_HEAD):
                xmp_orientation = orientation_of_xmp(content)
        if kind == b"IEND":
            break
        at = body.end + 4
    camera = camera_block(source, *exif, xmp_orientation)
    if camera:
        kept.insert(min(before_data, len(kept)), chunk(b"eXIf", camera))
    return kept


def _check_unpacked(kind: bytes, content: bytes) -> None:
    """Names end at a zero; compressed streams follow a byte or two of flags, in iTXt also two
    more texts."""
    _, _, rest = content.partition(b"\0")
    if kind == b"iTXt":
        if not rest.startswith(b"\1"):
            return
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    else:
        rest = rest[1:]
    unpacking = zlib.decompressobj()
    try:
        unpacked = unpacking.decompress(rest, _MAX_UNPACKED_BYTES + 1)
    except zlib.error:
        return
    if len(unpacked) > _MAX_UNPACKED_BYTES:
        raise TextBombError


def chunk(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum
