"""Which photos are compared."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from scene3d.engine.options import PairOptions
from scene3d.engine.similarity import LoadDescriptors, most_similar, similarities
from scene3d.engine.types import Photo

Pair = tuple[int, int]


def choose_pairs(
    photos: Sequence[Photo],
    options: PairOptions,
    load_descriptors: LoadDescriptors,
    rng: np.random.Generator,
) -> list[Pair]:
    """Pairs of Photo.index, the smaller first, without repetition, in order."""
    indices = sorted(photo.index for photo in photos)
    strategy = options.strategy
    if strategy == "auto" and len(indices) <= options.exhaustive_up_to:
        strategy = "exhaustive"
    if strategy == "exhaustive":
        return list(combinations(indices, 2))
    pairs: set[Pair] = set()
    if strategy in ("auto", "sequential"):
        pairs.update(_neighbours(photos, options.overlap))
    if strategy in ("auto", "similar"):
        alike = similarities(indices, load_descriptors, rng)
        pairs.update(
            (indices[first], indices[second])
            for first, second in most_similar(alike, options.num_similar)
        )
    return sorted(pairs)


def _neighbours(photos: Sequence[Photo], overlap: int) -> list[Pair]:
    ordered = [photo.index for photo in sorted(photos, key=lambda photo: photo.name)]
    return [
        (min(first, second), max(first, second))
        for position, first in enumerate(ordered)
        for second in ordered[position + 1 : position + 1 + overlap]
    ]
