"""How far a reconstruction is from the truth."""

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
