"""First stage: is the data what the other stages take it for?"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from drift.documents import Document
from mlops.data import DataFolder, ImageKey, Row, data_hash, file_digest, image_key, present_images
from mlops.outputs import whole_output, write_document
from mlops.stages.issues import Issue, issue
from mlops.stages.label_issues import SceneKey, counts_by_scene, label_issues
from mlops.stages.threshold_issues import threshold_issues
from scene3d.engine.export.submission import OUTLIERS
from scene3d.engine.options import PhotoOptions
from scene3d.engine.photos import UnreadablePhotoError, read_photo

REPORT_NAME = "validation.json"


class Totals(Document):
    num_rows: int
    """Of train_labels.csv."""
    num_images: int
    """Files, labelled or not."""
    num_datasets: int
    num_scenes: int
    """The outliers of a dataset are none."""
    num_errors: int
    num_warnings: int


class Validation(Document):
    status: Literal["ok", "warn", "error"]
    data_hash: str
    """SHA-256 of all rows and photos; see `mlops.data.data_hash`."""
    totals: Totals
    num_images: dict[str, dict[str, int]]
    """Labelled, by dataset and scene."""
    num_issues: dict[str, int]
    """By code."""
    issues: list[Issue]
    """Errors first; empty for good data."""


@dataclass(frozen=True, kw_only=True)
class _File:
    digest: str
    problem: str | None


def validate(data: DataFolder, output: Path, *, num_threads: int) -> Validation:
    """Write REPORT_NAME into `output`, whatever it says.

    Raises: DataMissing, LabelsMalformed, ThresholdsMalformed, OutputNotWritable: there is no
        table to look at, or no place for the report.
    """
    with whole_output(output) as folder:
        validation = examine(data, num_threads=num_threads)
        write_document(validation, folder / REPORT_NAME)
    return validation


def examine(data: DataFolder, *, num_threads: int) -> Validation:
    """Raises: DataMissing, LabelsMalformed, ThresholdsMalformed."""
    labels, thresholds = data.read_labels(), data.read_thresholds()
    keys = present_images(data, labels)
    with ThreadPoolExecutor(num_threads) as pool:
        found = pool.map(_examine_file, map(data.image, keys))
        files = dict(zip(keys, found, strict=True))
    counts = counts_by_scene(labels)
    issues = _in_order(
        [
            *label_issues(labels),
            *threshold_issues(thresholds, counts.keys()),
            *_image_issues(files, labels),
        ]
    )
    severities = Counter(found.severity for found in issues)
    return Validation(
        status="error" if severities["error"] else "warn" if issues else "ok",
        data_hash=data_hash(labels, thresholds, {key: file.digest for key, file in files.items()}),
        totals=Totals(
            num_rows=len(labels),
            num_images=len(files),
            num_datasets=len({dataset for dataset, _ in counts}),
            num_scenes=sum(scene != OUTLIERS for _, scene in counts),
            num_errors=severities["error"],
            num_warnings=severities["warning"],
        ),
        num_images=_by_dataset(counts),
        num_issues=dict(sorted(Counter(found.code for found in issues).items())),
        issues=issues,
    )


def _examine_file(path: Path) -> _File:
    try:
        digest = file_digest(path)
    except OSError as error:
        return _File(digest="", problem=f"It cannot be read: {error.strerror}.")
    try:
        read_photo(path, PhotoOptions())
    except UnreadablePhotoError as problem:
        return _File(digest=digest, problem=f"{problem.message} ({problem.code})")
    return _File(digest=digest, problem=None)


def _image_issues(files: Mapping[ImageKey, _File], labels: Sequence[Row]) -> Iterator[Issue]:
    labelled = {key for key in map(image_key, labels) if key.is_inside}
    for key in labelled - files.keys():
        yield issue("image_missing", str(key), "It is labelled, and its file is not there.")
    for key in files.keys() - labelled:
        yield issue("image_unlabelled", str(key), "No label names it, so it is not used.")
    first_of: dict[str, ImageKey] = {}
    for key, file in files.items():
        first = first_of.setdefault(file.digest, key)
        if file.problem is not None:
            yield issue("image_unreadable", str(key), file.problem)
        elif first != key:
            yield issue("image_repeated", str(key), f"The same file as {first}.")


def _in_order(issues: Iterable[Issue]) -> list[Issue]:
    return sorted(
        issues, key=lambda found: (found.severity, found.code, found.place, found.message)
    )


def _by_dataset(counts: Mapping[SceneKey, int]) -> dict[str, dict[str, int]]:
    by_dataset: dict[str, dict[str, int]] = {}
    for (dataset, scene), count in sorted(counts.items()):
        by_dataset.setdefault(dataset, {})[scene] = count
    return by_dataset
