"""Archives that people make: everything in them arrives, in order, byte by byte."""

import io
import struct
import tempfile
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scene3d.engine.archives import ArchiveLimits, Unpacked, unpack_photos
from scene3d.engine.errors import ArchiveProblem, NoPhotos

from .zip_forge import STORED, UTF8, Ending, Entry, forge

LIMITS = ArchiveLimits()
PHOTOS = {
    "trip/day 2/b.JPG": bytes(range(256)) * 40,
    "trip/day 1/z.png": b"z" * 5000,
    "trip/day 1/a.heic": b"",
    "trip/c.tiff": b"c",
}
CLUTTER = ["trip/notes.txt", "trip/.DS_Store", "__MACOSX/trip/._c.tiff", "trip/Thumbs.db"]


def unpacked(tmp_path: Path, content: bytes, limits: ArchiveLimits = LIMITS) -> Unpacked:
    archive, target = tmp_path / "upload.zip", tmp_path / "target"
    archive.write_bytes(content)
    target.mkdir()
    return unpack_photos(archive, target, limits)


def zipped(method: int, *, seekable: bool) -> bytes:
    file = io.BytesIO()
    if not seekable:
        file.seekable = lambda: False  # type: ignore[method-assign]
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.mkdir("trip")
        for name, content in PHOTOS.items():
            archive.writestr(name, content)
        for name in CLUTTER:
            archive.writestr(name, b"clutter")
    return file.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("seekable", [True, False], ids=["file", "stream"])
def test_photos_arrive_in_order_of_their_names_below_the_common_folder(
    tmp_path: Path, method: int, *, seekable: bool
) -> None:
    result = unpacked(tmp_path, zipped(method, seekable=seekable))
    assert [photo.name for photo in result.photos] == [
        "c.tiff",
        "day 1/a.heic",
        "day 1/z.png",
        "day 2/b.JPG",
    ]
    assert result.num_ignored == len(CLUTTER)
    for photo in result.photos:
        assert photo.path.read_bytes() == PHOTOS[f"trip/{photo.name}"]


def test_stored_names_are_generated_and_keep_the_kind(tmp_path: Path) -> None:
    unpacked(tmp_path, zipped(zipfile.ZIP_DEFLATED, seekable=True))
    stored = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    names = ["000000.tiff", "000001.heic", "000002.png", "000003.jpg"]
    assert stored == [*(Path("target") / name for name in names), Path("upload.zip")]


@pytest.mark.parametrize("comment", [b"", b"made by hand", b"-" * 0xFFFF], ids=len)
@pytest.mark.parametrize("is_zip64", [False, True])
def test_zip64_and_comments_are_read(tmp_path: Path, comment: bytes, *, is_zip64: bool) -> None:
    content = forge(Entry(content=b"truth"), ending=Ending(comment=comment, is_zip64=is_zip64))
    [photo] = unpacked(tmp_path, content).photos
    assert photo.path.read_bytes() == b"truth"


def test_a_deep_but_plausible_folder_is_common_to_one_photo(tmp_path: Path) -> None:
    [photo] = unpacked(tmp_path, forge(Entry(name=b"d/" * 15 + b"x.jpg"))).photos
    assert photo.name == "x.jpg"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Ä1.jpg".encode("cp437"), "Ä1.jpg"),
        ("写真.jpg".encode("shift_jis"), "写真.jpg".encode("shift_jis").decode("cp437")),
        (b"\xff\xfe.jpg", "\N{NO-BREAK SPACE}\N{BLACK SQUARE}.jpg"),
    ],
    ids=["cp437", "shift-jis", "no encoding"],
)
def test_names_in_any_encoding_are_accepted(tmp_path: Path, raw: bytes, shown: str) -> None:
    [photo] = unpacked(tmp_path, forge(Entry(name=raw))).photos
    assert photo.name == shown
    assert photo.path.name == "000000.jpg"


def test_the_utf8_flag_is_believed(tmp_path: Path) -> None:
    [photo] = unpacked(tmp_path, forge(Entry(name="写真.jpg".encode(), flags=UTF8))).photos
    assert photo.name == "写真.jpg"


def test_a_name_in_the_extra_field_does_not_replace_the_checked_one(tmp_path: Path) -> None:
    name, other = b"a.jpg", b"../../x.jpg"
    extra = struct.pack("<HHBI", 0x7075, 5 + len(other), 1, zlib.crc32(name)) + other
    [photo] = unpacked(tmp_path, forge(Entry(name=name, extra=extra))).photos
    assert photo.name == "a.jpg"


def test_the_limits_themselves_are_allowed(tmp_path: Path) -> None:
    content = bytes(1 << 20)
    limits = ArchiveLimits(
        max_photos=2, max_members=3, max_photo_bytes=1 << 20, max_unpacked_bytes=2 << 20
    )
    entries = [Entry(name=b"a.jpg", content=content), Entry(name=b"b.jpg", content=content)]
    result = unpacked(tmp_path, forge(*entries, Entry(name=b"c.txt", content=b"")), limits)
    assert [photo.path.stat().st_size for photo in result.photos] == [1 << 20, 1 << 20]


def test_a_stream_longer_than_declared_is_cut_there(tmp_path: Path) -> None:
    entry = Entry(content=b"long and longer")
    short = replace(entry, file_size=4, crc=zlib.crc32(b"long"))
    [photo] = unpacked(tmp_path, forge(short)).photos
    assert photo.path.read_bytes() == b"long"


BASE = forge(
    Entry(name=b"trip/a.jpg", content=b"first photo " * 4),
    Entry(name="trip/\N{LATIN SMALL LETTER E WITH ACUTE}.png".encode(), flags=UTF8, method=STORED),
    Entry(name=b"trip/notes.txt", content=b"notes"),
    ending=Ending(comment=b"a comment"),
)
BASE64 = forge(Entry(name=b"a.jpg"), Entry(name=b"b.jpg"), ending=Ending(is_zip64=True))
EXTREMES = [0, 1, 7, 0x20, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**32 - 1, 2**63, 2**64 - 1]


@st.composite
def mutants(draw: st.DrawFn) -> bytes:
    """A good archive of which a few fields were overwritten, cut out or doubled."""
    content = draw(st.sampled_from([BASE, BASE64]))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(content)))
        width = draw(st.sampled_from([1, 2, 4, 8]))
        value = draw(st.one_of(st.sampled_from(EXTREMES), st.integers(0, 2**64 - 1)))
        field = (value % 256**width).to_bytes(width, "little")
        replaced = draw(st.sampled_from([width, width, width, 0, 2 * width, 40]))
        content = content[:at] + field + content[at + replaced :]
    return content


@settings(max_examples=500, derandomize=True, deadline=None)
@given(content=mutants())
def test_a_mutated_archive_is_read_or_refused(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            result = unpacked(Path(folder), content)
        except (ArchiveProblem, NoPhotos) as problem:
            assert problem.next_step  # noqa: PT017  # any refusal will do
        else:
            assert result.photos
            assert all(photo.path.parent == Path(folder) / "target" for photo in result.photos)
        assert {path.name for path in Path(folder).iterdir()} == {"upload.zip", "target"}
