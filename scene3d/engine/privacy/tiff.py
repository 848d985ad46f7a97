"""TIFF files: the first picture's directory, cut down to what decoding needs, and its data."""

import struct

from scene3d.engine.privacy.pieces import NotParsableError, Piece, Range, Source, in_place
from scene3d.engine.privacy.tiff_tags import (
    CAMERA_TAGS,
    EXIF_DIRECTORY,
    LENS_TAGS,
    Tag,
    TiffReader,
)

STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_STRIPS, _STRIP_BYTES, _TILES, _TILE_BYTES = 273, 279, 324, 325
_DECODING = frozenset({
    254, 256, 257, 258, 259, 262, 266, _STRIPS, 277, 278, _STRIP_BYTES, 280, 281, 284, 292, 293,
    317, 318, 319, 320, 322, 323, _TILES, _TILE_BYTES, 332, 338, 339, 340, 341, 347, 529, 530, 531,
    532,
})  # fmt: skip
_MAX_PARTS = 100_000


def strip_tiff(source: Source) -> list[Piece]:
    """As long as before, with zeros wherever nothing of the first picture lies.

    Raises: NotParsableError.
    """
    reader = TiffReader(source, 0, len(source))
    directory = reader.first_directory
    tags = reader.tags(directory)
    kept = [Range(0, 16 if reader.is_big else 8)]
    patches = [_cut_down(reader, directory, _DECODING | CAMERA_TAGS | {EXIF_DIRECTORY}, kept)]
    if EXIF_DIRECTORY in tags:
        lens_directory = reader.numbers(tags[EXIF_DIRECTORY])[0]
        patches.append(_cut_down(reader, lens_directory, LENS_TAGS, kept))
    for starts, sizes in ((_STRIPS, _STRIP_BYTES), (_TILES, _TILE_BYTES)):
        if starts in tags and sizes in tags:
            kept += _parts(reader, tags[starts], tags[sizes])
    first, *others = sorted(patches)
    if any(start < first[0] + len(first[1]) for start, _ in others):
        raise NotParsableError
    return in_place(kept, patches, len(source))


def _cut_down(
    reader: TiffReader, directory: int, allowed: frozenset[int], kept: list[Range]
) -> tuple[int, bytes]:
    """The directory's place and its new content; its values are added to `kept`."""
    whole = reader.directory_range(directory)
    if whole.end > reader.end:
        raise NotParsableError
    entries = [tag for tag in reader.tags(directory).values() if tag.tag in allowed]
    kept += [tag.value for tag in entries]
    content = struct.pack(f"{reader.order}{'Q' if reader.is_big else 'H'}", len(entries))
    content += b"".join(bytes(reader.source[slice(*tag.entry)]) for tag in entries)
    return whole.start, content.ljust(whole.end - whole.start, b"\0")


def _parts(reader: TiffReader, starts: Tag, sizes: Tag) -> list[Range]:
    if starts.count != sizes.count or starts.count > _MAX_PARTS:
        raise NotParsableError
    pairs = zip(reader.numbers(starts), reader.numbers(sizes), strict=True)
    return [Range(start, start + size) for start, size in pairs]
