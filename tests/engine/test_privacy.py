"""What is stored of a photo: every pixel, what took it, and nothing of who and where."""

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import IFDRational

from scene3d.engine.exif import PhotoMetadata, read_metadata
from scene3d.engine.public import strip_private

from .photo_files import Pixels, chunk, encoded, jpeg, smooth_rgb

SECRET = "Alice's house"
SECONDS = (29_123_457, 1_000_001)
LATITUDE = (48.0, 51.0, IFDRational(*SECONDS))
XMP = f'<x:xmpmeta exif:GPSLatitude="48,51.4854N">{SECRET}</x:xmpmeta>'.encode()
CAMERA = ExifTags.Base
TOLD = PhotoMetadata(
    make="Maker", model="Model 1", focal_mm=4.25, focal_35mm=28.0, digital_zoom=1.5, orientation=6
)


def telling_exif() -> bytes:
    block = Image.Exif()
    block.update({CAMERA.Make: "Maker", CAMERA.Model: "Model 1", CAMERA.Orientation: 6,
                  CAMERA.Artist: SECRET, CAMERA.DateTime: "2026:11:22 10:00:00"})  # fmt: skip
    block.get_ifd(ExifTags.IFD.GPSInfo).update(
        {ExifTags.GPS.GPSLatitude: LATITUDE, ExifTags.GPS.GPSLatitudeRef: "N",
         ExifTags.GPS.GPSAreaInformation: SECRET}
    )  # fmt: skip
    block.get_ifd(ExifTags.IFD.Exif).update(
        {CAMERA.FocalLength: 4.25, CAMERA.FocalLengthIn35mmFilm: 28, CAMERA.DigitalZoomRatio: 1.5,
         CAMERA.UserComment: SECRET, CAMERA.MakerNote: SECRET, CAMERA.BodySerialNumber: SECRET}
    )  # fmt: skip
    return block.tobytes()


def texts() -> PngInfo:
    info = PngInfo()
    info.add_text("Comment", SECRET)
    info.add_text("Comment", SECRET, zip=True)
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    return info


EXIF: dict[str, Any] = {"exif": telling_exif()}
SECOND = Image.new("RGB", (96, 64))
PHOTOS = {
    "jpeg": jpeg(**EXIF, comment=SECRET, icc_profile=SECRET.encode() * 20, xmp=XMP),
    "progressive": jpeg(**EXIF, progressive=True),
    "cmyk": encoded(Image.new("CMYK", (96, 64), (10, 90, 200, 30)), "JPEG", **EXIF),
    "stereo": encoded(smooth_rgb(), "MPO", save_all=True, append_images=[SECOND], **EXIF),
    "polyglot": jpeg(**EXIF) + b"PK\3\4" + SECRET.encode(),
    "png": encoded(smooth_rgb(), "PNG", **EXIF, pnginfo=texts(), icc_profile=SECRET.encode()),
    "palette": encoded(Image.fromarray(smooth_rgb()).convert("P"), "PNG", **EXIF, transparency=3),
    "webp": encoded(smooth_rgb(), "WEBP", lossless=True, **EXIF, xmp=XMP,
                    icc_profile=SECRET.encode()),
    "tiff": encoded(smooth_rgb(), "TIFF", **EXIF, description=SECRET),
    "tiff-pages": encoded(smooth_rgb(), "TIFF", **EXIF, save_all=True,
                          append_images=[Image.new("RGB", (70, 70))]),
    "heic": encoded(smooth_rgb(), "HEIF", **EXIF, xmp=XMP),
    "avif": encoded(smooth_rgb(), "AVIF", **EXIF, xmp=XMP),
}  # fmt: skip


def stripped(tmp_path: Path, content: bytes) -> bytes:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(content)
    target.unlink(missing_ok=True)
    strip_private(source, target)
    return target.read_bytes()


def test_the_examples_do_tell() -> None:
    for kind in PHOTOS.keys() - {"tiff-pages"}:
        with pytest.raises(AssertionError):
            assert_tells_nothing(PHOTOS[kind])


def pixels_of(content: bytes) -> Pixels:
    with Image.open(io.BytesIO(content)) as image:
        return np.array(image.copy())


def metadata_of(content: bytes) -> PhotoMetadata:
    with Image.open(io.BytesIO(content)) as image:
        return read_metadata(image)


def assert_tells_nothing(content: bytes) -> None:
    for order in "<>":
        assert struct.pack(f"{order}d", SECONDS[0] / SECONDS[1]) not in content
        assert struct.pack(f"{order}II", *SECONDS) not in content
    for text in (SECRET, SECRET[:6], "GPS", "xmpmeta", "2026:11:22"):
        assert text.encode() not in content
    with Image.open(io.BytesIO(content)) as image:
        exif = image.getexif()
        assert not exif.get_ifd(ExifTags.IFD.GPSInfo)
        assert not exif.get_ifd(ExifTags.IFD.MakerNote)
        for name in ("comment", "icc_profile", "Comment", "photoshop", "xmp"):
            assert not any(image.info.get(name) or b"")


@pytest.mark.parametrize("kind", PHOTOS)
def test_pixels_and_the_camera_stay_and_nothing_else(tmp_path: Path, kind: str) -> None:
    content = PHOTOS[kind]
    kept = stripped(tmp_path, content)
    assert_tells_nothing(kept)
    assert np.array_equal(pixels_of(kept), pixels_of(content))
    is_turned_by_decoder = kind in ("heic", "avif") or kind.startswith("tiff")
    expected = metadata_of(content) if is_turned_by_decoder else TOLD
    assert metadata_of(kept) == expected
    assert expected.focal_35mm == 28.0
    assert len(kept) <= len(content)


@pytest.mark.parametrize("kind", PHOTOS)
def test_a_second_time_changes_nothing(tmp_path: Path, kind: str) -> None:
    once = stripped(tmp_path, PHOTOS[kind])
    assert stripped(tmp_path, once) == once


@pytest.mark.parametrize("content", [jpeg(), encoded(smooth_rgb(), "PNG"),
                                     encoded(smooth_rgb(), "WEBP"), encoded(smooth_rgb(), "BMP")],
                         ids=["jpeg", "png", "webp", "bmp"])  # fmt: skip
def test_a_photo_that_tells_nothing_stays_to_the_byte(tmp_path: Path, content: bytes) -> None:
    assert stripped(tmp_path, content) == content


def test_what_lies_behind_the_pixels_goes(tmp_path: Path) -> None:
    for file_format in ("BMP", "PNG", "TIFF", "WEBP"):
        content = encoded(smooth_rgb(), file_format)
        kept = stripped(tmp_path, content + SECRET.encode())
        assert SECRET.encode() not in kept
        assert np.array_equal(pixels_of(kept), smooth_rgb()) or file_format == "WEBP"


def test_an_orientation_that_only_xmp_knows_stays(tmp_path: Path) -> None:
    content = jpeg(xmp=b'<x:xmpmeta tiff:Orientation="8"/>')
    assert metadata_of(stripped(tmp_path, content)).orientation == 8


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_goes(tmp_path: Path, orientation: int) -> None:
    block = Image.Exif()
    block[CAMERA.Orientation] = orientation
    assert stripped(tmp_path, jpeg(exif=block.tobytes())) == jpeg()


NO_PHOTOS = {
    "empty": b"",
    "program": b"MZ" + bytes(90),
    "html": b"<html>" + SECRET.encode() * 9,
    "gif": encoded(smooth_rgb(), "GIF"),
    "zip": b"PK\3\4" + bytes(900),
}


@pytest.mark.parametrize("content", NO_PHOTOS.values(), ids=NO_PHOTOS)
def test_what_is_no_photo_keeps_its_first_bytes_alone(tmp_path: Path, content: bytes) -> None:
    assert stripped(tmp_path, content) == content[:12]


def test_a_text_bomb_is_replaced_by_a_small_one(tmp_path: Path) -> None:
    import zlib  # noqa: PLC0415  # of this test alone

    png = encoded(smooth_rgb(), "PNG")
    bomb = chunk(b"zTXt", b"key\0\0" + zlib.compress(bytes(64 << 20)))
    kept = stripped(tmp_path, png[:33] + bomb + png[33:])
    assert len(kept) < 3000
    with pytest.raises(ValueError, match="too large"), Image.open(io.BytesIO(kept)) as image:
        image.load()


@st.composite
def mutants(draw: st.DrawFn) -> bytes:
    content = draw(st.sampled_from(list(PHOTOS.values())))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, draw(st.sampled_from([64, 600, len(content)]))))
        inserted = draw(st.binary(max_size=6))
        content = content[:at] + inserted + content[at + draw(st.integers(0, 8)) :]
    return content


@settings(max_examples=300, derandomize=True, deadline=None)
@given(content=mutants())
def test_no_damage_makes_it_fail_or_grow(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    kept = stripped(tmp_path_factory.getbasetemp(), content)
    assert len(kept) <= len(content) + 3000
