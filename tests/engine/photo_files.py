"""Photo files of all kinds, made from known pixels."""

import io
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

Pixels = NDArray[np.uint8]

WIDTH, HEIGHT = 96, 64


def smooth_rgb(width: int = WIDTH, height: int = HEIGHT) -> Pixels:
    """(H, W, 3) that changes slowly, so that lossy formats keep it, and has no symmetry."""
    row, column = np.mgrid[:height, :width]
    channels = (
        255 * column / width,
        255 * row / height,
        60 + 40 * row / height + 90 * column / width,
    )
    return np.stack(channels, axis=-1).astype(np.uint8)


def encoded(pixels: NDArray[Any] | Image.Image, file_format: str, **parameters: Any) -> bytes:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    file = io.BytesIO()
    image.save(file, file_format, **parameters)
    return file.getvalue()


def jpeg(pixels: Pixels | None = None, **parameters: Any) -> bytes:
    """Nearly lossless."""
    return encoded(
        smooth_rgb() if pixels is None else pixels,
        "JPEG",
        **{"quality": 98, "subsampling": 0, **parameters},
    )


def exif(tags: Mapping[int, Any] | None = None, camera: Mapping[int, Any] | None = None) -> bytes:
    """An EXIF block of `tags`, and of `camera` in its own directory."""
    block = Image.Exif()
    block.update(tags or {})
    if camera:
        block.get_ifd(ExifTags.IFD.Exif).update(camera)
    return block.tobytes()


def raw_exif(*entries: tuple[int, int, int, bytes]) -> bytes:
    """An EXIF block of (tag, type, count, four bytes) that no library would write."""
    fields = b"".join(struct.pack("<HHI", *entry[:3]) + entry[3] for entry in entries)
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + fields + bytes(4)


def stored_from_upright(upright: Pixels, orientation: int) -> Pixels:
    """Source: EXIF 2.32, tag 274, which says where row 0 and column 0 of the file belong."""
    turned = upright.transpose(1, 0, 2)  # row 0 is the left side, column 0 the top
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: turned,
        6: turned[::-1],
        7: turned[::-1, ::-1],
        8: turned[:, ::-1],
    }[orientation]
    return np.ascontiguousarray(stored)


def png_header(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims a size."""
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(50))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def jpeg_segments(content: bytes) -> list[int]:
    """Markers between the start of the image and its first scan."""
    markers, at = [], 2
    while content[at + 1] != 0xDA:
        markers.append(content[at + 1])
        at += 2 + int(struct.unpack_from(">H", content, at + 2)[0])
    return markers
