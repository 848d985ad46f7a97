"""Every kind of photo arrives with its pixels right and its way up."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

from scene3d.engine.options import PhotoOptions
from scene3d.engine.photos import read_photo

from .photo_files import (
    HEIGHT,
    WIDTH,
    Pixels,
    encoded,
    exif,
    jpeg,
    raw_exif,
    smooth_rgb,
    stored_from_upright,
)

FORMATS: dict[str, tuple[dict[str, Any], int]] = {
    "JPEG": ({"quality": 98, "subsampling": 0}, 6),
    "PNG": ({}, 0),
    "WEBP": ({"lossless": True}, 0),
    "TIFF": ({"compression": "tiff_lzw"}, 0),
    "HEIF": ({"quality": 98, "chroma": 444}, 6),
    "AVIF": ({"quality": 98, "subsampling": "4:4:4"}, 6),
}
"""How to write each format, and how far its pixels may be off."""

GREY = np.tile(np.arange(256, dtype=np.uint8), (64, 1))


def decoded(tmp_path: Path, content: bytes) -> Pixels:
    path = tmp_path / "photo"
    path.write_bytes(content)
    image, _ = read_photo(path, PhotoOptions())
    assert image.mode == "RGB"
    return np.asarray(image)


def largest_difference(first: Pixels, second: Pixels) -> int:
    assert first.shape == second.shape
    return int(np.abs(first.astype(int) - second).max())


def as_rgb(grey: Pixels) -> Pixels:
    return np.repeat(grey[..., None], 3, axis=2)


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_format_is_turned_upright(tmp_path: Path, file_format: str, orientation: int) -> None:
    parameters, tolerance = FORMATS[file_format]
    stored = stored_from_upright(smooth_rgb(), orientation)
    tag = exif({ExifTags.Base.Orientation: orientation})
    pixels = decoded(tmp_path, encoded(stored, file_format, exif=tag, **parameters))
    assert largest_difference(pixels, smooth_rgb()) <= tolerance


@pytest.mark.parametrize("orientation", [0, 9, 65535])
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_an_orientation_that_does_not_exist_turns_nothing(
    tmp_path: Path, file_format: str, orientation: int
) -> None:
    parameters, tolerance = FORMATS[file_format]
    tag = exif({ExifTags.Base.Orientation: orientation})
    pixels = decoded(tmp_path, encoded(smooth_rgb(), file_format, exif=tag, **parameters))
    assert largest_difference(pixels, smooth_rgb()) <= tolerance


ORIENTATION_6 = (ExifTags.Base.Orientation, 3, 1, b"\6\0\0\0")
LYING_EXIF = {
    "unknown type": (ExifTags.Base.Make, 99, 1, b"abcd"),
    "endless text": (ExifTags.Base.Make, 2, 0xFFFFFFFF, b"abcd"),
    "make is a fraction": (ExifTags.Base.Make, 5, 1, b"\2\0\0\0"),
    "make is a double": (ExifTags.Base.Make, 12, 1, b"\x14\0\0\0"),
    "comment is cut": (ExifTags.Base.UserComment, 7, 4, b"\xff\xfe\0\0"),
    "directory beyond the file": (ExifTags.IFD.Exif, 4, 1, b"\xf0\xff\xff\xff"),
    "directory in itself": (ExifTags.IFD.Exif, 4, 1, b"\x08\0\0\0"),
    "directory is text": (ExifTags.IFD.Exif, 2, 4, b"abc\0"),
}


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("entry", LYING_EXIF.values(), ids=LYING_EXIF)
def test_tags_that_lie_leave_the_photo_alone(
    tmp_path: Path, entry: tuple[int, int, int, bytes]
) -> None:
    stored = stored_from_upright(smooth_rgb(), 6)
    pixels = decoded(tmp_path, jpeg(stored, exif=raw_exif(ORIENTATION_6, entry)))
    assert largest_difference(pixels, smooth_rgb()) <= 6


@pytest.mark.parametrize(
    "content",
    [
        encoded(smooth_rgb(), "BMP"),
        encoded(smooth_rgb(), "TIFF", save_all=True, append_images=[Image.new("RGB", (70, 70))]),
        encoded(smooth_rgb(), "TIFF", compression="tiff_deflate"),
        encoded(smooth_rgb(), "PNG", compress_level=0),
        encoded(
            smooth_rgb(),
            "WEBP",
            lossless=True,
            save_all=True,
            append_images=[Image.new("RGB", (WIDTH, HEIGHT))],
        ),
    ],
    ids=["bmp", "tiff of two pages", "deflated tiff", "stored png", "moving webp"],
)
def test_lossless_files_keep_every_pixel_of_their_first_picture(
    tmp_path: Path, content: bytes
) -> None:
    assert np.array_equal(decoded(tmp_path, content), smooth_rgb())


def test_the_first_picture_of_a_stereo_photo_is_read(tmp_path: Path) -> None:
    second = Image.new("RGB", (WIDTH, HEIGHT))
    content = encoded(smooth_rgb(), "MPO", save_all=True, append_images=[second], quality=98)
    assert largest_difference(decoded(tmp_path, content), smooth_rgb()) < 12


@pytest.mark.parametrize(
    "content",
    [
        encoded(GREY.astype(np.uint16) * 257, "PNG"),
        encoded(GREY.astype(np.uint16) * 257, "TIFF"),
        encoded(GREY.astype(np.float32) / 255, "TIFF"),
        encoded(GREY, "PNG"),
        encoded(Image.fromarray(GREY).convert("P"), "PNG"),
    ],
    ids=["16 bit png", "16 bit tiff", "float tiff", "8 bit", "palette"],
)
def test_greys_of_every_depth_are_the_same_grey(tmp_path: Path, content: bytes) -> None:
    assert np.array_equal(decoded(tmp_path, content), as_rgb(GREY))


def test_a_dark_16_bit_photo_stays_dark(tmp_path: Path) -> None:
    dark = np.full((64, 64), 20 * 257, np.uint16)
    assert np.unique(decoded(tmp_path, encoded(dark, "PNG"))).tolist() == [20]


def test_one_bit_is_black_and_white(tmp_path: Path) -> None:
    pixels = decoded(tmp_path, encoded(Image.fromarray(GREY > 99), "PNG"))
    assert np.array_equal(pixels, as_rgb(np.where(GREY > 99, 255, 0).astype(np.uint8)))


COLOUR = (9, 80, 200)
LEFT = np.zeros((64, 64), np.uint8)
LEFT[:, :32] = 255


def half_transparent(mode: str) -> bytes:
    """The left half shows COLOUR, or its red as grey; nothing is in the right half."""
    alpha = Image.fromarray(LEFT)
    if mode == "P":
        image = Image.frombytes("P", (64, 64), (LEFT // 255).tobytes())
        image.putpalette([255, 0, 0, *COLOUR])
        return encoded(image, "PNG", transparency=0)
    if mode == "RGB":
        image = Image.new("RGB", (64, 64), (1, 2, 3))
        image.paste(COLOUR, (0, 0, 32, 64))
        return encoded(image, "PNG", transparency=(1, 2, 3))
    planes = [Image.new("L", (64, 64), value) for value in COLOUR[: len(mode) - 1]]
    return encoded(Image.merge(mode, [*planes, alpha]), "PNG")


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB"])
def test_transparency_shows_a_grey_ground(tmp_path: Path, mode: str) -> None:
    pixels = decoded(tmp_path, half_transparent(mode))
    shown = COLOUR if mode != "LA" else COLOUR[:1] * 3
    assert np.unique(pixels[:, 32:]).tolist() == [127]
    assert np.unique(pixels[:, :32].reshape(-1, 3), axis=0).tolist() == [list(shown)]


def test_half_transparency_is_half_of_each(tmp_path: Path) -> None:
    pixels = decoded(tmp_path, encoded(Image.new("RGBA", (64, 64), (255, 127, 1, 128)), "PNG"))
    assert pixels[0, 0] == pytest.approx([191, 127, 64], abs=1)


def test_cmyk_is_converted(tmp_path: Path) -> None:
    cmyk = Image.new("CMYK", (64, 64), (40, 90, 200, 30))
    expected = [(255 - ink) * (255 - 30) / 255 for ink in (40, 90, 200)]
    for content in (encoded(cmyk, "JPEG", quality=98), encoded(cmyk, "TIFF")):
        assert decoded(tmp_path, content)[32, 32] == pytest.approx(expected, abs=3)
