"""Matches between descriptors that are each other's nearest, clearly nearer than the second."""

import numpy as np
from numpy.typing import NDArray

from scene3d.engine.types import Features, UInt32Array

_ROWS_PER_BLOCK = 1024
"""Keeps a block of similarities in the processor's cache."""


def unit_descriptors(features: Features) -> NDArray[np.float32]:
    """(N, D) of unit length; what `match_mutual_nearest` compares."""
    values = features.descriptors.astype(np.float32)
    norms = np.linalg.norm(values, axis=1, keepdims=True)
    unit: NDArray[np.float32] = values / np.maximum(norms, 1e-12)
    return unit


def match_mutual_nearest(
    first: NDArray[np.float32], second: NDArray[np.float32], max_ratio: float
) -> UInt32Array:
    """(M, 2) indices into `first` and `second`, by rising first index, none twice; M may be 0.

    Args:
        first: (N, D) unit descriptors; N may be 0.
        second: (K, D) likewise.
        max_ratio: largest accepted distance ratio of best to second best; with fewer than two
            candidates there is no second, and nothing is accepted.
    Source: Lowe, "Distinctive image features from scale-invariant keypoints", 2004, section 7.1.
    """
    if len(first) == 0 or len(second) < 2:
        return np.empty((0, 2), np.uint32)
    nearest, best, runner_up, best_of_second = _nearest_two(first, second)
    is_mutual = best >= best_of_second[nearest]
    is_distinct = (best > runner_up) & (_distance(best) <= max_ratio * _distance(runner_up))
    candidates = np.flatnonzero(is_mutual & is_distinct)
    _, first_claims = np.unique(nearest[candidates], return_index=True)  # equals tie
    accepted = candidates[np.sort(first_claims)]
    return np.stack([accepted, nearest[accepted]], axis=1).astype(np.uint32)


def _nearest_two(
    first: NDArray[np.float32], second: NDArray[np.float32]
) -> tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Per row of `first`: its nearest, the similarity to it and to the next; per row of `second`:
    the largest similarity to any of `first`."""
    nearest = np.empty(len(first), np.intp)
    best = np.empty(len(first), np.float32)
    runner_up = np.empty(len(first), np.float32)
    best_of_second = np.full(len(second), -2, np.float32)
    for start in range(0, len(first), _ROWS_PER_BLOCK):
        block = slice(start, start + _ROWS_PER_BLOCK)
        similarity = first[block] @ second.T
        np.maximum(best_of_second, similarity.max(axis=0), out=best_of_second)
        columns = similarity.argmax(axis=1)
        rows = np.arange(len(columns))
        nearest[block], best[block] = columns, similarity[rows, columns]
        similarity[rows, columns] = -2
        runner_up[block] = similarity.max(axis=1)
    return nearest, best, runner_up, best_of_second


def _distance(similarity: NDArray[np.float32]) -> NDArray[np.float32]:
    distance: NDArray[np.float32] = np.sqrt(np.maximum(2 - 2 * similarity, 0))
    return distance
