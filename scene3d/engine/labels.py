"""Surveyed poses in the layout of the Image Matching Challenge."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scene3d.engine.evaluation import Pose
from scene3d.engine.export.submission import OUTLIERS
from scene3d.engine.types import FloatArray


@dataclass(frozen=True, kw_only=True)
class LabelledScene:
    """Photos of one place whose poses are known."""

    dataset: str
    """Folder of the photos, which may hold several scenes."""
    name: str
    poses: Mapping[str, Pose]
    """By file name."""


def read_labels(path: Path) -> list[LabelledScene]:
    """Every scene of train_labels.csv but the outliers, in its order.

    Source: data description of the Image Matching Challenge 2025.
    """
    scenes: dict[tuple[str, str], dict[str, Pose]] = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["scene"] != OUTLIERS:
                poses = scenes.setdefault((row["dataset"], row["scene"]), {})
                poses[row["image"]] = Pose(
                    rotation_cam_from_world=_numbers(row["rotation_matrix"]).reshape(3, 3),
                    translation_cam_from_world=_numbers(row["translation_vector"]),
                )
    return [
        LabelledScene(dataset=dataset, name=name, poses=poses)
        for (dataset, name), poses in scenes.items()
    ]


def _numbers(text: str) -> FloatArray:
    return np.array([float(part) for part in text.split(";")])
