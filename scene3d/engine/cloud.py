"""From a model's points to the cloud that people look at: cleaned, then thinned."""

import numpy as np
from numpy.typing import NDArray

from scene3d.engine.model import Model
from scene3d.engine.options import CloudOptions
from scene3d.engine.types import FloatArray

_MAD_TO_SIGMA = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""


def clean_points(model: Model, options: CloudOptions) -> NDArray[np.intp]:
    """Rising indices of the points worth showing; empty for a model without points."""
    kept = np.flatnonzero(
        np.isfinite(model.xyz).all(axis=1)
        & (model.error_px <= options.max_error_px)
        & (model.track_lengths >= options.min_track_length)
    )
    return kept[~_is_isolated(model.xyz[kept], options)]


def thin_points(
    model: Model, indices: NDArray[np.intp], options: CloudOptions, rng: np.random.Generator
) -> NDArray[np.intp]:
    """At most `max_points` of `indices`, rising: of every cell the point that most photos see."""
    best_first = indices[
        np.lexsort(
            (indices, model.error_px[indices], -model.track_lengths[indices].astype(np.int64))
        )
    ]
    if options.voxel_size > 0 and len(best_first):
        cells = np.floor(model.xyz[best_first] / options.voxel_size).astype(np.int64)
        _, first_of_cell = np.unique(cells, axis=0, return_index=True)
        best_first = best_first[first_of_cell]
    if len(best_first) > options.max_points:
        best_first = rng.choice(best_first, options.max_points, replace=False)
    return np.sort(best_first)


def _is_isolated(xyz: FloatArray, options: CloudOptions) -> NDArray[np.bool_]:
    """Whether each point is much farther from its neighbours than points here usually are.

    Judged on the logarithm of the mean distance, since a cloud is dense near the cameras and
    thins out with distance over orders of magnitude.
    """
    from scipy.spatial import cKDTree  # noqa: PLC0415  # see pipeline._import_meanwhile

    num_neighbours = min(options.outlier_neighbours, len(xyz) - 1)
    if num_neighbours < 2:
        return np.zeros(len(xyz), bool)
    distances, _ = cKDTree(xyz).query(xyz, num_neighbours + 1, workers=-1)
    spread = np.log(np.maximum(distances[:, 1:].mean(axis=1), 1e-12))
    middle = np.median(spread)
    sigma = _MAD_TO_SIGMA * np.median(np.abs(spread - middle))
    isolated: NDArray[np.bool_] = spread > middle + options.outlier_sigmas * max(sigma, 1e-6)
    return isolated
