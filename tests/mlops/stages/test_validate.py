"""What is said of data folders: good ones, and those with one thing wrong."""

import json
import shutil
from pathlib import Path

import pytest

from mlops.data import DataFolder
from mlops.stages.validate import REPORT_NAME, Totals, examine, validate
from tests.engine.photo_files import jpeg, png_header
from tests.engine.textures import textured

from .folders import (
    NUM_IMAGES,
    THRESHOLDS,
    Spoil,
    change_rows,
    content,
    joined,
    label,
    make_data,
    more_labels,
    more_thresholds,
    pose,
    thresholds,
    wall_0,
)
from .running import exit_code


def repeat_first_label(data: DataFolder) -> None:
    change_rows(data.labels_path, lambda rows: [*rows, rows[0]])


def name_another_scene_too(data: DataFolder) -> None:
    change_rows(data.labels_path, lambda rows: [*rows, {**rows[0], "scene": "outliers"}])


def repeat_first_thresholds(data: DataFolder) -> None:
    change_rows(data.thresholds_path, lambda rows: [*rows, rows[0]])


def drop_thresholds(data: DataFolder) -> None:
    change_rows(data.thresholds_path, lambda rows: [r for r in rows if r["scene"] != "wall"])


def shrink_gate(data: DataFolder) -> None:
    (data.images_dir / "yard" / "gate_2.jpg").unlink()
    change_rows(data.labels_path, lambda rows: [r for r in rows if r["image"] != "gate_2.jpg"])


def add_dataset(data: DataFolder) -> None:
    (data.images_dir / "new").mkdir()
    textured(99).save(data.images_dir / "new" / "more.jpg")


def repeat_a_photo(data: DataFolder) -> None:
    shutil.copy(wall_0(data), data.images_dir / "yard" / "wall_3.jpg")


def unreadable(data: DataFolder) -> None:
    """Opens, and fails to give a byte."""
    wall_0(data).unlink()
    wall_0(data).symlink_to("/proc/self/mem")


R = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
GOOD_R, GOOD_T = pose(1)
WALL_0, WALL = "yard/wall_0.jpg", "yard/wall"
LABELS, LIMITS = "train_labels.csv, line", "train_thresholds.csv, line"

CASES: dict[str, tuple[Spoil, str, str, str]] = {
    "no file": (lambda data: wall_0(data).unlink(), "error", "image_missing", WALL_0),
    "no such name": (
        more_labels(f"yard,wall,wall_9.jpg,{GOOD_R},{GOOD_T}"),
        "error", "image_missing", "yard/wall_9.jpg",
    ),
    "empty file": (content(b""), "error", "image_unreadable", WALL_0),
    "text": (content(b"no photo"), "error", "image_unreadable", WALL_0),
    "half a photo": (content(jpeg()[:900]), "error", "image_unreadable", WALL_0),
    "a bomb": (content(png_header(50_000, 50_000)), "error", "image_unreadable", WALL_0),
    "bad disk": (unreadable, "error", "image_unreadable", WALL_0),
    "no label": (
        lambda data: textured(99).save(data.images_dir / "yard" / "more.jpg"),
        "warning", "image_unlabelled", "yard/more.jpg",
    ),
    "no label of a dataset": (
        add_dataset,
        "warning", "image_unlabelled", "new/more.jpg",
    ),
    "same content": (repeat_a_photo, "warning", "image_repeated", "yard/wall_3.jpg"),
    "8 of R": (label("rotation_matrix", joined(R[:8])), "error", "rotation_malformed", WALL_0),
    "10 of R": (label("rotation_matrix", joined([*R, 0])), "error", "rotation_malformed", WALL_0),
    "no R": (label("rotation_matrix", ""), "error", "rotation_malformed", WALL_0),
    "R in words": (
        label("rotation_matrix", joined(R[:8]) + ";one"), "error", "rotation_malformed", WALL_0,
    ),
    "R is nan": (
        label("rotation_matrix", ";".join(["nan"] * 9)), "error", "rotation_malformed", WALL_0,
    ),
    "R is endless": (
        label("rotation_matrix", joined(R[:8]) + ";inf"), "error", "rotation_malformed", WALL_0,
    ),
    "R is larger": (
        label("rotation_matrix", joined([1.001 * value for value in R])),
        "error", "rotation_malformed", WALL_0,
    ),
    "R is oblique": (
        label("rotation_matrix", joined([1, 0.002, 0, 0, 1, 0, 0, 0, 1])),
        "error", "rotation_malformed", WALL_0,
    ),
    "R mirrors": (
        label("rotation_matrix", joined([*R[:8], -1])), "error", "rotation_malformed", WALL_0,
    ),
    "2 of t": (label("translation_vector", "1;2"), "error", "translation_malformed", WALL_0),
    "4 of t": (label("translation_vector", "1;2;3;4"), "error", "translation_malformed", WALL_0),
    "t in words": (label("translation_vector", "1;x;3"), "error", "translation_malformed", WALL_0),
    "t is nan": (label("translation_vector", "1;2;nan"), "error", "translation_malformed", WALL_0),
    "R of an outlier": (
        label("rotation_matrix", "nan", "stranger.jpg"),
        "error", "rotation_malformed", "yard/stranger.jpg",
    ),
    "two images": (shrink_gate, "error", "scene_too_small", "yard/gate"),
    "row twice": (repeat_first_label, "warning", "row_repeated", f"{LABELS} 13"),
    "two scenes": (name_another_scene_too, "error", "row_conflict", f"{LABELS} 13"),
    "too few cells": (
        more_labels(f"yard,wall,wall_1.jpg,{GOOD_R}"), "error", "row_malformed", f"{LABELS} 13",
    ),
    "too many cells": (
        more_labels(f"yard,wall,wall_1.jpg,{GOOD_R},{GOOD_T},"),
        "error", "row_malformed", f"{LABELS} 13",
    ),
    "no name": (
        more_labels(f"yard,wall,,{GOOD_R},{GOOD_T}"),
        "error", "row_malformed", f"{LABELS} 13",
    ),
    "no scene": (
        more_labels(f"yard,,wall_1.jpg,{GOOD_R},{GOOD_T}"),
        "error", "row_malformed", f"{LABELS} 13",
    ),
    "a way out": (
        more_labels(f"yard,wall,../../data/train_labels.csv,{GOOD_R},{GOOD_T}"),
        "error", "row_malformed", f"{LABELS} 13",
    ),
    "a way to the root": (
        more_labels(f"/etc,wall,passwd,{GOOD_R},{GOOD_T}"),
        "error", "row_malformed", f"{LABELS} 13",
    ),
    "no thresholds": (drop_thresholds, "error", "thresholds_missing", WALL),
    "thresholds of nothing": (
        more_thresholds(f"yard,barn,{THRESHOLDS}"), "warning", "thresholds_unused", "yard/barn",
    ),
    "descending": (thresholds("0.1;0.2;0.05;0.4"), "error", "thresholds_malformed", WALL),
    "equal": (thresholds("0.1;0.2;0.2;0.4"), "error", "thresholds_malformed", WALL),
    "zero": (thresholds("0;0.1;0.2;0.4"), "error", "thresholds_malformed", WALL),
    "thresholds are nan": (thresholds("nan;nan;nan;nan"), "error", "thresholds_malformed", WALL),
    "thresholds in words": (thresholds("a;b;c;d"), "error", "thresholds_malformed", WALL),
    "two thresholds": (thresholds("0.1;0.2"), "error", "thresholds_malformed", WALL),
    "five thresholds": (thresholds(f"{THRESHOLDS};0.2"), "error", "thresholds_count", WALL),
    "thresholds twice": (repeat_first_thresholds, "warning", "row_repeated", f"{LIMITS} 6"),
    "thresholds disagree": (
        more_thresholds("yard,wall,1;2;3;4"), "error", "row_conflict", f"{LIMITS} 6",
    ),
    "thresholds cut off": (more_thresholds("yard,barn"), "error", "row_malformed", f"{LIMITS} 6"),
}  # fmt: skip


def test_good_data_has_no_issue(data: DataFolder) -> None:
    report = examine(data, num_threads=2)
    assert report.issues == []
    assert report.status == "ok"
    assert report.totals == Totals(
        num_rows=NUM_IMAGES,
        num_images=NUM_IMAGES,
        num_datasets=2,
        num_scenes=3,
        num_errors=0,
        num_warnings=0,
    )
    assert report.num_images == {
        "tower": {"tower": 3},
        "yard": {"gate": 3, "outliers": 1, "wall": 4},
    }


@pytest.mark.parametrize("case", CASES)
def test_exactly_what_is_wrong_is_reported(data: DataFolder, case: str) -> None:
    spoil, severity, code, place = CASES[case]
    spoil(data)
    report = examine(data, num_threads=2)
    assert [(i.severity, i.code, i.place) for i in report.issues] == [(severity, code, place)]
    assert report.issues[0].message.endswith((".", ")"))
    assert report.num_issues == {code: 1}
    assert report.status == ("error" if severity == "error" else "warn")
    counted = report.totals.num_errors, report.totals.num_warnings
    assert counted == ((1, 0) if severity == "error" else (0, 1))


def test_every_issue_is_provoked_above() -> None:
    assert {code for _, _, code, _ in CASES.values()} | {"scenes_missing"} == {
        "image_missing", "image_repeated", "image_unlabelled", "image_unreadable",
        "rotation_malformed", "row_conflict", "row_malformed", "row_repeated", "scene_too_small",
        "scenes_missing", "thresholds_count", "thresholds_malformed", "thresholds_missing",
        "thresholds_unused", "translation_malformed",
    }  # fmt: skip


def test_labels_without_any_scene(data: DataFolder) -> None:
    change_rows(data.labels_path, lambda rows: [r for r in rows if r["scene"] == "outliers"])
    report = examine(data, num_threads=2)
    assert report.num_issues == {
        "image_unlabelled": NUM_IMAGES - 1, "scenes_missing": 1, "thresholds_unused": 3,
    }  # fmt: skip


def test_issues_come_in_order_errors_first(data: DataFolder) -> None:
    for case in ("no label", "no file", "2 of t", "row twice"):
        CASES[case][0](data)
    found = examine(data, num_threads=2).issues
    assert [(issue.severity, issue.code) for issue in found] == [
        ("error", "image_missing"),
        ("error", "translation_malformed"),
        ("warning", "image_unlabelled"),
        ("warning", "row_repeated"),
    ]


def test_labels_with_six_digits_are_exact_enough(data: DataFolder) -> None:
    label("rotation_matrix", joined([1.0004 * value for value in R]))(data)
    assert examine(data, num_threads=1).issues == []


def test_files_that_are_no_photos_do_not_count(data: DataFolder) -> None:
    for name in ("notes.txt", ".hidden.jpg", "Thumbs.db"):
        (data.images_dir / "yard" / name).write_bytes(b"something")
    assert examine(data, num_threads=1).status == "ok"


class TestCommand:
    @pytest.mark.parametrize(
        ("case", "allow", "code"),
        [
            ("no label", False, 2),
            ("no label", True, 0),
            ("no file", False, 2),
            ("no file", True, 2),
            (None, False, 0),
        ],
    )
    def test_exit_codes(
        self,
        data: DataFolder,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        case: str | None,
        allow: bool,  # noqa: FBT001  # a parameter of the cases above
        code: int,
    ) -> None:
        if case:
            CASES[case][0](data)
        out = tmp_path / "out"
        ended = exit_code("validate", data.root, output=out, allow_warnings=allow)
        report = json.loads((out / REPORT_NAME).read_text())
        told = capsys.readouterr()
        assert ended == code
        assert report["num_issues"] == ({} if case is None else {CASES[case][2]: 1})
        assert told.err.count("\n") == (1 if code else 0)
        assert told.err.startswith("validation_failed: " if code else "")
        assert all(issue["message"] in told.out for issue in report["issues"])

    def test_no_data_is_one_line(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert exit_code("validate", tmp_path / "nothing", output=tmp_path / "out") == 2
        [line] = capsys.readouterr().err.splitlines()
        assert line.startswith(f"data_missing: {tmp_path}/nothing/train_labels.csv is not there.")

    def test_equal_data_give_equal_reports(self, data: DataFolder, tmp_path: Path) -> None:
        other = make_data(tmp_path / "other")
        for folder, name in ((data, "first"), (other, "second")):
            for case in ("same content", "R mirrors", "no label", "descending"):
                CASES[case][0](folder)
            assert exit_code("validate", folder.root, output=tmp_path / name) == 2
        first, second = (
            (tmp_path / name / REPORT_NAME).read_bytes() for name in ("first", "second")
        )
        assert first == second


def test_the_real_photos_are_fine(shared_data: Path, tmp_path: Path) -> None:
    report = validate(DataFolder(shared_data), tmp_path / "out", num_threads=2)
    assert report.issues == []
    assert (report.status, report.totals.num_images, report.totals.num_scenes) == ("ok", 41, 3)
    assert report.num_images == {
        "castle": {"castle_p19": 19},
        "facades": {"fountain_p11": 11, "herz_jesus_p8": 8, "outliers": 3},
    }
