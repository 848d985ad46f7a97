"""BMP has no room for metadata, but for whatever somebody has put behind the pixels."""

import struct

from scene3d.engine.privacy.pieces import NotParsableError, Piece, Range, Source

START = b"BM"
_UNCOMPRESSED = frozenset({0, 3, 6})


def strip_bmp(source: Source) -> list[Piece]:
    """Raises: NotParsableError."""
    if len(source) < 54:
        raise NotParsableError
    pixels_at, header_bytes = struct.unpack("<II", source[10:18])
    if header_bytes < 40:  # OS/2's: nothing but pixels either, and nobody has them any more
        return [Range(0, min(len(source), 26 + (1 << 20)))]
    width, height, _, bits, compression, size = struct.unpack("<iiHHII", source[18:38])
    if compression in _UNCOMPRESSED:
        size = (width * bits + 31) // 32 * 4 * abs(height)
    return [Range(0, max(0, min(len(source), pixels_at + size)))]
