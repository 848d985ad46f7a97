"""What is run: folders of photos, some with surveyed poses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scene3d.engine.evaluation import Pose
from scene3d.engine.labels import read_labels
from scene3d.engine.sources import find_photos


@dataclass(frozen=True, kw_only=True)
class BenchmarkScene:
    """Photos of one place."""

    name: str
    photos: tuple[Path, ...]
    poses: Mapping[str, Pose] = field(default_factory=dict)
    """By file name; empty where nobody surveyed them."""


def find_scenes(data: Path) -> list[BenchmarkScene]:
    """Labelled scenes of `data`/train and train_labels.csv, then the folders of `data`/photos."""
    labels = data / "train_labels.csv"
    labelled = [
        BenchmarkScene(
            name=scene.name,
            photos=tuple(data / "train" / scene.dataset / name for name in scene.poses),
            poses=scene.poses,
        )
        for scene in (read_labels(labels) if labels.is_file() else [])
    ]
    folders = sorted(path for path in (data / "photos").glob("*") if path.is_dir())
    return labelled + [
        BenchmarkScene(name=path.name, photos=tuple(photo.path for photo in find_photos(path)))
        for path in folders
    ]
