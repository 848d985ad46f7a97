"""Registration as its definition says it: one triplet after the other."""

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from scene3d.engine.types import FloatArray


def register_one_by_one(
    estimated: FloatArray,
    true: FloatArray,
    thresholds: Sequence[float],
    triplets: Iterable[Sequence[int]] | None = None,
) -> tuple[NDArray[np.int64], FloatArray]:
    """For each threshold the number of cameras within it, and the sum of squared errors.

    Args:
        triplets: all of the cameras that have an estimate, where none are named.
    """
    known = np.isfinite(estimated).all(axis=1)
    source, target = estimated[known], true[known]
    limits = np.array(thresholds) ** 2
    best = np.zeros(len(limits), np.int64)
    sums = np.full(len(limits), np.inf)
    for triplet in triplets or combinations(range(len(source)), 3):
        chosen = list(triplet)
        errors = _squared_errors(*_horn(source[chosen], target[chosen]), source, target)
        sets = [errors < limit for limit in limits]
        for level, inliers in enumerate(sets):
            is_done = any(np.array_equal(inliers, earlier) for earlier in sets[:level])
            if inliers.sum() < 3 or is_done:
                continue
            refined = _squared_errors(*_kabsch(source[inliers], target[inliers]), source, target)
            counts = (refined[:, None] < limits).sum(axis=0)
            is_better = (counts > best) | ((counts == best) & (refined.sum() < sums))
            best[is_better], sums[is_better] = counts[is_better], refined.sum()
    return best, sums


def _squared_errors(
    linear: FloatArray, shift: FloatArray, source: FloatArray, target: FloatArray
) -> FloatArray:
    errors: FloatArray = ((source @ linear.T + shift - target) ** 2).sum(axis=1)
    return errors


def _horn(source: FloatArray, target: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The unit quaternion is the eigenvector of the largest eigenvalue of Horn's matrix."""
    offsets, wanted = source - source.mean(axis=0), target - target.mean(axis=0)
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = offsets.T @ wanted
    matrix = [
        [xx + yy + zz, 0, 0, 0],
        [yz - zy, xx - yy - zz, 0, 0],
        [zx - xz, xy + yx, yy - xx - zz, 0],
        [xy - yx, zx + xz, yz + zy, zz - xx - yy],
    ]
    w, x, y, z = np.linalg.eigh(matrix)[1][:, -1]
    rotation = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    return _scaled(rotation, source, target)


def _kabsch(source: FloatArray, target: FloatArray) -> tuple[FloatArray, FloatArray]:
    offsets, wanted = source - source.mean(axis=0), target - target.mean(axis=0)
    left, _, right = np.linalg.svd(wanted.T @ offsets)
    rotation = left @ right
    if np.linalg.det(rotation) < 0:
        rotation -= 2 * np.outer(left[:, 2], right[2])
    return _scaled(rotation, source, target)


def _scaled(
    rotation: FloatArray, source: FloatArray, target: FloatArray
) -> tuple[FloatArray, FloatArray]:
    extents = [((points - points.mean(axis=0)) ** 2).sum() for points in (target, source)]
    linear = np.sqrt(extents[0] / extents[1]) * rotation
    return linear, target.mean(axis=0) - linear @ source.mean(axis=0)
