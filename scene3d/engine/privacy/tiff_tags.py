"""TIFF's directories of tags, in which EXIF lies too. Source: TIFF 6.0, EXIF 2.32, BigTIFF."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from scene3d.engine.privacy.pieces import NotParsableError, Range, Source

MAKE, MODEL, ORIENTATION, EXIF_DIRECTORY = 0x010F, 0x0110, 0x0112, 0x8769
FOCAL_LENGTH, DIGITAL_ZOOM, FOCAL_LENGTH_35MM = 0x920A, 0xA404, 0xA405
CAMERA_TAGS = frozenset({MAKE, MODEL, ORIENTATION})
LENS_TAGS = frozenset({FOCAL_LENGTH, DIGITAL_ZOOM, FOCAL_LENGTH_35MM})
"""Of the EXIF directory."""

_VALUE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8,
                13: 4, 16: 8, 17: 8, 18: 8}  # fmt: skip
_MAX_TAGS = 1000
_MAX_TEXT_BYTES = 64
_ASCII, _SHORT, _LONG, _RATIONAL = 2, 3, 4, 5


@dataclass(frozen=True, kw_only=True)
class Tag:
    """One entry of a directory."""

    tag: int
    kind: int
    count: int
    entry: Range
    value: Range
    """In the entry where it fits there."""


@dataclass(frozen=True)
class TiffReader:
    """Reads a TIFF that begins at `start` of the source and ends with it.

    Raises: NotParsableError.
    """

    source: Source
    start: int
    end: int

    @property
    def order(self) -> str:
        try:
            return {b"II": "<", b"MM": ">"}[bytes(self.source[self.start : self.start + 2])]
        except KeyError:
            raise NotParsableError from None

    @property
    def is_big(self) -> bool:
        return self.unpack("H", self.start + 2) == 43

    @property
    def first_directory(self) -> int:
        """Where it lies in the source."""
        if self.is_big:
            return self.start + self.unpack("Q", self.start + 8)
        if self.unpack("H", self.start + 2) != 42:
            raise NotParsableError
        return self.start + self.unpack("I", self.start + 4)

    def unpack(self, code: str, at: int) -> int:
        size = struct.calcsize(code)
        if not self.start <= at <= self.end - size:
            raise NotParsableError
        return int(struct.unpack(f"{self.order}{code}", self.source[at : at + size])[0])

    def tags(self, directory: int) -> dict[int, Tag]:
        """By number; the first of several wins."""
        count_code, count_bytes, entry_bytes = ("Q", 8, 20) if self.is_big else ("H", 2, 12)
        num_tags = self.unpack(count_code, directory)
        if num_tags > _MAX_TAGS:
            raise NotParsableError
        found: dict[int, Tag] = {}
        for number in range(num_tags):
            tag = self._tag(directory + count_bytes + number * entry_bytes)
            if tag is not None:
                found.setdefault(tag.tag, tag)
        return found

    def directory_range(self, directory: int) -> Range:
        """With the pointer to the next one behind it."""
        if self.is_big:
            return Range(directory, directory + 16 + 20 * self.unpack("Q", directory))
        return Range(directory, directory + 6 + 12 * self.unpack("H", directory))

    def numbers(self, tag: Tag) -> list[int]:
        """Of SHORT, LONG or LONG8 values."""
        code = {1: "B", _SHORT: "H", _LONG: "I", 13: "I", 16: "Q", 18: "Q"}.get(tag.kind)
        if code is None:
            raise NotParsableError
        values = self.source[tag.value.start : tag.value.end]
        return list(struct.unpack(f"{self.order}{tag.count}{code}", values))

    def _tag(self, at: int) -> Tag | None:
        """None for a type that nobody knows, or a value beyond the end."""
        tag, kind = self.unpack("H", at), self.unpack("H", at + 2)
        count = self.unpack("Q" if self.is_big else "I", at + 4)
        inline_at, inline_bytes = (at + 12, 8) if self.is_big else (at + 8, 4)
        num_bytes = _VALUE_BYTES.get(kind, 0) * count
        if not num_bytes:
            return None
        value_at = inline_at
        if num_bytes > inline_bytes:
            value_at = self.start + self.unpack("Q" if self.is_big else "I", inline_at)
        if value_at + num_bytes > self.end:
            return None
        return Tag(
            tag=tag,
            kind=kind,
            count=count,
            entry=Range(at, inline_at + inline_bytes),
            value=Range(value_at, value_at + num_bytes),
        )


def camera_block(source: Source, start: int, end: int, xmp_orientation: int = 1) -> bytes:
    """A new EXIF block (without "Exif\\0\\0") of what a reconstruction uses; empty without any.

    Args:
        start: of the TIFF header in the source; anything may lie there.
        xmp_orientation: counts where the block has none.
    """
    try:
        camera, lens = _read_camera(TiffReader(source, start, end))
    except NotParsableError:
        camera, lens = {}, {}
    if ORIENTATION not in camera and xmp_orientation != 1:
        camera[ORIENTATION] = struct.pack("<HHI", ORIENTATION, _SHORT, 1), _short(xmp_orientation)
    return _written(camera, lens)


_Entry = tuple[bytes, bytes]
"""Tag, type and count, and the value."""


def _read_camera(reader: TiffReader) -> tuple[dict[int, _Entry], dict[int, _Entry]]:
    tags = reader.tags(reader.first_directory)
    camera = {tag: entry for tag in sorted(CAMERA_TAGS) if (entry := _entry(reader, tags.get(tag)))}
    lens: dict[int, _Entry] = {}
    pointer = tags.get(EXIF_DIRECTORY)
    if pointer is not None and pointer.count == 1:
        try:
            lens_tags = reader.tags(reader.start + reader.numbers(pointer)[0])
        except NotParsableError:
            lens_tags = {}
        lens = {t: entry for t in sorted(LENS_TAGS) if (entry := _entry(reader, lens_tags.get(t)))}
    return camera, lens


def _entry(reader: TiffReader, tag: Tag | None) -> _Entry | None:
    """In Intel's order; None for what no camera writes."""
    if tag is None:
        return None
    value = b""
    if tag.kind == _ASCII and tag.tag in (MAKE, MODEL):
        raw = bytes(reader.source[tag.value.start : tag.value.start + _MAX_TEXT_BYTES])
        text = raw[: tag.count].split(b"\0")[0]
        value = bytes(byte for byte in text if 0x20 <= byte < 0x7F)
        value += b"\0" if value else b""
    elif tag.kind == _SHORT and tag.count == 1 and tag.tag in (ORIENTATION, FOCAL_LENGTH_35MM):
        number = reader.numbers(tag)[0]
        is_usable = 2 <= number <= 8 if tag.tag == ORIENTATION else number > 0
        value = _short(number) if is_usable else b""
    elif tag.count == 1 and tag.tag in (FOCAL_LENGTH, DIGITAL_ZOOM):
        value = _fraction(reader, tag)
    if not value:
        return None
    kind = _RATIONAL if len(value) == 8 and tag.kind != _ASCII else tag.kind
    count = len(value) if kind == _ASCII else 1
    return struct.pack("<HHI", tag.tag, kind, count), value


def _fraction(reader: TiffReader, tag: Tag) -> bytes:
    """Cameras write a fraction, some programs a float; empty for nothing and the infinite."""
    if tag.kind == _RATIONAL:
        top = reader.unpack("I", tag.value.start)
        bottom = reader.unpack("I", tag.value.start + 4)
        return struct.pack("<II", top, bottom) if top and bottom else b""
    code = {11: "f", 12: "d"}.get(tag.kind)
    if code is None:
        return b""
    (number,) = struct.unpack(f"{reader.order}{code}", reader.source[slice(*tag.value)])
    return struct.pack("<II", round(number * 1000), 1000) if 0 < number < 1e6 else b""


def _short(number: int) -> bytes:
    return struct.pack("<HH", number, 0)


def _written(camera: Mapping[int, _Entry], lens: Mapping[int, _Entry]) -> bytes:
    if not camera and not lens:
        return b""
    entries = [camera[tag] for tag in sorted(camera)]
    if lens:
        first_bytes = 8 + 2 + 12 * (len(entries) + 1) + 4
        lens_at = first_bytes + sum(_outside_bytes(value) for _, value in entries)
        pointer = struct.pack("<I", lens_at)
        entries.append((struct.pack("<HHI", EXIF_DIRECTORY, _LONG, 1), pointer))
    block = b"II*\0" + struct.pack("<I", 8) + _directory(entries, 8)
    return block + (_directory([lens[tag] for tag in sorted(lens)], len(block)) if lens else b"")


def _directory(entries: list[_Entry], at: int) -> bytes:
    head, outside = struct.pack("<H", len(entries)), b""
    outside_at = at + 2 + 12 * len(entries) + 4
    for start, value in entries:
        if _outside_bytes(value):
            head += start + struct.pack("<I", outside_at + len(outside))
            outside += value + bytes(len(value) % 2)
        else:
            head += start + value.ljust(4, b"\0")
    return head + bytes(4) + outside


def _outside_bytes(value: bytes) -> int:
    return 0 if len(value) <= 4 else len(value) + len(value) % 2
