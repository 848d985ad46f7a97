"""Which photos are compared."""

from collections.abc import Sequence
from itertools import combinations

from scene3d.engine.options import PairOptions
from scene3d.engine.types import Photo

Pair = tuple[int, int]


def choose_pairs(photos: Sequence[Photo], options: PairOptions) -> list[Pair]:
    """Pairs of Photo.index, the smaller first, without repetition."""
    if options.strategy == "exhaustive":
        return list(combinations(sorted(photo.index for photo in photos), 2))
    ordered = [photo.index for photo in sorted(photos, key=lambda photo: photo.name)]
    return sorted(
        (min(first, second), max(first, second))
        for position, first in enumerate(ordered)
        for second in ordered[position + 1 : position + 1 + options.overlap]
    )
