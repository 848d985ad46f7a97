"""Cameras whose places are known, and submissions of them."""

from collections.abc import Mapping, Sequence

import numpy as np

from scene3d.engine.evaluation import ChallengeDataset, Pose
from scene3d.engine.types import FloatArray
from tests.engine.builders import random_rotations

THRESHOLDS = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2)
Poses = dict[str, Pose]


def at(center: Sequence[float] | FloatArray) -> Pose:
    """Level, at a centre."""
    return Pose(
        rotation_cam_from_world=np.eye(3),
        translation_cam_from_world=-np.asarray(center, np.float64),
    )


def scene(name: str, centers: FloatArray) -> Poses:
    """Photos name_0, name_1, ... at centres (N, 3)."""
    return {f"{name}_{index}": at(center) for index, center in enumerate(centers)}


def dataset(scenes: Mapping[str, Poses], name: str = "upload") -> ChallengeDataset:
    return ChallengeDataset(name=name, scenes=scenes, thresholds=dict.fromkeys(scenes, THRESHOLDS))


def moved(points: FloatArray, rng: np.random.Generator) -> FloatArray:
    """By a random similarity."""
    [rotation] = random_rotations(rng, 1)
    found: FloatArray = rng.uniform(0.01, 100) * points @ rotation.T + rng.normal(0, 50, 3)
    return found


def noisy_centers(
    rng: np.random.Generator, count: int, *, noise: float, wrong_share: float
) -> tuple[FloatArray, FloatArray]:
    """(N, 3) estimated, in a world of their own, and true, about three units apart."""
    true = rng.normal(0, 3, (count, 3))
    estimated = true + rng.normal(0, noise, (count, 3))
    is_wrong = rng.random(count) < wrong_share
    estimated[is_wrong] = rng.normal(0, 5, (is_wrong.sum(), 3))
    return moved(estimated, rng), true
