"""HEIC and AVIF: boxes of items, of which EXIF and XMP are two. Source: ISO/IEC 14496-12, 23008-12.

Places of items are absolute, so every byte stays where it is or becomes zero.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from scene3d.engine.privacy.pieces import NotParsableError, Piece, Range, Source, in_place
from scene3d.engine.privacy.tiff_tags import camera_block

_KEPT = frozenset({b"ftyp", b"meta"})
_PICTURES = frozenset({b"hvc1", b"av01", b"avc1", b"vvc1", b"grid", b"iden", b"iovl", b"tmap"})
_MAX_PLACES, _MAX_BOXES, _MAX_PATCHES = 20_000, 10_000, 100
_EXIF_OFFSET_BYTES = 4
_NO_TAGS = b"II*\0\x08\0\0\0" + bytes(6)
"""A block that decoders can parse."""


class _Box(NamedTuple):
    kind: bytes
    whole: Range
    body: Range


@dataclass
class _Items:
    """By item id: what it is, and where its bytes lie in the file."""

    kinds: dict[int, bytes] = field(default_factory=dict)
    places: dict[int, list[Range]] = field(default_factory=dict)


def is_heif(head: bytes) -> bool:
    return head[4:8] == b"ftyp"


def strip_heif(source: Source) -> list[Piece]:
    """As long as before; what belongs to no picture is zero, the cleaned EXIF is in its place.

    Raises: NotParsableError.
    """
    top = list(_boxes(source, Range(0, len(source))))
    meta = next((box for box in top if box.kind == b"meta"), None)
    if meta is None:
        raise NotParsableError
    items = _read_items(source, meta)
    kept, patches = _divide(source, items)
    for box in top:
        if box.kind in _KEPT:
            kept.append(box.whole)
        else:  # "free" boxes of what nobody is to see; mdat keeps its name
            kept.append(Range(box.whole.start, box.body.start))
            patches += [(box.whole.start + 4, b"free")] if box.kind != b"mdat" else []
    if len(patches) > _MAX_PATCHES:
        raise NotParsableError
    _require_disjoint(patches)
    return in_place(kept, patches, len(source))


def _divide(source: Source, items: _Items) -> tuple[list[Range], list[tuple[int, bytes]]]:
    """Places of pictures, and what is to stand in the places of metadata."""
    kept: list[Range] = []
    patches: list[tuple[int, bytes]] = []
    for item, places in items.places.items():
        kind = items.kinds.get(item, b"")
        if kind == b"Exif" and len(places) == 1:
            patches.append((places[0].start, _cleaned_exif(source, places[0])))
        elif kind in _PICTURES:
            kept += places
        else:
            patches += [(place.start, bytes(place.end - place.start)) for place in places]
    return kept, patches


def _boxes(source: Source, inside: Range) -> Iterator[_Box]:
    at, num_boxes = inside.start, 0
    while at + 8 <= inside.end:
        num_boxes += 1
        if num_boxes > _MAX_BOXES:
            raise NotParsableError
        size, kind = struct.unpack(">I4s", source[at : at + 8])
        head = 8
        if size == 1 and at + 16 <= inside.end:
            (size,) = struct.unpack(">Q", source[at + 8 : at + 16])
            head = 16
        elif size == 0:
            size = inside.end - at
        if size < head:
            raise NotParsableError
        end = min(at + size, inside.end)
        yield _Box(kind, Range(at, end), Range(min(at + head, end), end))
        at += size


def _read_items(source: Source, meta: _Box) -> _Items:
    """Of a full box: version and flags come first."""
    items, places, data = _Items(), None, Range(0, 0)
    for box in _boxes(source, Range(meta.body.start + 4, meta.body.end)):
        if box.kind == b"iinf":
            _read_kinds(source, box.body, items)
        elif box.kind == b"iloc":
            places = box.body
        elif box.kind == b"idat":
            data = box.body
    if places is None:
        raise NotParsableError
    _Locations(source, places, data).read_into(items)
    return items


def _read_kinds(source: Source, body: Range, items: _Items) -> None:
    count_bytes = 4 if source[body.start] else 2
    for box in _boxes(source, Range(body.start + 4 + count_bytes, body.end)):
        if box.kind == b"infe" and box.body.end - box.body.start >= 12:
            version = source[box.body.start]
            id_bytes = 4 if version == 3 else 2
            at = box.body.start + 4
            item = int.from_bytes(source[at : at + id_bytes])
            kind_at = at + id_bytes + 2
            items.kinds[item] = bytes(source[kind_at : kind_at + 4])


@dataclass
class _Locations:
    """The box "iloc", read field by field."""

    source: Source
    body: Range
    data: Range
    at: int = 0
    num_places: int = 0

    def read_into(self, items: _Items) -> None:
        self.at = self.body.start
        version = self._number(4) >> 24
        sizes = self._number(2)
        offset_bytes, length_bytes, base_bytes, index_bytes = (
            sizes >> shift & 0xF for shift in (12, 8, 4, 0)
        )
        num_items = self._number(4 if version == 2 else 2)
        for _ in range(num_items):
            item = self._number(4 if version == 2 else 2)
            method = self._number(2) & 0xF if version in (1, 2) else 0
            self._number(2)  # the file that it lies in: this one
            base = self._number(base_bytes)
            places = []
            for _ in range(self._number(2)):
                self._count_place()
                self._number(index_bytes if version in (1, 2) else 0)
                start, length = base + self._number(offset_bytes), self._number(length_bytes)
                places.append(self._place(method, start, length))
            items.places[item] = [place for place in places if place.start < place.end]

    def _place(self, method: int, start: int, length: int) -> Range:
        size = len(self.source)
        if method == 1:
            first, last = self.data.start + start, self.data.end
        else:
            first, last = start, size
        end = min(first + length, last) if length else last
        return Range(first, end) if method in (0, 1) else Range(0, 0)

    def _number(self, num_bytes: int) -> int:
        if self.at + num_bytes > self.body.end:
            raise NotParsableError
        self.at += num_bytes
        return int.from_bytes(self.source[self.at - num_bytes : self.at])

    def _count_place(self) -> None:
        """Places may take no bytes, so a small file may claim billions."""
        self.num_places += 1
        if self.num_places > _MAX_PLACES:
            raise NotParsableError


def _cleaned_exif(source: Source, place: Range) -> bytes:
    """An offset comes first, then maybe "Exif\\0\\0", then the block."""
    size = place.end - place.start
    if size < _EXIF_OFFSET_BYTES:
        return bytes(size)
    head = place.start + _EXIF_OFFSET_BYTES
    (offset,) = struct.unpack(">I", source[place.start : head])
    block = camera_block(source, min(head + offset, place.end), place.end) or _NO_TAGS
    cleaned = bytes(_EXIF_OFFSET_BYTES) + block
    return cleaned.ljust(size, b"\0") if len(cleaned) <= size else bytes(size)


def _require_disjoint(patches: list[tuple[int, bytes]]) -> None:
    patches.sort()
    ends_at = 0
    for start, content in patches:
        if start < ends_at:
            raise NotParsableError
        ends_at = start + len(content)
