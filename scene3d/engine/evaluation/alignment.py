"""Similarities between sets of points, thousands of sets at once."""

import numpy as np

from scene3d.engine.types import FloatArray

MIN_SEPARATION = 0.01
"""See `closest_rotations`; below it the fast way loses digits."""
_NEWTON_STEPS = 12
_NEXT, _LAST = [1, 2, 0], [2, 0, 1]
_TINY = np.finfo(np.float64).tiny


def similarities(means: FloatArray, scatters: FloatArray) -> FloatArray:
    """Of S sets of pairs (source, target), target_from_source: (S', 3, 4), scale times rotation
    beside translation.

    The rotation is the one with the least squared error; the scale is the ratio of the extents, as
    Horn gives it. Sets whose source has no extent, or whose extents are too large to be squared,
    have no similarity and are left out.

    Args:
        means: (S, 6), of the source and of the target.
        scatters: (S, 6, 6): sum of d d^T, where d (6,) is a pair less the mean.
    Source: Horn, "Closed-form solution of absolute orientation using unit quaternions", 1987.
    """
    extents = squared_extents(scatters)
    is_usable = (extents[:, 0] > 0) & np.isfinite((scatters**2).sum(axis=(1, 2)))
    means, scatters, extents = means[is_usable], scatters[is_usable], extents[is_usable]
    scale = np.sqrt(extents[:, 1] / extents[:, 0])
    linear = scale[:, None, None] * closest_rotations(scatters[:, 3:, :3])
    shift = means[:, 3:, None] - linear @ means[:, :3, None]
    return np.concatenate([linear, shift], axis=2)


def squared_extents(scatters: FloatArray) -> FloatArray:
    """(S, 2), of the sources and of the targets."""
    extents: FloatArray = scatters.diagonal(0, 1, 2).reshape(-1, 2, 3).sum(axis=2)
    return extents


def closest_rotations(matrices: FloatArray) -> FloatArray:
    """(S, 3, 3): of each matrix M the rotation R with the largest trace(R^T M).

    With singular values a >= b >= |c|, c negative where the determinant is, this trace is
    t = a + b + c, the largest root of (t^2 - |M|^2)^2 = 8 det(M) t + 4 |cofactors|^2, and R follows
    from it without a decomposition. Where the separation (a + b)(b + c)(a + c) is small beside
    |M|^3, as for points on a line, R is hardly determined; there a decomposition keeps the digits
    and, where several rotations are equally good, chooses one.

    Source: Markley, "Attitude determination using vector observations: a fast optimal matrix
    algorithm", 1993.
    """
    unit = _with_norm_one(matrices)
    below, above = unit[:, _NEXT], unit[:, _LAST]
    cofactors = below[:, :, _NEXT] * above[:, :, _LAST] - below[:, :, _LAST] * above[:, :, _NEXT]
    determinant = (unit[:, 0] * cofactors[:, 0]).sum(axis=1)
    trace = _largest_roots(determinant, (cofactors**2).sum(axis=(1, 2)))
    separation = trace * (trace**2 - 1) / 2 - determinant
    rotations: FloatArray = (
        ((trace**2 + 1) / 2)[:, None, None] * unit
        + trace[:, None, None] * cofactors
        - unit @ unit.transpose(0, 2, 1) @ unit
    ) / np.maximum(separation, MIN_SEPARATION)[:, None, None]
    is_unclear = separation < MIN_SEPARATION
    rotations[is_unclear] = _rotations_by_decomposition(unit[is_unclear])
    return rotations


def _with_norm_one(matrices: FloatArray) -> FloatArray:
    """(S, 3, 3), but zero stays zero. The squares of what was divided first are numbers."""
    unit: FloatArray = matrices / np.maximum(
        np.abs(matrices).max(axis=(1, 2), keepdims=True), _TINY
    )
    norm = np.sqrt((unit**2).sum(axis=(1, 2), keepdims=True))
    unit /= np.maximum(norm, _TINY)
    return unit


def _largest_roots(determinant: FloatArray, squared_cofactors: FloatArray) -> FloatArray:
    """(S,), of matrices with norm one, exact where these have the least separation or more.

    Newton's method comes down from sqrt(3), which no trace exceeds, and on that way the slope is
    eight times the separation or more.
    """
    root = np.full(len(determinant), np.sqrt(3.0))
    for _ in range(_NEWTON_STEPS):
        excess = root**2 - 1
        slope = np.maximum(4 * excess * root - 8 * determinant, 4 * MIN_SEPARATION)
        root -= (excess**2 - 8 * determinant * root - 4 * squared_cofactors) / slope
    return root


def _rotations_by_decomposition(matrices: FloatArray) -> FloatArray:
    """Source: Kabsch, "A solution for the best rotation to relate two sets of vectors", 1976."""
    left, _, right = np.linalg.svd(matrices)
    left[:, :, 2] *= np.sign(np.linalg.det(left @ right))[:, None]
    rotations: FloatArray = left @ right
    return rotations
