"""What can be wrong with train_labels.csv."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from mlops.data import Row, image_key
from mlops.stages.issues import Issue, first_rows, issue, line_of, parse_numbers, repeated_rows
from scene3d.engine.export.submission import OUTLIERS
from scene3d.engine.types import FloatArray

MIN_NUM_IMAGES = 3
"""Of a scene; a similarity to the true cameras needs as many."""
ROTATION_TOLERANCE = 1e-3
"""Of each value of R R^T; labels with six digits stay below 1e-5."""
_FILE = "train_labels.csv"

SceneKey = tuple[str, str]
"""Dataset, scene."""


def scene_key(row: Row) -> SceneKey:
    return row.cells["dataset"], row.cells["scene"]


def counts_by_scene(rows: Sequence[Row]) -> Counter[SceneKey]:
    """Different images of each scene, the outliers included."""
    named = [row for row in rows if image_key(row).is_inside and row.cells["scene"]]
    return Counter(scene_key(row) for row in first_rows(named, image_key))


def label_issues(rows: Sequence[Row]) -> Iterator[Issue]:
    """All but what can be said of the photos themselves."""
    yield from _malformed_rows(rows)
    usable = [row for row in rows if _is_usable(row)]
    yield from repeated_rows(usable, image_key, _FILE)
    for row in first_rows(usable, image_key):
        yield from _pose_issues(row)
    counts = counts_by_scene(rows)
    if all(scene == OUTLIERS for _, scene in counts):
        yield issue("scenes_missing", _FILE, "It names no scene that could be scored.")
    for (dataset, scene), count in counts.items():
        if scene != OUTLIERS and count < MIN_NUM_IMAGES:
            yield issue(
                "scene_too_small",
                f"{dataset}/{scene}",
                f"Has {count} of the {MIN_NUM_IMAGES} images that a scene needs.",
            )


def _is_usable(row: Row) -> bool:
    return row.is_whole and image_key(row).is_inside and bool(row.cells["scene"])


def _malformed_rows(rows: Sequence[Row]) -> Iterator[Issue]:
    for row in rows:
        if not row.is_whole:
            words = "Has more or fewer cells than the header."
        elif not _is_usable(row):
            words = "Names no dataset, no scene, or no image within the dataset's folder."
        else:
            continue
        yield issue("row_malformed", line_of(row, _FILE), words)


def _pose_issues(row: Row) -> Iterator[Issue]:
    is_outlier = row.cells["scene"] == OUTLIERS
    for code, column, count in (
        ("rotation_malformed", "rotation_matrix", 9),
        ("translation_malformed", "translation_vector", 3),
    ):
        try:
            numbers = _parse_pose(row.cells[column], count, may_be_nan=is_outlier)
            if column == "rotation_matrix" and not is_outlier:
                _require_rotation(numbers.reshape(3, 3))
        except ValueError as error:
            yield issue(code, str(image_key(row)), str(error))


def _parse_pose(text: str, count: int, *, may_be_nan: bool) -> FloatArray:
    numbers = parse_numbers(text)
    if len(numbers) != count:
        raise ValueError(f"{len(numbers)} values instead of {count}.")
    values = np.array(numbers)
    if not may_be_nan and not np.isfinite(values).all():
        raise ValueError("NaN or infinite, which only outliers may be.")
    return values


def _require_rotation(matrix: FloatArray) -> None:
    """Raises: ValueError."""
    error = float(np.abs(matrix @ matrix.T - np.eye(3)).max())
    if error > ROTATION_TOLERANCE:
        raise ValueError(
            f"No rotation: its rows are off unit length or right angles by {error:.2g}."
        )
    if np.linalg.det(matrix) < 0:
        raise ValueError("No rotation but a reflection: its determinant is -1.")
