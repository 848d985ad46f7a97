"""From all points to those that people get: one per cell, then a fair sample."""

import numpy as np
from numpy.typing import NDArray

from scene3d.engine.dense.fusion import Cloud
from scene3d.engine.options import DenseOptions

_ROOM = 2
"""Times `max_points`; so many wait before they are thinned."""


class Sample:
    """Takes any number of clouds, and remembers little more than `max_points` points of them.

    Each point draws a lot when it comes, and the lowest lots stay: a fair sample whatever came
    first.
    """

    def __init__(self, options: DenseOptions, rng: np.random.Generator) -> None:
        self._options, self._rng = options, rng
        self._parts: list[Cloud] = []
        self._lots: list[NDArray[np.float64]] = []
        self.num_found = 0
        """Points that came."""

    def add(self, part: Cloud) -> None:
        self._parts.append(part)
        self._lots.append(self._rng.random(len(part)))
        self.num_found += len(part)
        if sum(map(len, self._parts)) > _ROOM * self._options.max_points:
            self._thin()

    def cloud(self) -> Cloud:
        """At most `max_points` of at least one part, in random order, so that every beginning is a
        uniform sample."""
        self._thin()
        return self._parts[0]

    def _thin(self) -> None:
        cloud, lots = Cloud.joined(self._parts), np.concatenate(self._lots)
        rows = np.argsort(lots, kind="stable")
        if self._options.voxel_size > 0 and len(rows):
            best_first = rows[np.argsort(-cloud.num_views[rows].astype(np.int16), kind="stable")]
            cells = np.floor(cloud.xyz[best_first] / self._options.voxel_size).astype(np.int64)
            _, first_of_cell = np.unique(cells, axis=0, return_index=True)
            rows = best_first[first_of_cell]
            rows = rows[np.argsort(lots[rows], kind="stable")]
        rows = rows[: self._options.max_points]
        self._parts, self._lots = [cloud.taken(rows)], [lots[rows]]
