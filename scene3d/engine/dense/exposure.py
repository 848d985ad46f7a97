"""How much brighter each photo is than the others, from the points that they share."""

import numpy as np
from numpy.typing import NDArray

from scene3d.engine.types import FloatArray

_NUM_ROUNDS = 10
_TYPICAL_NOISE = 0.15
"""Of a logarithm; colours farther off, such as reflections, count less and less."""
_PULL_TO_ONE = 20.0
"""As many observations say that a photo is like the others."""


def log_gains(
    point_of_row: NDArray[np.intp],
    photo_of_row: NDArray[np.intp],
    log_rgb: FloatArray,
    num_photos: int,
) -> FloatArray:
    """(C, 3) to be added to the logarithm of each photo's colours so that all show a point alike;
    their mean is 0.

    Args:
        point_of_row: (T,) which point each observation shows, from 0.
        photo_of_row: (T,) which photo it is from, from 0.
        log_rgb: (T, 3).
    """
    num_points = int(point_of_row.max(initial=0)) + 1
    gains = np.zeros((num_photos, 3))
    weight = np.ones(len(log_rgb))
    for _ in range(_NUM_ROUNDS):
        levelled = log_rgb + gains[photo_of_row]
        means = _weighted_means(levelled, weight, point_of_row, num_points)
        residual = log_rgb - means[point_of_row]
        off = np.abs(residual + gains[photo_of_row]).max(axis=1)
        weight = 1 / (1 + (off / _TYPICAL_NOISE) ** 2)
        total = np.bincount(photo_of_row, weight, num_photos) + _PULL_TO_ONE
        for channel in range(3):
            sums = np.bincount(photo_of_row, weight * residual[:, channel], num_photos)
            gains[:, channel] = -sums / total
        gains -= gains.mean(axis=0)
    return gains


def _weighted_means(
    values: FloatArray, weight: FloatArray, group: NDArray[np.intp], num_groups: int
) -> FloatArray:
    total = np.maximum(np.bincount(group, weight, num_groups), 1e-12)
    return np.stack(
        [np.bincount(group, weight * column, num_groups) / total for column in values.T], axis=1
    )
