"""WebP without its metadata. Source: Google, WebP Container Specification."""

import struct
from dataclasses import dataclass, field

from scene3d.engine.privacy.pieces import NotParsableError, Piece, Range, Source, Zeros
from scene3d.engine.privacy.tiff_tags import camera_block
from scene3d.engine.privacy.xmp import orientation_of_xmp

_KEPT = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"})
_HAS_ICC, _HAS_EXIF, _HAS_XMP = 0x20, 0x08, 0x04
_EXIF_HEAD = b"Exif\0\0"
_NOTHING = Range(0, 0)


def is_webp(head: bytes) -> bool:
    return head.startswith(b"RIFF") and head[8:12] == b"WEBP"


def strip_webp(source: Source) -> list[Piece]:
    """Raises: NotParsableError."""
    stripping = _Stripping(source)
    at = 12
    while at + 8 <= len(source):
        (length,) = struct.unpack("<I", source[at + 4 : at + 8])
        stripping.take(Range(at, min(at + 8 + length, len(source))))
        at += 8 + length + length % 2
    kept = stripping.pieces()
    return [b"RIFF" + struct.pack("<I", 4 + sum(map(_length, kept))) + b"WEBP", *kept]


@dataclass
class _Stripping:
    source: Source
    kept: list[Piece] = field(default_factory=list)
    extended: bytes = b""
    """The chunk that says what the file has, where there is one."""
    exif: Range = _NOTHING
    xmp_orientation: int = 1

    def take(self, whole: Range) -> None:
        kind = bytes(self.source[whole.start : whole.start + 4])
        body = Range(whole.start + 8, whole.end)
        if kind in _KEPT:
            self.kept += [whole, bytes((whole.end - whole.start) % 2)]
        elif kind == b"VP8X" and body.end - body.start == 10:
            self.extended = bytes(self.source[body.start : body.end])
        elif kind == b"EXIF":
            is_prefixed = bytes(self.source[body.start : body.start + 6]) == _EXIF_HEAD
            self.exif = Range(body.start + (6 if is_prefixed else 0), body.end)
        elif kind == b"XMP ":
            self.xmp_orientation = orientation_of_xmp(self.source[body.start : body.end])

    def pieces(self) -> list[Piece]:
        """Raises: NotParsableError."""
        if not self.kept:
            raise NotParsableError
        if not self.extended:
            return self.kept
        camera = camera_block(self.source, *self.exif, self.xmp_orientation)
        flags = self.extended[0] & ~(_HAS_ICC | _HAS_EXIF | _HAS_XMP)
        flags |= _HAS_EXIF if camera else 0
        head = _chunk(b"VP8X", bytes([flags]) + self.extended[1:])
        return [head, *self.kept, *([_chunk(b"EXIF", camera)] if camera else [])]


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def _length(piece: Piece) -> int:
    if isinstance(piece, Range):
        return piece.end - piece.start
    return piece.num_bytes if isinstance(piece, Zeros) else len(piece)
