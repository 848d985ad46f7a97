"""The labelled photos of the offline loop, in the layout of the Image Matching Challenge.

DATA/train/<dataset>/<image>    photos; those of several scenes lie in one dataset's folder
DATA/train_labels.csv           the true pose of each, from world to camera
DATA/train_thresholds.csv       the distances that each scene is scored at
"""

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from scene3d.engine.public import PhotoProblem, looks_like_photo

LABEL_COLUMNS = ("dataset", "scene", "image", "rotation_matrix", "translation_vector")
THRESHOLD_COLUMNS = ("dataset", "scene", "thresholds")
_LAYOUT = "The data folder holds train/, train_labels.csv and train_thresholds.csv."


class DataMissing(PhotoProblem):
    """Something of the data folder is not there."""

    code = "data_missing"
    next_step = "Run `manage.py validate` on the data folder; it lists all that is missing."


class LabelsMalformed(PhotoProblem):
    """train_labels.csv cannot be read as a table with its columns."""

    code = "labels_malformed"
    next_step = f"It is a CSV file in UTF-8 with the columns {', '.join(LABEL_COLUMNS)}."


class ThresholdsMalformed(PhotoProblem):
    """train_thresholds.csv cannot be read as a table with its columns."""

    code = "thresholds_malformed"
    next_step = f"It is a CSV file in UTF-8 with the columns {', '.join(THRESHOLD_COLUMNS)}."


@dataclass(frozen=True, kw_only=True, order=True)
class ImageKey:
    """What a photo is called in all tables."""

    dataset: str
    image: str

    def __str__(self) -> str:
        return f"{self.dataset}/{self.image}"

    @property
    def is_inside(self) -> bool:
        """Whether this is a path that stays within the folder of photos."""
        return all(
            name and "\0" not in name and not {"..", "/"} & set(PurePosixPath(name).parts)
            for name in (self.dataset, self.image)
        )


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a table, not yet believed."""

    line: int
    """Of the file, the header being 1."""
    cells: Mapping[str, str]
    """By column; "" where the row is too short."""
    is_whole: bool
    """It has as many cells as there are columns."""


@dataclass(frozen=True, kw_only=True)
class LabelledImage:
    """A photo with the scene that its first row of train_labels.csv names."""

    key: ImageKey
    scene: str
    path: Path


@dataclass(frozen=True)
class DataFolder:
    """Where its parts are; nothing is read before it is asked for."""

    root: Path

    @property
    def labels_path(self) -> Path:
        return self.root / "train_labels.csv"

    @property
    def thresholds_path(self) -> Path:
        return self.root / "train_thresholds.csv"

    @property
    def images_dir(self) -> Path:
        return self.root / "train"

    def image(self, key: ImageKey) -> Path:
        return self.images_dir / key.dataset / key.image

    def read_labels(self) -> list[Row]:
        """Raises: DataMissing, LabelsMalformed."""
        return _read_rows(self.labels_path, LABEL_COLUMNS, LabelsMalformed)

    def read_thresholds(self) -> list[Row]:
        """Raises: DataMissing, ThresholdsMalformed."""
        return _read_rows(self.thresholds_path, THRESHOLD_COLUMNS, ThresholdsMalformed)

    def find_images(self) -> list[ImageKey]:
        """Of all files that look like photos, labelled or not, in order.

        Raises: DataMissing.
        """
        if not self.images_dir.is_dir():
            raise DataMissing(f"{self.images_dir} is not there.", next_step=_LAYOUT)
        return sorted(
            ImageKey(dataset=folder.name, image=path.relative_to(folder).as_posix())
            for folder in self.images_dir.iterdir()
            for path in folder.rglob("*")
            if path.is_file() and looks_like_photo(path.relative_to(self.images_dir).as_posix())
        )

    def labelled_images(self) -> list[LabelledImage]:
        """Each once, by dataset and name.

        Raises:
            DataMissing: also where the file of any is not there.
            LabelsMalformed: also where a row names no file within the folder.
        """
        scenes: dict[ImageKey, str] = {}
        for row in self.read_labels():
            key = image_key(row)
            if not key.is_inside:
                raise LabelsMalformed(
                    f"Line {row.line} of {self.labels_path.name} names no photo: {str(key)!r}."
                )
            scenes.setdefault(key, row.cells["scene"])
        missing = [str(key) for key in sorted(scenes) if not self.image(key).is_file()]
        if missing:
            raise DataMissing(
                f"{len(missing)} of {len(scenes)} labelled photos are not there,"
                f" {missing[0]} for one.",
                evidence={"missing": missing},
            )
        return [
            LabelledImage(key=key, scene=scenes[key], path=self.image(key))
            for key in sorted(scenes)
        ]


def image_key(row: Row) -> ImageKey:
    """Of a row of train_labels.csv."""
    return ImageKey(dataset=row.cells["dataset"], image=row.cells["image"])


def file_digest(path: Path) -> str:
    """SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_data(data: DataFolder, *, num_threads: int) -> str:
    """`data_hash` of everything in the folder.

    Raises: DataMissing, LabelsMalformed, ThresholdsMalformed.
    """
    labels, thresholds = data.read_labels(), data.read_thresholds()
    keys = present_images(data, labels)
    with ThreadPoolExecutor(num_threads) as pool:
        digests = pool.map(lambda key: file_digest(data.image(key)), keys)
        return data_hash(labels, thresholds, dict(zip(keys, digests, strict=True)))


def present_images(data: DataFolder, labels: Sequence[Row]) -> list[ImageKey]:
    """All photos that are there, with those of the labels whatever their suffix, in order.

    Raises: DataMissing.
    """
    labelled = {key for key in map(image_key, labels) if key.is_inside}
    return sorted({*data.find_images(), *(key for key in labelled if data.image(key).is_file())})


def data_hash(
    labels: Sequence[Row], thresholds: Sequence[Row], digests: Mapping[ImageKey, str]
) -> str:
    """SHA-256 in hex of all rows and all photos; their order and the folder's place do not matter.

    Args:
        digests: `file_digest` of each photo.
    """
    content = [
        *(
            sorted(json.dumps(row.cells, sort_keys=True) for row in rows)
            for rows in (labels, thresholds)
        ),
        sorted((key.dataset, key.image, digest) for key, digest in digests.items()),
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _read_rows(path: Path, columns: Sequence[str], malformed: type[PhotoProblem]) -> list[Row]:
    if not path.is_file():
        raise DataMissing(f"{path} is not there.", next_step=_LAYOUT)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return list(_rows(csv.reader(file), path, columns, malformed))
    except (UnicodeDecodeError, csv.Error) as error:
        raise malformed(f"{path} is no CSV file in UTF-8: {error}.") from error


def _rows(
    lines: Iterator[list[str]], path: Path, columns: Sequence[str], malformed: type[PhotoProblem]
) -> Iterator[Row]:
    header = next(lines, [])
    lacking = [column for column in columns if column not in header]
    if lacking:
        raise malformed(f"{path} lacks the column {lacking[0]}.")
    for line, cells in enumerate(lines, start=2):
        if cells:
            padded = [*cells, *[""] * len(header)]
            yield Row(
                line=line,
                cells=dict(zip(header, padded, strict=False)),
                is_whole=len(cells) == len(header),
            )
