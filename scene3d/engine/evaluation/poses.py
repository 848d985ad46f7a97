"""Poses, and how far one is from the truth."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from scene3d.engine.types import FloatArray


@dataclass(frozen=True, kw_only=True)
class Pose:
    """Where a photo was taken from, in some world."""

    rotation_cam_from_world: FloatArray
    """(3, 3)."""
    translation_cam_from_world: FloatArray
    """(3,)."""

    @property
    def is_finite(self) -> bool:
        """Poses that are unknown are not."""
        numbers = (self.rotation_cam_from_world, self.translation_cam_from_world)
        return all(bool(np.isfinite(array).all()) for array in numbers)

    @property
    def center_in_world(self) -> FloatArray:
        """(3,)."""
        center: FloatArray = -self.rotation_cam_from_world.T @ self.translation_cam_from_world
        return center


@dataclass(frozen=True, kw_only=True)
class PairError:
    """Of the relative pose of two photos; independent of the world's frame and scale."""

    rotation_deg: float
    translation_direction_deg: float

    @property
    def max_deg(self) -> float:
        return max(self.rotation_deg, self.translation_direction_deg)


def relative_pose_errors(
    estimated: Mapping[str, Pose], true: Mapping[str, Pose]
) -> dict[tuple[str, str], PairError]:
    """For all pairs of the photos that both have, by name; empty with fewer than two."""
    return {
        (first, second): _pair_error(
            _second_from_first(estimated[first], estimated[second]),
            _second_from_first(true[first], true[second]),
        )
        for first, second in combinations(sorted(estimated.keys() & true.keys()), 2)
    }


MAA_NUM_THRESHOLDS = 10


def mean_average_accuracy(
    errors: Mapping[tuple[str, str], PairError], num_photos: int, max_deg: float
) -> float:
    """Mean over ten thresholds up to `max_deg` of the share of pairs with a smaller error; 0 to 1.

    Args:
        num_photos: all photos whose pose is known; a pair without an estimate is wrong.
    Source: Jin et al., "Image Matching across Wide Baselines: From Paper to Practice", 2021.
    """
    num_pairs = num_photos * (num_photos - 1) // 2
    if num_pairs == 0:
        return 0.0
    thresholds_deg = np.linspace(0, max_deg, MAA_NUM_THRESHOLDS + 1)[1:]
    max_errors_deg = np.array([error.max_deg for error in errors.values()])
    return float(np.mean([(max_errors_deg < deg).sum() for deg in thresholds_deg]) / num_pairs)


def center_errors(estimated: Mapping[str, Pose], true: Mapping[str, Pose]) -> dict[str, float]:
    """Distance of every projection centre from the truth, in its units, after the similarity that
    brings all of them closest; empty with fewer than three common photos.

    Source: Umeyama, "Least-squares estimation of transformation parameters between two point
    patterns", 1991.
    """
    names = sorted(estimated.keys() & true.keys())
    if len(names) < 3:
        return {}
    found = np.array([estimated[name].center_in_world for name in names])
    wanted = np.array([true[name].center_in_world for name in names])
    distances = np.linalg.norm(_aligned(found, wanted) - wanted, axis=1)
    return dict(zip(names, distances.tolist(), strict=True))


def _aligned(points: FloatArray, targets: FloatArray) -> FloatArray:
    """(N, 3) points after the similarity that brings them closest to the targets."""
    from_points, from_targets = points - points.mean(axis=0), targets - targets.mean(axis=0)
    left, singular, right = np.linalg.svd(from_targets.T @ from_points)
    mirror = np.array([1.0, 1.0, np.sign(np.linalg.det(left) * np.linalg.det(right))])
    rotation = left @ np.diag(mirror) @ right
    scale = (singular * mirror).sum() / max(float((from_points**2).sum()), 1e-12)
    moved: FloatArray = scale * from_points @ rotation.T + targets.mean(axis=0)
    return moved


def rotation_angle_deg(rotation: FloatArray) -> float:
    """Of a (3, 3) rotation, 0 to 180; exact near 0, where the arc cosine of the trace is not."""
    sine = np.linalg.norm(
        [
            rotation[2, 1] - rotation[1, 2],
            rotation[0, 2] - rotation[2, 0],
            rotation[1, 0] - rotation[0, 1],
        ]
    )
    return float(np.degrees(np.arctan2(sine / 2, (np.trace(rotation) - 1) / 2)))


def _second_from_first(first: Pose, second: Pose) -> Pose:
    rotation = second.rotation_cam_from_world @ first.rotation_cam_from_world.T
    return Pose(
        rotation_cam_from_world=rotation,
        translation_cam_from_world=second.translation_cam_from_world
        - rotation @ first.translation_cam_from_world,
    )


def _pair_error(estimated: Pose, true: Pose) -> PairError:
    return PairError(
        rotation_deg=rotation_angle_deg(
            estimated.rotation_cam_from_world @ true.rotation_cam_from_world.T
        ),
        translation_direction_deg=_angle_deg(
            estimated.translation_cam_from_world, true.translation_cam_from_world
        ),
    )


def _angle_deg(first: FloatArray, second: FloatArray) -> float:
    """Between two (3,) vectors, 0 to 180."""
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(first, second)), first @ second)))
