"""How many matches of two photos lie in the same arrangement: a guess in a fraction of the time
that a camera motion takes."""

import numpy as np
from numpy.typing import NDArray

from scene3d.engine.types import FloatArray

_NUM_TRIALS = 300
_TOLERANCE = 0.05
"""Of the long side: one similarity stands for a whole view, so depth must fit into it."""
_MAX_ZOOM = 4.0


def in_long_sides(keypoints_xy_px: NDArray[np.float32], long_side_px: int) -> FloatArray:
    """(N, 2) keypoints of a photo with that long side, as `largest_agreement` wants them."""
    return keypoints_xy_px.astype(np.float64) / long_side_px


def largest_agreement(
    first: FloatArray, second: FloatArray, rng: np.random.Generator
) -> tuple[int, float]:
    """How many matches one similarity explains, and its rotation, degrees clockwise.

    None are explained where there are fewer than three.

    Args:
        first: (M, 2) matched points of one photo, x right, y down, in its long sides.
        second: (M, 2) likewise of the other.
    """
    if len(first) < 3:
        return 0, 0.0
    # As complex numbers a similarity is second = scale * first + shift; two matches give one.
    before, after = first @ np.array([1, 1j]), second @ np.array([1, 1j])
    drawn = rng.integers(len(first), size=(2, _NUM_TRIALS))
    way_before = before[drawn[1]] - before[drawn[0]]
    way_after = after[drawn[1]] - after[drawn[0]]
    is_usable = (np.abs(way_before) > _TOLERANCE) & (np.abs(way_after) > _TOLERANCE)
    if not is_usable.any():
        return 0, 0.0
    scale = way_after[is_usable] / way_before[is_usable]
    shift = after[drawn[0][is_usable]] - scale * before[drawn[0][is_usable]]
    error = np.abs(scale[:, None] * before + shift[:, None] - after)
    num_explained = np.count_nonzero(error < _TOLERANCE, axis=1)
    num_explained[(np.abs(scale) > _MAX_ZOOM) | (np.abs(scale) < 1 / _MAX_ZOOM)] = 0
    best = int(num_explained.argmax())
    return int(num_explained[best]), float(np.degrees(np.angle(scale[best])))
