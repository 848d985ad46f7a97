"""The tables of the Image Matching Challenge 2025: labels, thresholds, a submission.

CSV in UTF-8 with a header; columns beside the needed ones are welcome. A rotation is nine numbers
by ";", row by row, a translation three, both from world to camera.

Source: data description of the Image Matching Challenge 2025.
"""

import csv
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from scene3d.engine.errors import InputNotFound, PhotoProblem
from scene3d.engine.evaluation.challenge import (
    NUM_SKIPPED_THRESHOLDS,
    ChallengeDataset,
    Poses,
)
from scene3d.engine.evaluation.poses import Pose
from scene3d.engine.export.submission import OUTLIERS

PoseTable = Mapping[str, Mapping[str, Poses]]
"""By dataset, then by scene or cluster, both in the order of the table."""

MAX_LISTED = 3
"""Names in a message."""

_POSE_COLUMNS = ("dataset", "scene", "image", "rotation_matrix", "translation_vector")
_THRESHOLD_COLUMNS = ("dataset", "scene", "thresholds")


class TableProblem(PhotoProblem):
    """A table that is refused; `code` says why."""

    next_step = "Correct the table and run it again."

    def __init__(self, code: str, message: str, *, next_step: str | None = None) -> None:
        super().__init__(message, next_step=next_step)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class _Row:
    where: str
    """File and line."""
    cells: Mapping[str, str]

    def problem(self, code: str, words: str) -> TableProblem:
        return TableProblem(code, f"{self.where}: {words}.")


def read_truth(labels: Path, thresholds: Path) -> list[ChallengeDataset]:
    """Every dataset of the labels, with the thresholds of its scenes.

    Raises: as `read_labels` and `read_thresholds` do;
        TableProblem: `scene_without_thresholds`, `thresholds_uneven`.
    """
    limits = read_thresholds(thresholds)
    datasets = []
    for name, scenes in read_labels(labels).items():
        scored = [scene for scene in scenes if scene != OUTLIERS]
        missing = [scene for scene in scored if (name, scene) not in limits]
        if missing:
            raise TableProblem(
                "scene_without_thresholds",
                f"{thresholds.name} has no thresholds of {_listed(missing)} of {name}.",
                next_step="Add a row for every scene that the labels name.",
            )
        own = {scene: limits[name, scene] for scene in scored}
        datasets.append(ChallengeDataset(name=name, scenes=scenes, thresholds=own))
    _check_even(datasets, thresholds)
    return datasets


def _check_even(datasets: Sequence[ChallengeDataset], thresholds: Path) -> None:
    counts = {len(limits) for dataset in datasets for limits in dataset.thresholds.values()}
    if len(counts) > 1:
        raise TableProblem(
            "thresholds_uneven",
            f"{thresholds.name} has {_listed(map(str, sorted(counts)))} thresholds a scene.",
            next_step="Give every scene equally many thresholds.",
        )


def read_labels(path: Path) -> PoseTable:
    """train_labels.csv; photos of the scene "outliers" belong to none, their poses may be nan.

    Raises:
        InputNotFound: no such file.
        TableProblem: `table_unreadable`, `table_empty`, `column_missing`, `row_malformed`,
            `pose_malformed`, `image_repeated`.
    """
    return _read_poses(path, may_lack_pose=lambda scene: scene == OUTLIERS)


def read_submission(path: Path, truth: Sequence[ChallengeDataset]) -> PoseTable:
    """Every photo of the truth in one cluster, or in the one called "outliers", with a pose or nan.

    Raises: as `read_labels` does; TableProblem: `image_unknown`, `image_missing`.
    """
    submission = _read_poses(path, may_lack_pose=lambda _: True)
    wanted = {dataset.name: _photos(dataset.scenes) for dataset in truth}
    given = {name: _photos(clusters) for name, clusters in submission.items()}
    for first, second, code, words in (
        (given, wanted, "image_unknown", "photos that the labels do not know"),
        (wanted, given, "image_missing", "no row for photos of the labels"),
    ):
        others = [
            f"{dataset}/{photo}"
            for dataset, photos in first.items()
            for photo in sorted(photos - second.get(dataset, set()))
        ]
        if others:
            raise TableProblem(
                code,
                f"{path.name} has {words}: {_listed(others)}.",
                next_step="Give every photo of the labels one row, and no other photo.",
            )
    return submission


def _photos(scenes: Mapping[str, Poses]) -> set[str]:
    return {photo for poses in scenes.values() for photo in poses}


def read_thresholds(path: Path) -> dict[tuple[str, str], tuple[float, ...]]:
    """train_thresholds.csv, by dataset and scene; what it says of outliers is not read.

    Raises: as `read_labels` does, but for poses and images;
        TableProblem: `scene_repeated`, `thresholds_malformed`, `thresholds_not_ascending`.
    """
    thresholds: dict[tuple[str, str], tuple[float, ...]] = {}
    for row in _rows(path, _THRESHOLD_COLUMNS):
        scene = (row.cells["dataset"], row.cells["scene"])
        if scene[1] == OUTLIERS:
            continue
        if scene in thresholds:
            raise row.problem("scene_repeated", f"{'/'.join(scene)} has thresholds already")
        thresholds[scene] = _thresholds(row)
    return thresholds


def _thresholds(row: _Row) -> tuple[float, ...]:
    values = _numbers(row.cells["thresholds"])
    least = NUM_SKIPPED_THRESHOLDS + 1
    if len(values) < least or not all(math.isfinite(value) and value > 0 for value in values):
        raise row.problem(
            "thresholds_malformed",
            f"the thresholds are not {least} or more positive numbers, with ; between them",
        )
    if any(first >= second for first, second in pairwise(values)):
        raise row.problem("thresholds_not_ascending", "a threshold is not above the one before")
    return tuple(values)


def _read_poses(path: Path, may_lack_pose: Callable[[str], bool]) -> PoseTable:
    """
    Args:
        may_lack_pose: of the scene; numbers that are not finite stand for a pose that is unknown.
    """
    table: dict[str, dict[str, dict[str, Pose]]] = {}
    seen: set[tuple[str, str]] = set()
    for row in _rows(path, _POSE_COLUMNS):
        dataset, scene, photo = (row.cells[name] for name in ("dataset", "scene", "image"))
        if (dataset, photo) in seen:
            raise row.problem("image_repeated", f"{dataset}/{photo} has a row already")
        seen.add((dataset, photo))
        rotation = _pose_numbers(row, "rotation_matrix", 9)
        translation = _pose_numbers(row, "translation_vector", 3)
        pose = Pose(
            rotation_cam_from_world=np.array(rotation).reshape(3, 3),
            translation_cam_from_world=np.array(translation),
        )
        if not (pose.is_finite or may_lack_pose(scene)):
            raise row.problem("pose_malformed", f"the pose of {dataset}/{photo} is not finite")
        table.setdefault(dataset, {}).setdefault(scene, {})[photo] = pose
    return table


def _pose_numbers(row: _Row, column: str, count: int) -> list[float]:
    numbers = _numbers(row.cells[column])
    if len(numbers) != count:
        raise row.problem("pose_malformed", f"{column} is not {count} numbers with ; between them")
    return numbers


def _numbers(text: str) -> list[float]:
    """Empty where one of them is no number."""
    try:
        return [float(part) for part in text.split(";")]
    except ValueError:
        return []


def _rows(path: Path, columns: Sequence[str]) -> list[_Row]:
    """One or more, each with a value for each of the columns.

    Raises: InputNotFound; TableProblem: `table_unreadable`, `table_empty`, `column_missing`,
        `row_malformed`.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise TableProblem(
                    "column_missing",
                    f"{path.name} has no column {', '.join(missing)}.",
                    next_step=f"Its header names at least {', '.join(columns)}.",
                )
            rows = [
                _Row(where=f"{path.name}, line {reader.line_num}", cells=cells) for cells in reader
            ]
    except FileNotFoundError as error:
        raise InputNotFound(f"{path} is not there.", next_step="Name a CSV file.") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TableProblem(
            "table_unreadable",
            f"{path.name} cannot be read: {error}.",
            next_step="Save it as CSV in UTF-8.",
        ) from error
    if not rows:
        raise TableProblem("table_empty", f"{path.name} has a header and no rows.")
    for row in rows:
        if None in row.cells or not all(row.cells[name] for name in columns):
            raise row.problem("row_malformed", "the row has not one value for each column")
    return rows


def _listed(names: Iterable[str]) -> str:
    """Some of them, and how many more."""
    listed = list(names)
    more = f" and {len(listed) - MAX_LISTED} more" if len(listed) > MAX_LISTED else ""
    return ", ".join(listed[:MAX_LISTED]) + more
