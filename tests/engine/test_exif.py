"""What is believed of a photo's EXIF. Whole files are in test_photos.py."""

import io
import math
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from scene3d.engine.exif import PhotoMetadata, read_metadata

from .photo_files import exif, jpeg, raw_exif

NOTHING = PhotoMetadata(
    make=None, model=None, focal_mm=None, focal_35mm=None, digital_zoom=None, orientation=1
)
CAMERA = ExifTags.Base
FOCAL_TAGS = {
    "focal_mm": CAMERA.FocalLength,
    "focal_35mm": CAMERA.FocalLengthIn35mmFilm,
    "digital_zoom": CAMERA.DigitalZoomRatio,
}


def metadata(block: bytes) -> PhotoMetadata:
    with Image.open(io.BytesIO(jpeg(exif=block))) as image:
        return read_metadata(image)


def test_everything_that_a_reconstruction_uses_is_read() -> None:
    block = exif(
        {CAMERA.Make: "Maker", CAMERA.Model: "Model 1", CAMERA.Orientation: 8},
        {
            CAMERA.FocalLength: 4.25,
            CAMERA.FocalLengthIn35mmFilm: 28,
            CAMERA.DigitalZoomRatio: 1.5,
        },
    )
    assert metadata(block) == PhotoMetadata(
        make="Maker",
        model="Model 1",
        focal_mm=4.25,
        focal_35mm=28.0,
        digital_zoom=1.5,
        orientation=8,
    )


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize(
    "block",
    [
        b"Exif\0\0",
        b"Exif\0\0garbage",
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff",
        b"Exif\0\0" + b"\xff" * 900,
    ],
)
def test_garbage_is_no_metadata(block: bytes) -> None:
    assert metadata(block) == NOTHING


@pytest.mark.parametrize(
    ("field", "lowest", "highest"),
    [("focal_mm", 0.5, 5000), ("focal_35mm", 4, 5000), ("digital_zoom", 1.01, 200)],
)
def test_numbers_count_within_reason(field: str, lowest: float, highest: float) -> None:
    def read(value: Any) -> float | None:
        image = Image.new("L", (64, 64))
        image.getexif().get_ifd(ExifTags.IFD.Exif)[FOCAL_TAGS[field]] = value
        return getattr(read_metadata(image), field)  # type: ignore[no-any-return]

    assert read(lowest) == lowest
    assert read(highest) == highest
    absurd = [0, -28, lowest * 0.98, highest * 1.01, 1e30, math.nan, math.inf, -math.inf]
    for value in [*absurd, None, "wide", b"\xff", (28, 35), "nan", ""]:
        assert read(value) is None


@pytest.mark.parametrize(("value", "believed"), [(0, 1), (1, 1), (8, 8), (9, 1), (65535, 1)])
def test_only_eight_orientations_exist(value: int, believed: int) -> None:
    assert metadata(exif({CAMERA.Orientation: value})).orientation == believed


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("A" * 60_000, "A" * 64),
        ("  Maker\0\0\0", "Maker"),
        ("Mak\x1b[31mer\n", "Mak[31mer"),
        ("Mak\N{RIGHT-TO-LEFT OVERRIDE}er", "Maker"),
        ("\n\r\t", None),
        ("", None),
    ],
)
def test_texts_are_short_and_printable(written: str, read: str | None) -> None:
    image = Image.new("L", (64, 64))
    image.getexif()[CAMERA.Make] = written
    assert read_metadata(image).make == read


@settings(max_examples=100, derandomize=True, deadline=None)
@given(
    width_px=st.integers(64, 20_000),
    height_px=st.integers(64, 20_000),
    focal_35mm=st.floats(4, 5000),
)
def test_the_equivalent_keeps_the_diagonal_angle_of_view(
    width_px: int, height_px: int, focal_35mm: float
) -> None:
    known = PhotoMetadata(
        make=None,
        model=None,
        focal_mm=None,
        focal_35mm=focal_35mm,
        digital_zoom=None,
        orientation=1,
    )
    focal_px = known.focal_px(width_px, height_px)
    assert focal_px is not None
    film_angle = math.atan2(math.hypot(36, 24) / 2, focal_35mm)
    photo_angle = math.atan2(math.hypot(width_px, height_px) / 2, focal_px)
    assert photo_angle == pytest.approx(film_angle, rel=1e-12)
    assert known.focal_px(height_px, width_px) == focal_px


def test_without_an_equivalent_there_is_no_focal_length() -> None:
    assert NOTHING.focal_px(100, 100) is None


def known_as(**changes: Any) -> str | None:
    values = {
        "make": "Maker",
        "model": "M",
        "focal_mm": 4.0,
        "focal_35mm": 28.0,
        "digital_zoom": None,
        "orientation": 1,
        **changes,
    }
    return PhotoMetadata(**values).device(400, 300)


def test_a_device_is_known_by_its_model_and_lens() -> None:
    assert known_as(model=None) is None
    assert known_as(focal_mm=None, focal_35mm=None) is None
    assert known_as(focal_mm=None) is not None
    assert known_as(focal_35mm=None) is not None


def test_everything_that_changes_the_camera_changes_the_device() -> None:
    devices = [
        known_as(),
        known_as(make="Other"),
        known_as(model="N"),
        known_as(focal_mm=5.0),
        known_as(focal_35mm=29.0),
        known_as(digital_zoom=2.0),
        known_as(orientation=6),
        PhotoMetadata(
            make="Maker",
            model="M",
            focal_mm=4.0,
            focal_35mm=28.0,
            digital_zoom=None,
            orientation=1,
        ).device(300, 400),
    ]
    assert len(set(devices)) == len(devices)


def test_turning_the_camera_over_changes_nothing() -> None:
    assert known_as(orientation=3) == known_as(orientation=1)
    assert known_as(orientation=6) == known_as(orientation=8)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize(
    ("numerator", "denominator", "focal_mm"),
    [(17, 4, 4.25), (0, 1, None), (1, 0, None), (0, 0, None), (2**32 - 1, 1, None)],
)
def test_fractions_are_read_and_absurd_ones_dropped(
    numerator: int, denominator: int, focal_mm: float | None
) -> None:
    block = raw_exif((CAMERA.FocalLength, 5, 1, struct.pack("<I", 26)))
    fraction = struct.pack("<II", numerator, denominator)  # at byte 26, behind the directory
    assert metadata(block + fraction).focal_mm == focal_mm
