"""Photos that somebody might send us, and what becomes of each."""

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from scene3d.engine import photos as _plugins  # HEIF
from tests.engine.photo_files import (
    HEIGHT,
    WIDTH,
    chunk,
    encoded,
    exif,
    jpeg,
    png_header,
    raw_exif,
    smooth_rgb,
    stored_from_upright,
)

assert _plugins.FORMATS
SECRET = "Alice's house"
PNG = encoded(smooth_rgb(), "PNG")


@dataclass(frozen=True, kw_only=True)
class Photo:
    """One photo of a job; its name begins with the row's number."""

    make: Callable[[], bytes]
    reason: str | None = None
    """Why it is rejected; None where it is accepted."""
    is_smooth: bool = False
    """Accepted, and what people see is `smooth_rgb`, upright."""


def rejected(reason: str, make: Callable[[], bytes]) -> Photo:
    return Photo(make=make, reason=reason)


def accepted(make: Callable[[], bytes]) -> Photo:
    return Photo(make=make, is_smooth=True)


def progressive_cut_short() -> bytes:
    content = jpeg(progressive=True)
    return content[: content.rindex(b"\xff\xda") + 30]


def bad_crc() -> bytes:
    at = PNG.index(b"IDAT")
    (size,) = struct.unpack_from(">I", PNG, at - 4)
    return PNG[: at + 4 + size] + b"\0\0\0\0" + PNG[at + 8 + size :]


def huge_jpeg() -> bytes:
    """16383 x 16383 in its header."""
    content = bytearray(jpeg())
    at = content.index(b"\xff\xc0")
    struct.pack_into(">HH", content, at + 5, 16383, 16383)
    return bytes(content)


def text_bomb(kind: bytes) -> bytes:
    bomb = zlib.compress(bytes(64 << 20), 9)
    return PNG[:33] + chunk(kind, b"key\0\0" + bomb) + PNG[33:]


def slow_scans() -> bytes:
    """Each of 12,000 scans touches every block of a picture of 16 megapixels."""
    content = encoded(Image.new("L", (4000, 4000)), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    return content[:-2] + content[last:-2] * 12_000 + content[-2:]


def many_segments() -> bytes:
    content = jpeg()
    return (
        content[:2] + (b"\xff\xe5" + struct.pack(">H", 1002) + bytes(1000)) * 20_000 + content[2:]
    )


def cmyk(**parameters: Any) -> bytes:
    """Of `smooth_rgb`, each ink the opposite of a colour."""
    inks = Image.fromarray(255 - smooth_rgb())
    image = Image.merge("CMYK", [*inks.split(), Image.new("L", inks.size, 0)])
    return encoded(image, "JPEG", quality=98, subsampling=0, **parameters)


def ycck() -> bytes:
    """The same numbers, which Adobe's segment says are YCCK: decoded as other colours."""
    content = cmyk()
    at = content.index(b"Adobe") + 11
    return content[:at] + b"\2" + content[at + 1 :]


def gps_exif() -> bytes:
    block = Image.Exif()
    block[ExifTags.Base.Artist] = SECRET
    block.get_ifd(ExifTags.IFD.GPSInfo).update(
        {ExifTags.GPS.GPSLatitude: (48.0, 51.0, 30.0), ExifTags.GPS.GPSAreaInformation: SECRET}
    )
    return block.tobytes()


def gps_png() -> bytes:
    info = PngInfo()
    info.add_text("Location", SECRET)
    return encoded(smooth_rgb(), "PNG", exif=gps_exif(), pnginfo=info)


def odd_exif(focal: float) -> bytes:
    return exif({ExifTags.Base.Make: "M" * 60_000}, {ExifTags.Base.FocalLength: focal})


def transparent(mode: str) -> bytes:
    """Opaque, so the picture is the same."""
    return encoded(Image.fromarray(smooth_rgb()).convert(mode), "PNG")


def solid(file_format: str) -> Callable[[], bytes]:
    return lambda: encoded(smooth_rgb(), file_format)


def turned(orientation: int) -> bytes:
    tag = exif({ExifTags.Base.Orientation: orientation})
    upright = orientation if 1 <= orientation <= 8 else 1
    return jpeg(stored_from_upright(smooth_rgb(), upright), exif=tag)


def motion_photo() -> bytes:
    return jpeg() + struct.pack(">I4s", 24, b"ftyp") + b"mp42" + bytes(12) + SECRET.encode() * 50


def stereo() -> bytes:
    second = Image.new("RGB", (WIDTH, HEIGHT))
    return encoded(smooth_rgb(), "MPO", save_all=True, append_images=[second], quality=98)


def fits() -> bytes:
    cards = ("SIMPLE  =                    T", "BITPIX  =                    8",
             "NAXIS   =                    2", "NAXIS1  =                  100",
             "NAXIS2  =                  100", "END")  # fmt: skip
    return "".join(card.ljust(80) for card in cards).ljust(2880).encode() + bytes(2880 * 4)


def animated(file_format: str) -> bytes:
    return encoded(smooth_rgb(), file_format, save_all=True, lossless=True,
                   append_images=[Image.new("RGB", (WIDTH, HEIGHT))])  # fmt: skip


IMAGES: dict[str, Photo] = {
    "33-empty.jpg": rejected("image_empty", lambda: b""),
    "34-text.jpg": rejected("image_type_mismatch", lambda: b"not a photo " * 99),
    "34-html.jpg": rejected("image_type_mismatch", lambda: b"<!DOCTYPE html><script>1</script>"),
    "34-svg.jpg": rejected("image_type_mismatch", lambda: b"<svg><script>alert(1)</script></svg>"),
    "34-pdf.jpg": rejected("image_type_mismatch", solid("PDF")),
    "34-exe.jpg": rejected("image_type_mismatch", lambda: b"MZ" + bytes(900)),
    # Content decides; that the name says otherwise is noted nowhere.
    "35-png.jpg": accepted(lambda: PNG),
    "35-jpeg.png": accepted(jpeg),
    "36-half.jpg": rejected("image_truncated", lambda: jpeg()[: len(jpeg()) // 2]),
    "36-no-end.jpg": rejected("image_truncated", lambda: jpeg()[:-40]),
    "36-progressive.jpg": rejected("image_truncated", progressive_cut_short),
    "37-half.png": rejected("image_truncated", lambda: PNG[: len(PNG) // 2]),
    "37-crc.png": rejected("image_truncated", bad_crc),
    "38-header.png": rejected("image_too_many_pixels", lambda: png_header(50_000, 50_000)),
    "39-huge.jpg": rejected("image_too_many_pixels", huge_jpeg),
    "40-ztxt.png": rejected("image_metadata_too_large", lambda: text_bomb(b"zTXt")),
    "40-iccp.png": rejected("image_metadata_too_large", lambda: text_bomb(b"iCCP")),
    "41-scans.jpg": rejected("image_decode_timeout", slow_scans),
    # Application segments are dropped before anything decodes, so they cost nothing.
    "41-segments.jpg": accepted(many_segments),
    "42-one.png": rejected("image_too_small", lambda: encoded(Image.new("RGB", (1, 1)), "PNG")),
    "42-high.png": rejected("image_too_small", lambda: encoded(Image.new("L", (10, 8000)), "PNG")),
    "42-wide.png": rejected("image_too_small", lambda: encoded(Image.new("L", (4000, 16)), "PNG")),
    "44-cmyk.jpg": accepted(cmyk),
    "44-ycck.jpg": Photo(make=ycck),
    "45-deep.png": Photo(make=lambda: encoded(np.full((64, 96), 9000, np.uint16), "PNG")),
    "45-grey-alpha.png": Photo(make=lambda: transparent("LA")),
    "45-rgba.png": accepted(lambda: transparent("RGBA")),
    "45-palette.png": Photo(make=lambda: transparent("P")),
    "45-one-bit.png": Photo(make=lambda: transparent("1")),
    **{f"46-orientation-{n}.jpg": accepted(lambda n=n: turned(n))  # type: ignore[misc]  # bound now
       for n in (0, 2, 3, 4, 5, 6, 7, 8, 9, 65535)},
    "47-gps.jpg": accepted(lambda: jpeg(exif=gps_exif(), comment=SECRET)),
    "47-gps.png": accepted(gps_png),
    "47-gps.webp": accepted(lambda: encoded(smooth_rgb(), "WEBP", lossless=True, exif=gps_exif())),
    "47-gps.tif": accepted(lambda: encoded(smooth_rgb(), "TIFF", exif=gps_exif())),
    "47-gps.heic": accepted(lambda: encoded(smooth_rgb(), "HEIF", exif=gps_exif(), quality=98,
                                            chroma=444)),
    "47-gps.avif": accepted(lambda: encoded(smooth_rgb(), "AVIF", exif=gps_exif(), quality=98,
                                            subsampling="4:4:4")),
    "48-garbage.jpg": accepted(lambda: jpeg(exif=b"Exif\0\0" + b"\xff" * 900)),
    "48-long-make.jpg": accepted(lambda: jpeg(exif=odd_exif(1e30))),
    "48-no-number.jpg": accepted(lambda: jpeg(exif=raw_exif(
        (ExifTags.Base.FocalLength, 5, 1, struct.pack("<I", 26))) + struct.pack("<II", 1, 0))),
    "48-far-away.jpg": accepted(lambda: jpeg(exif=gps_exif().replace(
        struct.pack("<d", 48.0), struct.pack("<d", 400.0)))),
    # Converted; of several pictures the first. GIF alone is not read here.
    "49-a.heic": accepted(lambda: encoded(smooth_rgb(), "HEIF", quality=98, chroma=444)),
    "49-b.avif": accepted(lambda: encoded(smooth_rgb(), "AVIF", quality=98, subsampling="4:4:4")),
    "49-c.webp": accepted(lambda: animated("WEBP")),
    "49-d.tiff": accepted(lambda: animated("TIFF")),
    "49-e.bmp": accepted(solid("BMP")),
    "49-gif.jpg": rejected("image_format_unsupported", solid("GIF")),
    "50-zip-behind.jpg": accepted(lambda: jpeg() + b"PK\3\4" + SECRET.encode() * 50),
    "50-php-behind.jpg": accepted(lambda: jpeg() + b"<?php system($_GET[0]); ?>" +
                                  SECRET.encode()),
    "51-stereo.jpg": accepted(stereo),
    "51-motion.jpg": accepted(motion_photo),
    "52-fits.jpg": rejected("image_type_mismatch", fits),
    "52-eps.jpg": rejected("image_type_mismatch", solid("EPS")),
    "52-psd.jpg": rejected("image_type_mismatch", lambda: b"8BPS\0\1" + bytes(900)),
    "52-jp2.jpg": rejected("image_type_mismatch", solid("JPEG2000")),
    "52-pdf.jpg": rejected("image_type_mismatch", solid("PDF")),
}  # fmt: skip


def black() -> bytes:
    return encoded(Image.new("RGB", (160, 120)), "JPEG")


def noise(seed: int) -> bytes:
    rows = np.random.default_rng(seed).integers(0, 256, (120, 160, 3), np.uint8)
    return encoded(rows, "JPEG", quality=90)


def as_png(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content)) as image:
        return encoded(image.convert("RGB"), "PNG")
