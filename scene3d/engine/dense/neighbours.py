"""Which photos are matched densely with which."""

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scene3d.engine.model import Model
from scene3d.engine.types import FloatArray

if TYPE_CHECKING:  # half a second, see pipeline._import_meanwhile
    from scipy import sparse

Pair = tuple[int, int]
"""Positions in the model's rows, the smaller first."""

_BEST_ANGLE_DEG = 10.0
_SPREAD_BELOW_DEG, _SPREAD_ABOVE_DEG = 4.0, 12.0
"""Rays that meet under smaller angles say little about depth; under larger ones the two photos
look too different to be matched pixel by pixel."""
_MIN_NUM_SHARED = 12
_MAX_NUM_CANDIDATES = 24
_COVERED_AGAIN = 0.5
"""What a point is worth that a partner sees already."""


def choose_pairs(model: Model, positions: Sequence[int], num_neighbours: int) -> list[Pair]:
    """Every photo of `positions` with its best partners, each pair once.

    A pair is worth the points that both photos see, under a good angle and at a similar scale.
    Partners are chosen one by one; what the earlier ones see counts half, so that together they
    see much of the photo.
    """
    sees = _visibility(model, positions)
    centers = model.centers_in_world
    shared = (sees.T.astype(np.int32) @ sees.astype(np.int32)).toarray()
    pairs: set[Pair] = set()
    for first in positions:
        shared[first, first] = 0
        candidates = [
            int(second)
            for second in np.argsort(-shared[first], kind="stable")[:_MAX_NUM_CANDIDATES]
            if shared[first, second] >= _MIN_NUM_SHARED
        ]
        points = sees[:, [first]].nonzero()[0]
        worth = np.array(
            [_worth(model, centers, (first, second), points) for second in candidates]
        ).reshape(len(candidates), len(points))
        worth *= sees[points][:, candidates].toarray().T
        for chosen in _greedy(worth, num_neighbours):
            second = candidates[chosen]
            pairs.add((min(first, second), max(first, second)))
    return sorted(pairs)


def neighbours_of(pairs: Sequence[Pair], position: int) -> list[int]:
    """The partners of one photo, rising."""
    return sorted({a if b == position else b for a, b in pairs if position in (a, b)})


def second_neighbours_of(pairs: Sequence[Pair], position: int) -> list[int]:
    """Partners, then the partners that two of them share."""
    first = neighbours_of(pairs, position)
    beyond = [set(neighbours_of(pairs, other)) - {position, *first} for other in first]
    shared = {one for a, b in combinations(beyond, 2) for one in a & b}
    return first + sorted(shared)


def _visibility(model: Model, positions: Sequence[int]) -> "sparse.csr_matrix":
    """(P, C) True where a photo of `positions` sees a point."""
    from scipy import sparse  # noqa: PLC0415  # likewise

    point_of_row = np.repeat(np.arange(model.num_points), model.track_lengths)
    column = np.searchsorted(model.photo_indices, model.track_photos)
    wanted = np.isin(column, np.asarray(positions))
    ones = np.ones(np.count_nonzero(wanted), bool)
    shape = (model.num_points, model.num_registered)
    return sparse.csr_matrix((ones, (point_of_row[wanted], column[wanted])), shape)


def _worth(model: Model, centers: FloatArray, pair: Pair, points: NDArray[np.intp]) -> FloatArray:
    """(N,) of each point, 0 to 1."""
    rays = [model.xyz[points] - centers[position] for position in pair]
    distances = [np.linalg.norm(ray, axis=1) for ray in rays]
    cosine = np.einsum("ni,ni->n", *rays) / np.maximum(distances[0] * distances[1], 1e-12)
    angle_deg = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    spread = np.where(angle_deg < _BEST_ANGLE_DEG, _SPREAD_BELOW_DEG, _SPREAD_ABOVE_DEG)
    by_angle = np.exp(-0.5 * ((angle_deg - _BEST_ANGLE_DEG) / spread) ** 2)
    px_per_unit = [
        model.focal_px[position] / np.maximum(distance, 1e-12)
        for position, distance in zip(pair, distances, strict=True)
    ]
    by_scale = np.minimum(*px_per_unit) / np.maximum(*px_per_unit)
    worth: FloatArray = by_angle * by_scale
    return worth


def _greedy(worth: FloatArray, num_chosen: int) -> list[int]:
    """Rows of (candidates, points) that add most, one after the other."""
    chosen: list[int] = []
    weight = np.ones(worth.shape[1])
    for _ in range(min(num_chosen, len(worth))):
        gains = worth @ weight
        gains[chosen] = -1.0
        best = int(gains.argmax())
        if gains[best] <= 0:
            break
        chosen.append(best)
        weight *= 1 - (1 - _COVERED_AGAIN) * worth[best]
    return chosen
