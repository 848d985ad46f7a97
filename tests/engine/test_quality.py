"""Blur, exposure and sameness of photos that are known to have them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from scene3d.engine.quality import (
    find_blurred,
    find_duplicates,
    is_dark,
    is_overexposed,
    measure,
)
from scene3d.engine.types import Photo

from .builders import make_photo, make_quality


@pytest.fixture
def photo(tiny_photos: Path) -> Path:
    return sorted(tiny_photos.iterdir())[0]


@pytest.mark.parametrize("sigma_px", [2.0, 4.0, 8.0])
def test_blur_is_the_width_that_was_added(photo: Path, sigma_px: float) -> None:
    with Image.open(photo) as image:
        sharp_px = measure(image, photo).blur_px
        blurred_px = measure(image.filter(ImageFilter.GaussianBlur(sigma_px)), photo).blur_px
    assert sharp_px is not None
    assert blurred_px is not None
    assert 0.3 < sharp_px < 1.0
    assert blurred_px == pytest.approx(np.hypot(sharp_px, sigma_px), rel=0.25)


def test_blur_does_not_depend_on_contrast(photo: Path) -> None:
    with Image.open(photo) as image:
        sharp_px = measure(image, photo).blur_px
        faint_px = measure(image.point(lambda level: level // 3 + 60), photo).blur_px
    assert faint_px == pytest.approx(sharp_px, abs=0.15)


def test_a_photo_without_edges_is_not_called_blurred(photo: Path) -> None:
    flat = measure(Image.new("RGB", (400, 300), (90, 90, 90)), photo)
    assert flat.blur_px is None
    assert flat.picture_hash is None
    assert find_blurred([make_photo(0, quality=flat)]) == set()


@pytest.mark.parametrize(
    ("widths_px", "blurred"),
    [
        ((0.6, 0.7, 0.8, 0.95), set()),
        ((0.6, 0.7, 0.8, 1.6), {3}),
        ((1.3, 1.4, 1.5, 1.9), set()),
        ((3.5, 4.0, 4.5, 5.0), {0, 1, 2, 3}),
    ],
)
def test_blurred_is_beside_the_set_or_beyond_use(
    widths_px: tuple[float, ...], blurred: set[int]
) -> None:
    photos = [
        make_photo(index, quality=make_quality(blur_px=width_px))
        for index, width_px in enumerate(widths_px)
    ]
    assert find_blurred(photos) == blurred


@pytest.mark.parametrize(
    ("gain", "offset", "verdict"),
    [(1.0, 0, (False, False)), (0.05, 0, (True, False)), (1.0, 240, (False, True))],
)
def test_exposure(photo: Path, gain: float, offset: int, verdict: tuple[bool, bool]) -> None:
    with Image.open(photo) as image:
        levels = np.asarray(image) * gain + offset
    quality = measure(Image.fromarray(levels.clip(0, 255).astype(np.uint8)), photo)
    assert (is_dark(quality), is_overexposed(quality)) == verdict


def picture(name: str) -> Image.Image:
    """64 x 64, small enough to be measured as it is."""
    row, column = np.mgrid[:64, :64]
    if name == "checkers":
        return Image.fromarray((255 * ((row + column) % 2)).astype(np.uint8)).convert("RGB")
    if name == "slope":  # which bends nowhere
        return Image.fromarray((3 * column).astype(np.uint8)).convert("RGB")
    colours = {
        "red": (255, 0, 0),
        "pale": (200, 100, 150),
        "grey": (90, 90, 90),
        "black": (0, 0, 0),
    }
    return Image.new("RGB", (64, 64), colours[name])


@pytest.mark.parametrize(
    ("name", "brightness", "contrast", "saturation", "laplacian_variance"),
    [
        ("grey", 90.0, 0.0, 0.0, 0.0),
        ("black", 0.0, 0.0, 0.0, 0.0),
        ("red", 76.0, 0.0, 1.0, 0.0),  # 0.299 of 255
        ("pale", 136.0, 0.0, 0.5, 0.0),
        ("slope", 94.5, 3 * np.sqrt((64**2 - 1) / 12), 0.0, 0.0),
        ("checkers", 127.5, 127.5, 0.0, (4 * 255) ** 2),
    ],
)
def test_pictures_of_known_appearance(
    photo: Path,
    name: str,
    brightness: float,
    contrast: float,
    saturation: float,
    laplacian_variance: float,
) -> None:
    quality = measure(picture(name), photo)
    assert quality.mean_level == pytest.approx(brightness, abs=0.5)
    assert quality.contrast == pytest.approx(contrast, rel=1e-6)
    assert quality.saturation == pytest.approx(saturation, abs=1e-6)
    assert quality.laplacian_variance == pytest.approx(laplacian_variance, rel=1e-6)


def test_half_a_photo_in_colour_is_half_as_saturated(photo: Path) -> None:
    image = picture("grey")
    image.paste((0, 200, 0), (0, 0, 32, 64))
    assert measure(image, photo).saturation == pytest.approx(0.5, abs=1e-6)


def test_one_bright_dot_bends_its_neighbours(photo: Path) -> None:
    """62 x 62 pixels have four neighbours: one of them is 4 * 100 below, four are 100 above."""
    image = picture("black")
    image.putpixel((20, 30), (100, 100, 100))
    expected = (400**2 + 4 * 100**2) / 62**2
    assert measure(image, photo).laplacian_variance == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("sigma_px", [2.0, 4.0])
def test_blur_takes_the_laplacian_away(photo: Path, sigma_px: float) -> None:
    with Image.open(photo) as image:
        sharp = measure(image, photo).laplacian_variance
        soft = measure(image.filter(ImageFilter.GaussianBlur(sigma_px)), photo).laplacian_variance
    assert 0 < soft < 0.2 * sharp


def test_the_measures_hardly_depend_on_the_size(photo: Path) -> None:
    """A large photo is measured on a copy of 640 pixels."""
    with Image.open(photo) as image:
        large = measure(image.resize((1920, 1440), Image.Resampling.BICUBIC), photo)
        small = measure(image.resize((640, 480), Image.Resampling.BICUBIC), photo)
    assert large.saturation == pytest.approx(small.saturation, rel=0.03)
    assert large.contrast == pytest.approx(small.contrast, rel=0.03)
    assert large.laplacian_variance == pytest.approx(small.laplacian_variance, rel=0.4)


def test_the_same_picture_in_another_size_is_a_duplicate_and_the_next_photo_is_not(
    tiny_photos: Path,
) -> None:
    paths = sorted(tiny_photos.iterdir())
    photos: list[Photo] = []
    for path in paths:
        with Image.open(path) as image:
            photos.append(make_photo(len(photos), quality=measure(image, path)))
    with Image.open(paths[2]) as image:
        smaller = measure(image.resize((311, 233)), paths[0].parent / paths[3].name)
    photos.append(make_photo(9, quality=smaller))
    assert dict(find_duplicates(photos[:-1])) == {}
    assert find_duplicates([*photos[:3], photos[-1]]) == {9: 2}
    assert find_duplicates([photos[3], photos[-1]]) == {9: 3}  # the same file's bytes
