"""What is run: folders of photos, some with surveyed poses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scene3d.engine.evaluation import ChallengeDataset, Pose, read_labels, read_truth
from scene3d.engine.export.submission import OUTLIERS
from scene3d.engine.sources import find_photos


@dataclass(frozen=True, kw_only=True)
class BenchmarkScene:
    """Photos that are run together."""

    name: str
    photos: tuple[Path, ...]
    poses: Mapping[str, Pose] = field(default_factory=dict)
    """By file name, of one place; empty where nobody surveyed them."""
    challenge: ChallengeDataset | None = None
    """What to score by, where these are photos of several places."""


def find_scenes(data: Path) -> list[BenchmarkScene]:
    """Labelled scenes of `data`/train and train_labels.csv, each by itself; the datasets that hold
    several, where there is train_thresholds.csv; then the folders of `data`/photos.

    Raises: TableProblem, for tables that cannot be read.
    """
    folders = sorted(path for path in (data / "photos").glob("*") if path.is_dir())
    unlabelled = [
        BenchmarkScene(name=path.name, photos=tuple(photo.path for photo in find_photos(path)))
        for path in folders
    ]
    return _labelled_scenes(data) + _datasets(data) + unlabelled


def _labelled_scenes(data: Path) -> list[BenchmarkScene]:
    labels = data / "train_labels.csv"
    return [
        BenchmarkScene(name=scene, photos=_photos(data, dataset, poses), poses=poses)
        for dataset, scenes in (read_labels(labels).items() if labels.is_file() else ())
        for scene, poses in scenes.items()
        if scene != OUTLIERS
    ]


def _datasets(data: Path) -> list[BenchmarkScene]:
    labels, thresholds = data / "train_labels.csv", data / "train_thresholds.csv"
    if not (labels.is_file() and thresholds.is_file()):
        return []
    return [
        BenchmarkScene(
            name=dataset.name,
            photos=tuple(
                path
                for poses in dataset.scenes.values()
                for path in _photos(data, dataset.name, poses)
            ),
            challenge=dataset,
        )
        for dataset in read_truth(labels, thresholds)
        if len(dataset.scenes) > 1
    ]


def _photos(data: Path, dataset: str, poses: Mapping[str, Pose]) -> tuple[Path, ...]:
    return tuple(data / "train" / dataset / photo for photo in poses)
