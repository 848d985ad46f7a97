"""The challenge's tables: what is read, and why others are refused."""

import csv
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scene3d.engine.errors import EngineError, InputNotFound
from scene3d.engine.evaluation import (
    TableProblem,
    read_labels,
    read_submission,
    read_thresholds,
    read_truth,
    score_challenge,
)

ONE = "1;0;0;0;1;0;0;0;1"
NAN = "nan;nan;nan;nan;nan;nan;nan;nan;nan"
POSES = ("dataset", "scene", "image", "rotation_matrix", "translation_vector")
Rows = Sequence[Sequence[str]]

LABELS: Rows = [
    POSES,
    ("town", "gate", "a.jpg", ONE, "0;0;1"),
    ("town", "gate", "b.jpg", ONE, "0;2;0"),
    ("town", "outliers", "c.jpg", NAN, "nan;nan;nan"),
]
THRESHOLDS: Rows = [
    ("dataset", "scene", "thresholds"),
    ("town", "gate", "0.01;0.02;0.05"),
    ("town", "outliers", "nan;nan;nan"),
]
SUBMISSION: Rows = [
    ("image_id", *POSES),
    ("1", "town", "x", "b.jpg", ONE, "1;2;3"),
    ("2", "town", "x", "a.jpg", NAN, "nan;nan;nan"),
    ("3", "town", "outliers", "c.jpg", NAN, "nan;nan;nan"),
]


def write(path: Path, rows: Rows) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def read_all(folder: Path, **tables: Rows) -> None:
    """The good tables, but for those that are given."""
    paths = {
        name: write(folder / f"{name}.csv", rows)
        for name, rows in {
            "labels": LABELS, "thresholds": THRESHOLDS, "submission": SUBMISSION, **tables
        }.items()
    }  # fmt: skip
    read_submission(paths["submission"], read_truth(paths["labels"], paths["thresholds"]))


def changed(rows: Rows, line: int, column: str, value: str) -> Rows:
    """`line` counts from 1, the header's."""
    table = [list(row) for row in rows]
    table[line - 1][list(rows[0]).index(column)] = value
    return table


def test_good_tables(tmp_path: Path) -> None:
    labels = write(tmp_path / "labels.csv", LABELS)
    thresholds = write(tmp_path / "thresholds.csv", THRESHOLDS)
    [town] = read_truth(labels, thresholds)
    assert (town.name, list(town.scenes)) == ("town", ["gate", "outliers"])
    assert town.thresholds == {"gate": (0.01, 0.02, 0.05)}
    assert np.array_equal(town.scenes["gate"]["b.jpg"].center_in_world, [0, -2, 0])
    found = read_submission(write(tmp_path / "submission.csv", SUBMISSION), [town])
    assert {cluster: list(poses) for cluster, poses in found["town"].items()} == {
        "x": ["b.jpg", "a.jpg"],
        "outliers": ["c.jpg"],
    }
    assert found["town"]["x"]["b.jpg"].is_finite
    assert not found["town"]["x"]["a.jpg"].is_finite


def test_numbers_go_row_by_row(tmp_path: Path) -> None:
    rows = changed(LABELS, 2, "rotation_matrix", "1;2;3;4;5;6;7;8;9e0")
    pose = read_labels(write(tmp_path / "labels.csv", rows))["town"]["gate"]["a.jpg"]
    assert pose.rotation_cam_from_world.tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


def test_a_byte_order_mark_other_columns_and_unused_thresholds_are_fine(tmp_path: Path) -> None:
    path = write(
        tmp_path / "labels.csv", [("note", *LABELS[0]), *(("", *row) for row in LABELS[1:])]
    )
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    thresholds = write(tmp_path / "t.csv", [*THRESHOLDS, ("other", "place", "1;2;3;4")])
    [town] = read_truth(path, thresholds)
    assert list(town.scenes["gate"]) == ["a.jpg", "b.jpg"]


def test_two_datasets_may_name_their_photos_alike(tmp_path: Path) -> None:
    rows = [*LABELS, ("village", "gate", "a.jpg", ONE, "0;0;0")]
    assert list(read_labels(write(tmp_path / "labels.csv", rows))) == ["town", "village"]


def without(rows: Rows, line: int) -> Rows:
    return [row for number, row in enumerate(rows, 1) if number != line]


CASES: Mapping[str, tuple[str, Rows, str]] = {
    "no rotations": ("labels", [row[:3] for row in LABELS], "column_missing"),
    "no thresholds": ("thresholds", [row[:2] for row in THRESHOLDS], "column_missing"),
    "nothing": ("labels", [], "column_missing"),
    "header only": ("labels", LABELS[:1], "table_empty"),
    "short row": ("labels", [*LABELS, LABELS[1][:3]], "row_malformed"),
    "long row": ("labels", [*LABELS, (*LABELS[1], "more")], "row_malformed"),
    "no name": ("labels", changed(LABELS, 2, "image", ""), "row_malformed"),
    "eight numbers": ("labels", changed(LABELS, 2, "rotation_matrix", ONE[:-2]), "pose_malformed"),
    "four numbers": (
        "submission", changed(SUBMISSION, 2, "translation_vector", "1;2;3;4"), "pose_malformed"
    ),
    "words": (
        "submission", changed(SUBMISSION, 2, "translation_vector", "a;b;c"), "pose_malformed"
    ),
    "labels without a pose": (
        "labels", changed(LABELS, 2, "rotation_matrix", NAN), "pose_malformed"
    ),
    "infinite labels": (
        "labels", changed(LABELS, 3, "translation_vector", "0;inf;0"), "pose_malformed"
    ),
    "label twice": ("labels", [*LABELS, LABELS[1]], "image_repeated"),
    "in two scenes": (
        "labels", [*LABELS, ("town", "wall", *LABELS[1][2:])], "image_repeated"
    ),
    "in two clusters": (
        "submission", [*SUBMISSION, ("4", "town", "y", *SUBMISSION[1][3:])], "image_repeated"
    ),
    "unknown photo": (
        "submission", [*SUBMISSION, ("4", "town", "x", "z.jpg", ONE, "0;0;0")], "image_unknown"
    ),
    "unknown dataset": (
        "submission", [*SUBMISSION, ("4", "sea", "x", "a.jpg", ONE, "0;0;0")], "image_unknown"
    ),
    "missing photo": ("submission", without(SUBMISSION, 3), "image_missing"),
    "missing outlier": ("submission", without(SUBMISSION, 4), "image_missing"),
    "scene without thresholds": (
        "labels", [*LABELS, ("town", "wall", "d.jpg", ONE, "0;0;0")], "scene_without_thresholds"
    ),
    "thresholds twice": ("thresholds", [*THRESHOLDS, THRESHOLDS[1]], "scene_repeated"),
    "two thresholds": (
        "thresholds", changed(THRESHOLDS, 2, "thresholds", "0.1;0.2"), "thresholds_malformed"
    ),
    "no thresholds known": (
        "thresholds", changed(THRESHOLDS, 2, "thresholds", "nan;nan;nan"), "thresholds_malformed"
    ),
    "a threshold of zero": (
        "thresholds", changed(THRESHOLDS, 2, "thresholds", "0;1;2"), "thresholds_malformed"
    ),
    "thresholds of words": (
        "thresholds", changed(THRESHOLDS, 2, "thresholds", "1,2,3"), "thresholds_malformed"
    ),
    "falling": (
        "thresholds", changed(THRESHOLDS, 2, "thresholds", "1;3;2"), "thresholds_not_ascending"
    ),
    "level": (
        "thresholds", changed(THRESHOLDS, 2, "thresholds", "1;2;2"), "thresholds_not_ascending"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("table", "rows", "code"), CASES.values(), ids=CASES)
def test_bad_tables_are_refused(table: str, rows: Rows, code: str, tmp_path: Path) -> None:
    with pytest.raises(TableProblem) as caught:
        read_all(tmp_path, **{table: rows})
    assert caught.value.code == code
    assert caught.value.next_step.endswith(".")
    named = "thresholds.csv" if code == "scene_without_thresholds" else f"{table}.csv"
    assert caught.value.message.startswith(named)


def test_scenes_with_unequal_numbers_of_thresholds(tmp_path: Path) -> None:
    labels = [*LABELS, ("town", "wall", "d.jpg", ONE, "0;0;0")]
    with pytest.raises(TableProblem, match="3, 4 thresholds") as caught:
        read_all(tmp_path, labels=labels, thresholds=[*THRESHOLDS, ("town", "wall", "1;2;3;4")])
    assert caught.value.code == "thresholds_uneven"


def test_the_line_is_named_and_long_lists_are_short(tmp_path: Path) -> None:
    with pytest.raises(TableProblem, match=r"^labels\.csv, line 5: town/a\.jpg has a row already"):
        read_all(tmp_path, labels=[*LABELS, LABELS[1]])
    many = [("9", "town", "x", f"n{number}.jpg", ONE, "0;0;0") for number in range(50)]
    with pytest.raises(TableProblem, match=r"town/n0\.jpg, town/n1\.jpg, .* and 47 more\.$"):
        read_all(tmp_path, submission=[*SUBMISSION, *many])


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00d", b"a" * 200_000, b'dataset,"scene', b"dataset\x00,scene"]
)
def test_files_that_are_no_tables(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes(content)
    with pytest.raises(TableProblem) as caught:
        read_labels(path)
    assert caught.value.code in {"table_unreadable", "column_missing"}


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputNotFound, match="missing"):
        read_thresholds(tmp_path / "missing.csv")
    with pytest.raises(TableProblem, match="cannot be read") as caught:
        read_thresholds(tmp_path)
    assert caught.value.code == "table_unreadable"


names = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8
).filter(lambda name: name != "outliers")


@settings(max_examples=60, deadline=None)
@given(dataset=names, scene=names, cluster=names, photos=st.sets(names, min_size=4, max_size=6))
def test_names_may_hold_anything(
    tmp_path_factory: pytest.TempPathFactory,
    dataset: str,
    scene: str,
    cluster: str,
    photos: set[str],
) -> None:
    folder = tmp_path_factory.mktemp("names")
    places = [(photo, ONE, f"{index};{index**2};{index**3}") for index, photo in enumerate(photos)]
    labels = write(folder / "l.csv", [POSES, *((dataset, scene, *place) for place in places)])
    thresholds = write(folder / "t.csv", [THRESHOLDS[0], (dataset, scene, "0.1;0.2;0.3")])
    truth = read_truth(labels, thresholds)
    rows = [POSES, *((dataset, cluster, *place) for place in reversed(places))]
    score = score_challenge(truth, read_submission(write(folder / "s.csv", rows), truth))
    assert score.score_percent == 100.0
    assert score.datasets[0].scenes[0].cluster == cluster


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=60) | st.text(',;"\n\r1na.', max_size=60).map(str.encode))
def test_no_bytes_crash(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("bytes") / "labels.csv"
    path.write_bytes(",".join(POSES).encode() + b"\r\n" + content)
    with suppress(EngineError):
        read_labels(path)
