"""What can be wrong with train_thresholds.csv."""

import math
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from mlops.data import Row
from mlops.stages.issues import Issue, first_rows, issue, line_of, parse_numbers, repeated_rows
from mlops.stages.label_issues import SceneKey, scene_key
from scene3d.engine.export.submission import OUTLIERS

MIN_NUM_THRESHOLDS = 3
"""The score leaves out the two tightest."""
_FILE = "train_thresholds.csv"


def threshold_issues(rows: Sequence[Row], labelled: Collection[SceneKey]) -> Iterator[Issue]:
    """Of scenes but the outliers, which are not scored.

    Args:
        labelled: scenes that train_labels.csv names.
    """
    for row in rows:
        if not _is_usable(row):
            words = "Has more or fewer cells than the header, or names no scene."
            yield issue("row_malformed", line_of(row, _FILE), words)
    usable = [row for row in rows if _is_usable(row)]
    yield from repeated_rows(usable, scene_key, _FILE)
    scored = [row for row in first_rows(usable, scene_key) if row.cells["scene"] != OUTLIERS]
    yield from _malformed_thresholds(scored)
    named = {(row.cells["dataset"], row.cells["scene"]) for row in rows}
    for dataset, scene in sorted(set(labelled) - named):
        if scene != OUTLIERS:
            yield issue("thresholds_missing", f"{dataset}/{scene}", "Cannot be scored.")
    for dataset, scene in sorted(set(map(scene_key, scored)) - set(labelled)):
        yield issue("thresholds_unused", f"{dataset}/{scene}", "No label names this scene.")


def _is_usable(row: Row) -> bool:
    return row.is_whole and all(scene_key(row))


def _malformed_thresholds(rows: Sequence[Row]) -> Iterator[Issue]:
    lengths: dict[SceneKey, int] = {}
    for row in rows:
        try:
            lengths[scene_key(row)] = len(_parse_thresholds(row.cells["thresholds"]))
        except ValueError as error:
            yield issue("thresholds_malformed", "/".join(scene_key(row)), str(error))
    if not lengths:
        return
    usual, _ = max(Counter(lengths.values()).items(), key=lambda item: (item[1], item[0]))
    for scene, length in lengths.items():
        if length != usual:
            words = f"{length} thresholds, where most scenes have {usual}."
            yield issue("thresholds_count", "/".join(scene), words)


def _parse_thresholds(text: str) -> list[float]:
    """Raises: ValueError."""
    numbers = parse_numbers(text)
    if len(numbers) < MIN_NUM_THRESHOLDS:
        raise ValueError(f"{len(numbers)} thresholds; at least {MIN_NUM_THRESHOLDS} are needed.")
    if not all(0 < number < math.inf for number in numbers):
        raise ValueError("Not all of them are positive and finite.")
    if not all(low < high for low, high in pairwise(numbers)):
        raise ValueError("They do not ascend.")
    return numbers
