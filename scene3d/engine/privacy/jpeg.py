"""JPEG without its application segments. Source: ITU-T T.81, annex B."""

import re
import struct
from dataclasses import dataclass, field

from scene3d.engine.privacy.pieces import Piece, Range, Source
from scene3d.engine.privacy.tiff_tags import camera_block
from scene3d.engine.privacy.xmp import orientation_of_xmp

START = b"\xff\xd8"
_END = b"\xff\xd9"
_MARKER = re.compile(rb"\xff+([\x02-\xcf\xd8-\xfe])")
"""In a scan, where 00 stands for a plain FF and D0 to D7 are restarts."""
_SCAN, _END_OF_IMAGE, _START_OF_IMAGE, _COMMENT = 0xDA, 0xD9, 0xD8, 0xFE
_JFIF, _EXIF, _ADOBE = 0xE0, 0xE1, 0xEE
_JFIF_HEAD, _ADOBE_HEAD = b"JFIF\0", b"Adobe"
_EXIF_HEAD, _XMP_HEAD = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"


def strip_jpeg(source: Source) -> list[Piece]:
    """The first image of the file, its scans as they are; nothing behind its end.

    Decoders tell colours by the segments of JFIF and Adobe, so the numbers of both stay.
    """
    stripping = _Stripping(source)
    at: int | None = len(START)
    while at is not None:
        at = stripping.next_segment(at)
    return stripping.pieces()


@dataclass
class _Stripping:
    source: Source
    kept: list[Piece] = field(default_factory=list)
    exif: Range | None = None
    xmp_orientation: int = 1

    def next_segment(self, at: int) -> int | None:
        """Where the one behind it is; None at the end, and where the file is cut off: whoever
        decodes it will say so."""
        found = _MARKER.search(self.source, at)
        if found is None:
            return None
        marker, body = found[1][0], _body(self.source, found)
        if marker == _END_OF_IMAGE:
            self.kept.append(_END)
            return None
        if body is None:
            return None
        if marker == _SCAN:
            body = Range(body.start, _end_of_scan(self.source, body.end))
        self._take(marker, Range(found.end() - 2, body.end), body)
        return body.end

    def pieces(self) -> list[Piece]:
        camera = camera_block(self.source, *(self.exif or (0, 0)), self.xmp_orientation)
        if not camera:
            return [START, *self.kept]
        block = _EXIF_HEAD + camera
        segment = b"\xff\xe1" + struct.pack(">H", 2 + len(block)) + block
        is_jfif = bool(self.kept) and isinstance(self.kept[0], bytes) and _is_jfif(self.kept[0])
        return [START, *self.kept[:is_jfif], segment, *self.kept[is_jfif:]]

    def _take(self, marker: int, segment: Range, body: Range) -> None:
        if marker == _EXIF:
            head = bytes(self.source[body.start : min(body.end, body.start + len(_XMP_HEAD))])
            if head.startswith(_EXIF_HEAD) and self.exif is None:
                self.exif = Range(body.start + len(_EXIF_HEAD), body.end)
            elif head == _XMP_HEAD:
                self.xmp_orientation = orientation_of_xmp(self.source[body.start : body.end])
        elif marker in (_JFIF, _ADOBE):
            self.kept += _colour_segment(self.source, marker, body)
        elif not _is_private(marker):
            self.kept.append(segment)


def _body(source: Source, found: re.Match[bytes]) -> Range | None:
    """The segment's content; None where the file ends first."""
    at = found.end()
    if found[1][0] == _START_OF_IMAGE:
        return Range(at, at)
    if at + 2 > len(source):
        return None
    (length,) = struct.unpack(">H", source[at : at + 2])
    return Range(at + 2, at + length) if 2 <= length <= len(source) - at else None


def _end_of_scan(source: Source, at: int) -> int:
    """Where the next marker is, or the file ends."""
    found = _MARKER.search(source, at)
    return len(source) if found is None else found.start()


def _is_private(marker: int) -> bool:
    return 0xE0 <= marker <= 0xEF or 0xF0 <= marker <= _COMMENT or marker == _START_OF_IMAGE


def _is_jfif(segment: bytes) -> bool:
    return segment[1] == _JFIF


def _colour_segment(source: Source, marker: int, body: Range) -> list[Piece]:
    """Without thumbnails, and whatever else somebody has put behind the numbers."""
    content = bytes(source[body.start : min(body.end, body.start + 14)])
    if marker == _JFIF and content.startswith(_JFIF_HEAD) and len(content) == 14:
        content = content[:12] + b"\0\0"
    elif marker == _ADOBE and content.startswith(_ADOBE_HEAD) and len(content) >= 12:
        content = content[:12]
    else:
        return []
    return [struct.pack(">BBH", 0xFF, marker, 2 + len(content)) + content]
