"""Reading the photos of a run: what is written, what is refused, when it stops."""

import re
import struct
import time
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from scene3d.engine.checking import prepare_photos
from scene3d.engine.errors import Cancelled, NoPhotos, TooFewPhotos
from scene3d.engine.host import Host
from scene3d.engine.options import PhotoOptions
from scene3d.engine.photos import load_rgb
from scene3d.engine.progress import Silent
from scene3d.engine.sources import PhotoSource
from scene3d.engine.types import PhotoSet
from scene3d.engine.weights import WeightStore
from scene3d.engine.workspace import Workspace

from .dying_tasks import read_until_fatal
from .photo_files import (
    HEIGHT,
    WIDTH,
    chunk,
    encoded,
    exif,
    jpeg,
    jpeg_segments,
    png_header,
    smooth_rgb,
)

Prepare = Callable[..., PhotoSet]

GOOD = {"good 1.jpg": jpeg(), "good 2.png": encoded(smooth_rgb(), "PNG"), "good 3.jpg": jpeg()}
PNG = GOOD["good 2.png"]
APP0, COMMENT, SCAN_TABLES = 0xE0, 0xFE, {0xDB, 0xC0, 0xC4}


@pytest.fixture
def prepare(tmp_path: Path, workspace: Workspace, bare_host: Host) -> Prepare:
    def prepare_files(
        files: Mapping[str, bytes],
        options: PhotoOptions | None = None,
        progress: Silent | None = None,
    ) -> PhotoSet:
        sources = []
        for name, content in files.items():
            path = tmp_path / name
            path.write_bytes(content)
            sources.append(PhotoSource(name=name, path=path))
        return prepare_photos(
            sources, options or PhotoOptions(), workspace, progress or Silent(), bare_host
        )

    return prepare_files


class Watcher(Silent):
    """Keeps what it is told, and stops the run once so many photos are read."""

    def __init__(self, *, stop_at: int | None = None) -> None:
        self.updates: list[tuple[int, dict[str, int]]] = []
        self._stop_at = stop_at

    def update(self, done: int, **counts: int) -> None:
        self.updates.append((done, counts))

    def check(self) -> None:
        if self._stop_at is not None and len(self.updates) >= self._stop_at:
            raise Cancelled


def test_photos_keep_their_places_and_say_what_they_are(
    prepare: Prepare, workspace: Workspace
) -> None:
    photos = prepare({"a.jpg": GOOD["good 1.jpg"], "bad.jpg": b"", **GOOD})
    assert [(photo.index, photo.name) for photo in photos.accepted] == [
        (0, "a.jpg"),
        (2, "good 1.jpg"),
        (3, "good 2.png"),
        (4, "good 3.jpg"),
    ]
    assert [(photo.index, photo.name, photo.code) for photo in photos.rejected] == [
        (1, "bad.jpg", "image_empty")
    ]
    for photo in photos.accepted:
        assert photo.path == workspace.photos_dir / f"{photo.index:06d}.jpg"
        assert (photo.width_px, photo.height_px, photo.long_side_px) == (WIDTH, HEIGHT, WIDTH)
        difference = np.abs(load_rgb(photo.path).astype(int) - smooth_rgb())
        assert difference.max() <= 10
        assert difference.mean() < 1.5


def test_content_decides_and_not_the_name(prepare: Prepare) -> None:
    photos = prepare({"png.jpg": PNG, "jpeg.png": jpeg(), "photo.heic": jpeg()})
    assert len(photos.accepted) == 3


def test_the_focal_length_is_the_diagonal_of_the_35_mm_equivalent(prepare: Prepare) -> None:
    tags = exif(
        {ExifTags.Base.Make: "Maker", ExifTags.Base.Model: "M1"},
        {ExifTags.Base.FocalLengthIn35mmFilm: 28, ExifTags.Base.FocalLength: 4.25},
    )
    known, turned, guessed = prepare(
        {
            "known.jpg": jpeg(exif=tags),
            "turned.jpg": jpeg(
                exif=exif(
                    {ExifTags.Base.Model: "M1", ExifTags.Base.Orientation: 6},
                    {ExifTags.Base.FocalLengthIn35mmFilm: 28},
                )
            ),
            "guessed.jpg": jpeg(),
        }
    ).accepted
    # 28 mm on 43.267 mm of film, and 115.378 pixels of photo
    assert known.focal_px == pytest.approx(74.667, abs=1e-3)
    assert (known.focal_source, known.device) == (
        "exif_35mm",
        "Maker M1, 4.25 mm, 28 mm eq., 96x64",
    )
    assert turned.focal_px == pytest.approx(74.667, abs=1e-3)
    assert turned.device == " M1, 0 mm, 28 mm eq., 64x96, turned"
    assert guessed.focal_px == pytest.approx(1.2 * WIDTH)
    assert guessed.focal_source == "guess"
    assert guessed.device is None


SIZES = [
    ((2000, 1000), (1600, 800), (320, 160)),
    ((1000, 2001), (800, 1600), (160, 320)),
    ((1600, 900), (1600, 900), (320, 180)),
    ((300, 200), (300, 200), (300, 200)),
    ((6400, 64), (1600, 16), (320, 3)),
]
"""Of a photo, its preview and its thumbnail."""


def test_previews_and_thumbnails_have_their_sizes(prepare: Prepare, workspace: Workspace) -> None:
    prepare(
        {f"{n}.bmp": encoded(Image.new("RGB", size), "BMP") for n, (size, *_) in enumerate(SIZES)}
    )
    for index, sizes in enumerate(SIZES):
        paths = (workspace.photo(index), workspace.preview(index), workspace.thumbnail(index))
        for path, expected in zip(paths, sizes, strict=True):
            with Image.open(path) as image:
                assert (image.format, image.size) == ("JPEG", expected)


SECRET = "Alice's house"


def secretive_exif() -> bytes:
    block = Image.Exif()
    block[ExifTags.Base.Artist] = SECRET
    block[ExifTags.Base.Orientation] = 3
    block.get_ifd(ExifTags.IFD.GPSInfo).update(
        {ExifTags.GPS.GPSLatitude: (48.0, 51.0, 30.0), ExifTags.GPS.GPSAreaInformation: SECRET}
    )
    block.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = SECRET
    return block.tobytes()


def secretive_png() -> bytes:
    texts = PngInfo()
    texts.add_text("Comment", SECRET)
    texts.add_itxt("XML:com.adobe.xmp", SECRET)
    return encoded(
        smooth_rgb(), "PNG", pnginfo=texts, exif=secretive_exif(), icc_profile=SECRET.encode()
    )


XMP = f"<x:xmpmeta>{SECRET}</x:xmpmeta>".encode()
SECRETIVE = {
    "jpeg": jpeg(
        exif=secretive_exif(), comment=SECRET, icc_profile=SECRET.encode(), xmp=XMP, dpi=(301, 301)
    ),
    "png": secretive_png(),
    "webp": encoded(smooth_rgb(), "WEBP", exif=secretive_exif(), xmp=XMP),
    "tiff": encoded(smooth_rgb(), "TIFF", exif=secretive_exif(), description=SECRET),
    "heic": encoded(smooth_rgb(), "HEIF", exif=secretive_exif(), xmp=XMP),
    "avif": encoded(smooth_rgb(), "AVIF", exif=secretive_exif(), xmp=XMP),
    "jpeg with a zip behind it": jpeg() + b"PK\3\4" + SECRET.encode(),
}


def test_no_file_that_is_written_tells_anything_but_pixels(
    prepare: Prepare, workspace: Workspace
) -> None:
    assert all(SECRET.encode() in content for content in SECRETIVE.values())
    prepare(SECRETIVE)
    folders = (workspace.photos_dir, workspace.previews_dir, workspace.thumbnails_dir)
    paths = [path for folder in folders for path in folder.iterdir()]
    assert len(paths) == 3 * len(SECRETIVE)
    for path in paths:
        written = path.read_bytes()
        assert set(jpeg_segments(written)) == {APP0, *SCAN_TABLES}
        assert written.endswith(b"\xff\xd9")
        assert SECRET.encode() not in written
        with Image.open(path) as image:
            assert not image.getexif()


def with_bad_crc(png: bytes) -> bytes:
    at = png.index(b"IDAT")
    size = struct.unpack_from(">I", png, at - 4)[0]
    return png[: at + 4 + size] + b"\0\0\0\0" + png[at + 8 + size :]


def progressive_cut_short() -> bytes:
    content = jpeg(progressive=True)
    return content[: content.rindex(b"\xff\xda") + 30]


TEXT_BOMB = b"key\0\0" + zlib.compress(bytes(64 << 20))
REJECTED = {
    "empty": ("image_empty", b""),
    "text": ("image_type_mismatch", b"not a photo " * 99),
    "html": ("image_type_mismatch", b"<!DOCTYPE html><script>alert(1)</script>"),
    "svg": ("image_type_mismatch", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"),
    "pdf": ("image_type_mismatch", encoded(smooth_rgb(), "PDF")),
    "eps": ("image_type_mismatch", encoded(smooth_rgb(), "EPS")),
    "gif": ("image_format_unsupported", encoded(smooth_rgb(), "GIF")),
    "jpeg 2000": ("image_type_mismatch", encoded(smooth_rgb(), "JPEG2000")),
    "program": ("image_type_mismatch", b"MZ" + bytes(900)),
    "zip": ("image_type_mismatch", b"PK\3\4" + bytes(900)),
    "half jpeg": ("image_truncated", jpeg()[: len(jpeg()) // 2]),
    "jpeg without its end": ("image_truncated", jpeg()[:-40]),
    "progressive jpeg cut": ("image_truncated", progressive_cut_short()),
    "half png": ("image_truncated", PNG[: len(PNG) // 2]),
    "bad crc": ("image_truncated", with_bad_crc(PNG)),
    "too little data": ("image_truncated", png_header(96, 64)),
    "damaged avif": (
        "image_truncated",
        encoded(smooth_rgb(), "AVIF").replace(b"av01", b"av99"),
    ),
    "text bomb": ("image_metadata_too_large", PNG[:33] + chunk(b"zTXt", TEXT_BOMB) + PNG[33:]),
    "pixel flood": ("image_too_many_pixels", png_header(50_000, 50_000)),
    "longer than a jpeg may be": ("image_too_many_pixels", png_header(65_501, 64)),
    "one pixel": ("image_too_small", encoded(Image.new("RGB", (1, 1)), "PNG")),
    "strip": ("image_too_small", encoded(Image.new("L", (4000, 16)), "PNG")),
    "one too few": ("image_too_small", encoded(Image.new("L", (64, 63)), "PNG")),
}


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> tuple[PhotoSet, Workspace]:
    """All that cannot be read, and three good photos behind it."""
    folder = tmp_path_factory.mktemp("rejected")
    sources = []
    for name, content in {**{n: c for n, (_, c) in REJECTED.items()}, **GOOD}.items():
        (folder / name).write_bytes(content)
        sources.append(PhotoSource(name=name, path=folder / name))
    workspace = Workspace(folder / "workspace")
    workspace.prepare()
    host = Host(weights=WeightStore(folder / "no-models"), num_threads=2)
    return prepare_photos(sources, PhotoOptions(), workspace, Silent(), host), workspace


@pytest.mark.parametrize("case", REJECTED)
def test_what_cannot_be_read_is_rejected_and_the_others_go_on(
    checked: tuple[PhotoSet, Workspace], case: str
) -> None:
    photos, workspace = checked
    index = list(REJECTED).index(case)
    rejected = photos.rejected[index]
    assert (rejected.index, rejected.name, rejected.code) == (index, case, REJECTED[case][0])
    assert re.fullmatch(r"[A-Z0-9].{10,}\.", rejected.message)
    assert [photo.name for photo in photos.accepted] == list(GOOD)
    assert not workspace.photo(index).exists()


def test_the_smallest_and_the_longest_photo_are_read(prepare: Prepare) -> None:
    sizes = [(64, 64), (65_500, 64), (64, 65)]
    photos = prepare({str(size): encoded(Image.new("L", size), "PNG") for size in sizes})
    assert [(photo.width_px, photo.height_px) for photo in photos.accepted] == sizes


def test_megapixels_are_limited_by_the_options(prepare: Prepare) -> None:
    limit = PhotoOptions(max_megapixels=WIDTH * HEIGHT / 1e6)
    photos = prepare({"a.png": encoded(Image.new("L", (WIDTH, HEIGHT + 1)), "PNG"), **GOOD}, limit)
    [rejected] = photos.rejected
    assert rejected.code == "image_too_many_pixels"
    assert rejected.message == "96 x 65 pixels are more than 0.006144 megapixels."


def test_too_few_photos_say_which_were_not_read_and_why(prepare: Prepare) -> None:
    files = {"a.jpg": GOOD["good 1.jpg"], "b.jpg": b"", "c.jpg": b"text", "d.png": PNG[:99]}
    with pytest.raises(TooFewPhotos) as refused:
        prepare({**files, "e.jpg": b"", "f.png": PNG})
    assert refused.value.code == "too_few_images"
    assert refused.value.message == (
        "2 of 6 files could be read as photos; at least 3 are needed. Not read: b.jpg"
        " (image_empty), c.jpg (image_type_mismatch), d.png (image_truncated), …."
    )
    assert refused.value.evidence == {
        "rejected": {
            "b.jpg": "image_empty",
            "c.jpg": "image_type_mismatch",
            "d.png": "image_truncated",
            "e.jpg": "image_empty",
        }
    }


def test_two_good_photos_are_too_few(prepare: Prepare) -> None:
    with pytest.raises(TooFewPhotos, match=r"^2 of 2 files .* needed\.$") as refused:
        prepare({"a.jpg": PNG, "b.jpg": PNG})
    assert refused.value.evidence == {"rejected": {}}


def test_no_photos_are_no_photos(prepare: Prepare) -> None:
    with pytest.raises(NoPhotos):
        prepare({})


def test_progress_counts_every_file(prepare: Prepare) -> None:
    watcher = Watcher()
    prepare({"bad.jpg": b"", **GOOD}, progress=watcher)
    assert watcher.updates == [
        (done, {"num_accepted": done - 1, "num_rejected": 1}) for done in (1, 2, 3, 4)
    ]


def test_a_cancelled_run_stops_reading(prepare: Prepare, workspace: Workspace) -> None:
    watcher = Watcher(stop_at=1)
    with pytest.raises(Cancelled):
        prepare({f"{number}.png": PNG for number in range(400)}, progress=watcher)
    num_written = len(list(workspace.photos_dir.iterdir()))
    assert 1 <= len(watcher.updates) <= num_written < 400
    time.sleep(0.3)
    assert len(list(workspace.photos_dir.iterdir())) == num_written  # nobody goes on


def slow_to_decode() -> bytes:
    """A small file whose thousands of scans each touch all of a large picture."""
    content = encoded(Image.new("L", (4000, 4000)), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    return content[:-2] + content[last:-2] * 12_000 + content[-2:]


def test_a_photo_that_takes_too_long_is_rejected_and_the_others_go_on(
    prepare: Prepare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scene3d.engine.checking.DECODE_TIMEOUT_S", 2.0)
    photos = prepare({"slow.jpg": slow_to_decode(), **GOOD})
    assert [(photo.index, photo.code) for photo in photos.rejected] == [(0, "image_decode_timeout")]
    assert [photo.name for photo in photos.accepted] == list(GOOD)


def test_a_photo_that_ends_its_decoder_is_rejected_and_the_others_go_on(
    prepare: Prepare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "scene3d.engine.checking._TASK", f"{read_until_fatal.__module__}:read_until_fatal"
    )
    photos = prepare({"fatal": jpeg(), **GOOD})
    assert [(photo.index, photo.code) for photo in photos.rejected] == [(0, "image_truncated")]
    assert [photo.name for photo in photos.accepted] == list(GOOD)
