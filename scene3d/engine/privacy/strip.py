"""Which of the formats a file is, by its first bytes."""

import mmap
import zlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from scene3d.engine.privacy import bmp, heif, jpeg, png, tiff, webp
from scene3d.engine.privacy.pieces import NotParsableError, Piece, Range, Source, write_pieces

_HEAD_BYTES = 12
_FORMATS: Sequence[tuple[Callable[[bytes], bool], Callable[[Source], list[Piece]]]] = (
    (lambda head: head.startswith(jpeg.START), jpeg.strip_jpeg),
    (lambda head: head.startswith(png.START), png.strip_png),
    (webp.is_webp, webp.strip_webp),
    (heif.is_heif, heif.strip_heif),
    (lambda head: head.startswith(tiff.STARTS), tiff.strip_tiff),
    (lambda head: head.startswith(bmp.START), bmp.strip_bmp),
)
_TEXT_BOMB = b"text\0\0" + zlib.compress(bytes(2 << 20), 9)


def strip_private(path: Path, target: Path) -> None:
    """Write the photo at `path` to `target` without anything but its pixels and what took them.

    Orientation, make, model and focal lengths stay. Pixels are not decoded, so they stay to the
    bit. A file that is no photo keeps its first bytes alone, by which a decoder refuses it; one
    with a text bomb is replaced by a small one that is refused for the same reason.
    """
    with ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))
        source: Source = b""
        if path.stat().st_size:
            source = stack.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        write_pieces(source, _cleaned(source), target)


def _cleaned(source: Source) -> Sequence[Piece]:
    head = bytes(source[:_HEAD_BYTES])
    for is_format, strip in _FORMATS:
        if is_format(head):
            try:
                return strip(source)
            except NotParsableError:
                break
            except png.TextBombError:
                return [png.START, Range(8, min(33, len(source))), png.chunk(b"zTXt", _TEXT_BOMB)]
    return [head]
