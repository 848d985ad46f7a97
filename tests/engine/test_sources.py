import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scene3d.engine.errors import NoPhotos
from scene3d.engine.sources import find_photos, looks_like_photo, without_common_folder


@pytest.mark.parametrize(
    "name",
    [
        "a.jpg",
        "a.JPEG",
        "A.Png",
        "a.webp",
        "a.tif",
        "a.tiff",
        "a.bmp",
        "a.heic",
        "a.HEIF",
        "a.avif",
    ],
)
def test_every_kind_of_photo_is_known_by_its_suffix(name: str) -> None:
    assert looks_like_photo(name)
    assert looks_like_photo(f"trip/day 1/{name}")


@pytest.mark.parametrize(
    "name",
    [
        "a.gif",
        "a.svg",
        "a.pdf",
        "a.jpg.txt",
        "a.jpg~",
        "jpg",
        "",
        ".jpg",
        "._a.jpg",
        ".hidden/a.jpg",
        "__MACOSX/a.jpg",
        "trip/__MACOSX/trip/._a.jpg",
    ],
)
def test_leftovers_and_other_files_are_no_photos(name: str) -> None:
    assert not looks_like_photo(name)


def test_photos_are_found_in_order_and_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    folder = tmp_path / "folder"
    for path in (
        folder / "b" / "2.jpg",
        folder / "b" / "10.PNG",
        folder / "a.heic",
        folder / "notes.txt",
        folder / ".trash" / "x.jpg",
        folder / "__MACOSX" / "b.jpg",
        outside / "secret.jpg",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"content")
    (folder / "linked.jpg").symlink_to(outside / "secret.jpg")
    (folder / "linked").symlink_to(outside)
    (folder / "folder.jpg").mkdir()
    found = find_photos(folder)
    assert [source.name for source in found] == ["a.heic", "b/10.PNG", "b/2.jpg"]
    assert [source.path for source in found] == [folder / source.name for source in found]


def test_a_name_that_is_no_unicode_can_still_be_told(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg"))
    path.write_bytes(b"content")
    [source] = find_photos(tmp_path)
    assert source.path == path
    assert source.name == r"caf\xe9.jpg"


def test_a_folder_without_photos_says_so(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("none")
    with pytest.raises(NoPhotos, match=tmp_path.name):
        find_photos(tmp_path)


@pytest.mark.parametrize(
    ("names", "shorter"),
    [
        ([], []),
        (["a.jpg"], ["a.jpg"]),
        (["t/a.jpg"], ["a.jpg"]),
        (["t/a.jpg", "t/b.jpg"], ["a.jpg", "b.jpg"]),
        (["t/1/a.jpg", "t/2/a.jpg"], ["1/a.jpg", "2/a.jpg"]),
        (["t/1/a.jpg", "t/b.jpg"], ["1/a.jpg", "b.jpg"]),
        (["t/a.jpg", "b.jpg"], ["t/a.jpg", "b.jpg"]),
        (["t/u/v/a.jpg", "t/u/v/b.jpg"], ["a.jpg", "b.jpg"]),
        (["tea/a.jpg", "te/a.jpg"], ["tea/a.jpg", "te/a.jpg"]),
    ],
)
def test_the_common_folder_is_left_out(names: list[str], shorter: list[str]) -> None:
    assert without_common_folder(names) == shorter


PARTS = st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=4)


@settings(derandomize=True)
@given(names=st.lists(PARTS.map("/".join), min_size=1, max_size=5, unique=True))
def test_without_their_common_folder_names_differ_as_before(names: list[str]) -> None:
    shorter = without_common_folder(names)
    [cut] = {name[: len(name) - len(short)] for name, short in zip(names, shorter, strict=True)}
    assert [cut + short for short in shorter] == names
    assert cut == "" or cut.endswith("/")
    firsts = {short.split("/")[0] for short in shorter}
    assert len(firsts) > 1 or any("/" not in short for short in shorter)
