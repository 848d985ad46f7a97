"""Which way is up, from how people hold cameras.

Models are turned so that up is +Z of their world, which is what LAZ, surveyors and most 3D
programs expect; glTF's +Y is made in `export/glb.py`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scene3d.engine.types import FloatArray

UP_IN_WORLD = (0.0, 0.0, 1.0)
"""Of every model that was made upright."""

UpSource = Literal["camera_x_axes", "camera_tops", "camera_directions"]
"""The horizontal edges of the photos, their upper edges, or cameras that look straight down."""

_AGREE_DEG = 60.0
"""Tops farther from what most say belong to cameras that were rolled or held upside down."""
_MAJORITY = 0.6
_LEVEL_DEG = 15.0
"""Nobody holds a camera less level than this, except on purpose."""
_MIN_SPREAD_DEG = 6.0
"""With x axes in one direction, up could be anywhere on the circle round it."""
_MAX_NUM_CANDIDATE_CAMERAS = 64
_CLEAR_LEAN = 0.2


@dataclass(frozen=True, kw_only=True)
class UpEstimate:
    """Up in the frame that the rotations are given in."""

    direction: FloatArray
    """(3,) unit vector."""
    source: UpSource
    num_agreeing: int
    """Cameras that say the same."""


def find_up(rotation_cam_from_world: FloatArray) -> UpEstimate:
    """What is up for whoever held the cameras, (C, 3, 3), C ≥ 1.

    People hold cameras level far better than they aim them, so up is what the x axes of the
    cameras are most perpendicular to. Where all x axes point one way they leave it open, and the
    upper edges decide; where those disagree too, the cameras hung from something that flies.
    """
    right = rotation_cam_from_world[:, 0]
    top = -rotation_cam_from_world[:, 1]
    forward = rotation_cam_from_world[:, 2]
    middle, agrees = _common_direction(top)
    is_majority = agrees.mean() > _MAJORITY
    held = agrees if is_majority else np.ones(len(top), bool)
    direction, is_level = _perpendicular(right[held])
    if direction is not None:
        towards = _lean(direction, top[held], forward[held])
        return _estimate(direction * towards, "camera_x_axes", is_level)
    if is_majority:
        return _estimate(middle, "camera_tops", agrees)
    down, agrees = _common_direction(forward)
    return _estimate(-down, "camera_directions", agrees)


def upright_from_world(up: FloatArray) -> FloatArray:
    """(3, 3) rotation that turns the unit vector `up` into UP_IN_WORLD."""
    helper = np.eye(3)[np.argmin(np.abs(up))]
    y_axis = np.cross(up, helper)
    y_axis /= np.linalg.norm(y_axis)
    return np.stack([np.cross(y_axis, up), y_axis, up])


def _estimate(direction: FloatArray, source: UpSource, agrees: NDArray[np.bool_]) -> UpEstimate:
    return UpEstimate(
        direction=direction / np.linalg.norm(direction),
        source=source,
        num_agreeing=int(agrees.sum()),
    )


def _common_direction(directions: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """The mean of the unit vectors (C, 3) that most others agree with, and which those are."""
    limit = np.cos(np.radians(_AGREE_DEG))
    middle = directions[np.argmax((directions @ directions.T >= limit).sum(axis=1))]
    for _ in range(3):
        mean = directions[directions @ middle >= limit].mean(axis=0)
        middle = mean / np.linalg.norm(mean)
    return middle, directions @ middle >= limit


def _perpendicular(axes: FloatArray) -> tuple[FloatArray | None, NDArray[np.bool_]]:
    """The direction that most of the unit vectors (C, 3) are perpendicular to, and which those
    are; None where they leave it open."""
    limit = np.sin(np.radians(_LEVEL_DEG))
    candidates = _candidates(axes)
    if len(candidates) == 0:
        return None, np.ones(len(axes), bool)
    costs = np.minimum((candidates @ axes.T) ** 2, limit**2).sum(axis=1)
    direction = candidates[np.argmin(costs)]
    spread = 0.0
    for _ in range(3):
        level = axes[np.abs(axes @ direction) <= limit]
        values, vectors = np.linalg.eigh(level.T @ level / len(level))
        direction, spread = vectors[:, 0], values[1]
    if spread < np.sin(np.radians(_MIN_SPREAD_DEG)) ** 2:
        return None, np.ones(len(axes), bool)
    return direction, np.abs(axes @ direction) <= limit


def _candidates(axes: FloatArray) -> FloatArray:
    """(K, 3) unit vectors perpendicular to two of the axes each, K may be 0."""
    step = -(-len(axes) // _MAX_NUM_CANDIDATE_CAMERAS)
    some = axes[::step]
    first, second = np.triu_indices(len(some), 1)
    crossed = np.cross(some[first], some[second])
    norms = np.linalg.norm(crossed, axis=1)
    kept = norms > np.sin(np.radians(_MIN_SPREAD_DEG / 2))
    unit: FloatArray = crossed[kept] / norms[kept, None]
    return unit


def _lean(direction: FloatArray, top: FloatArray, forward: FloatArray) -> float:
    """1 or -1: the side of the cameras' tops, or above cameras that look straight down."""
    lean = float(np.median(top @ direction))
    if abs(lean) < _CLEAR_LEAN:
        lean = -float(np.median(forward @ direction))
    return 1.0 if lean >= 0 else -1.0
