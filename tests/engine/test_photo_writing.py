"""Photos that are written for others to read: in the format of their name, with their camera."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scene3d.engine.exif import PhotoMetadata
from scene3d.engine.options import PhotoOptions
from scene3d.engine.photos import read_photo, write_photo

from .photo_files import smooth_rgb

CAMERA = PhotoMetadata(
    make="Maker", model="Model 1", focal_mm=4.25, focal_35mm=28.0, digital_zoom=1.5, orientation=6
)
WRITTEN = {
    ".jpg": ("JPEG", 4),
    ".JPEG": ("JPEG", 4),
    ".png": ("PNG", 0),
    ".webp": ("WEBP", 0),
    ".tif": ("TIFF", 0),
    ".TIFF": ("TIFF", 0),
    ".heic": ("HEIF", 6),
    ".avif": ("AVIF", 6),
    ".photo": ("JPEG", 4),
}
"""The format of each suffix, and how far its pixels may be off."""


@pytest.mark.parametrize("suffix", WRITTEN)
def test_the_suffix_tells_the_format_and_the_camera_stays(tmp_path: Path, suffix: str) -> None:
    file_format, tolerance = WRITTEN[suffix]
    path = tmp_path / f"photo{suffix}"
    write_photo(Image.fromarray(smooth_rgb()), path, CAMERA)
    read, metadata = read_photo(path, PhotoOptions())
    with Image.open(path) as image:
        assert image.format == file_format
    assert np.abs(np.asarray(read).astype(int) - smooth_rgb()).max() <= tolerance
    assert metadata == PhotoMetadata(
        make="Maker",
        model="Model 1",
        focal_mm=4.25,
        focal_35mm=28.0,
        digital_zoom=1.5,
        orientation=1,
    )


def test_bmp_has_no_room_for_a_camera(tmp_path: Path) -> None:
    path = tmp_path / "photo.bmp"
    write_photo(Image.fromarray(smooth_rgb()), path, CAMERA)
    read, metadata = read_photo(path, PhotoOptions())
    assert np.array_equal(np.asarray(read), smooth_rgb())
    assert metadata.model is None


@pytest.mark.parametrize("metadata", [None, PhotoMetadata(
    make=None, model=None, focal_mm=None, focal_35mm=None, digital_zoom=None, orientation=3
)])  # fmt: skip
def test_nothing_is_written_of_a_camera_that_nobody_knows(
    tmp_path: Path, metadata: PhotoMetadata | None
) -> None:
    path = tmp_path / "photo.jpg"
    write_photo(Image.fromarray(smooth_rgb()), path, metadata)
    with Image.open(path) as image:
        assert dict(image.getexif()) == {}
        assert "exif" not in image.info


def test_the_same_photo_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("first", "second"):
        for suffix in WRITTEN:
            write_photo(Image.fromarray(smooth_rgb()), tmp_path / f"{name}{suffix}", CAMERA)
    for suffix in WRITTEN:
        first, second = (tmp_path / f"{name}{suffix}" for name in ("first", "second"))
        assert first.read_bytes() == second.read_bytes()
