"""From all points to those that people get: one per cell, then a fair sample."""

import numpy as np

from scene3d.engine.dense.fusion import Cloud
from scene3d.engine.options import DenseOptions


def decimated(cloud: Cloud, options: DenseOptions, rng: np.random.Generator) -> Cloud:
    """At most `max_points`, in random order, so that every beginning is a uniform sample."""
    rows = rng.permutation(len(cloud))
    if options.voxel_size > 0 and len(rows):
        best_first = rows[np.argsort(-cloud.num_views[rows].astype(np.int16), kind="stable")]
        cells = np.floor(cloud.xyz[best_first] / options.voxel_size).astype(np.int64)
        _, first_of_cell = np.unique(cells, axis=0, return_index=True)
        rows = rng.permutation(best_first[first_of_cell])
    return cloud.taken(rows[: options.max_points])
