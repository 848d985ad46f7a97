"""Which files go where in a run."""

from pathlib import Path

import pytest

from mlops.tracker import Artifact, ArtifactsInvalid
from mlops.uploads import find_uploads


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.csv", "a.ply", "deep/er/c.json"):
        path = tmp_path / "out" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "out"


def test_files_go_into_their_folders(folder: Path) -> None:
    uploads = find_uploads([Artifact(folder / "b.csv"), Artifact(folder / "a.ply", "x/y")])
    assert [(upload.path.name, upload.place) for upload in uploads] == [
        ("b.csv", "b.csv"),
        ("a.ply", "x/y/a.ply"),
    ]


@pytest.mark.parametrize(("top", "prefix"), [("", ""), ("scene", "scene/")])
def test_a_folder_brings_all_that_is_below_it(folder: Path, top: str, prefix: str) -> None:
    places = [upload.place for upload in find_uploads([Artifact(folder, top)])]
    assert places == [f"{prefix}a.ply", f"{prefix}b.csv", f"{prefix}deep/er/c.json"]


def test_names_that_addresses_would_cut_are_changed(tmp_path: Path) -> None:
    path = tmp_path / "plan #2?%20.csv"
    path.write_text("x")
    [upload] = find_uploads([Artifact(path, "50% done")])
    assert upload.place == "50_ done/plan _2__20.csv"
    with upload.as_named() as (named, folder):
        assert (named.name, named.read_text(), folder) == ("plan _2__20.csv", "x", "50_ done")
    assert not named.exists()
    assert path.read_text() == "x"


def test_a_file_with_a_plain_name_is_taken_as_it_is(folder: Path) -> None:
    [upload] = find_uploads([Artifact(folder / "b.csv")])
    with upload.as_named() as (named, top):
        assert (named, top) == (folder / "b.csv", None)


def test_what_is_missing_is_named(folder: Path) -> None:
    with pytest.raises(ArtifactsInvalid, match=r"^Not there: \S*/gone, \S*/lost\.$") as problem:
        find_uploads([Artifact(folder / name) for name in ("gone", "b.csv", "lost")])
    assert problem.value.code == "tracker_artifacts_invalid"


def test_two_files_in_one_place_are_refused(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "b.csv"
    other.write_text("other")
    with pytest.raises(ArtifactsInvalid, match=r"one place in the run: top/b\.csv\.$"):
        find_uploads([Artifact(folder, "top"), Artifact(other, "top")])
