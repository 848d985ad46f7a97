"""Matches of all pairs, by whichever matcher the options name."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np

from scene3d.engine.features.base import load_features
from scene3d.engine.host import Host
from scene3d.engine.matching.mutual_nearest import match_mutual_nearest, unit_descriptors
from scene3d.engine.options import MatchOptions
from scene3d.engine.pairs import Pair
from scene3d.engine.types import PairMatches, Photo, UInt32Array
from scene3d.engine.workspace import Workspace

_PHOTOS_IN_MEMORY = 128

MatchPair = Callable[[Pair], UInt32Array]


def match_pairs(
    pairs: Sequence[Pair],
    photos: Mapping[int, Photo],
    options: MatchOptions,
    workspace: Workspace,
    host: Host,
) -> Iterator[PairMatches]:
    """One PairMatches per pair, in order, as they are found; some have no match.

    Raises: WeightsMissing.
    """
    if options.matcher == "lightglue":
        yield from _one_by_one(pairs, _lightglue(photos, options, workspace, host))
    else:
        yield from _threaded(pairs, _mutual_nearest(options, workspace), host.num_threads)


def save_matches(matches: Sequence[PairMatches], path: Path) -> None:
    """All pairs in one npz: (P, 2) photo indices, (P + 1) offsets into (M, 2) keypoint indices."""
    sizes = [len(pair.keypoint_indices) for pair in matches]
    rows = [pair.keypoint_indices for pair in matches] or [np.empty((0, 2), np.uint32)]
    np.savez(
        path,
        photo_indices=np.array([(m.first, m.second) for m in matches], np.uint32).reshape(-1, 2),
        offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.uint64),
        keypoint_indices=np.concatenate(rows),
    )


def load_matches(path: Path) -> list[PairMatches]:
    """Inverse of `save_matches`."""
    with np.load(path, allow_pickle=False) as arrays:
        indices, offsets = arrays["keypoint_indices"], arrays["offsets"].astype(int)
        return [
            PairMatches(
                first=int(first),
                second=int(second),
                keypoint_indices=indices[offsets[row] : offsets[row + 1]],
            )
            for row, (first, second) in enumerate(arrays["photo_indices"])
        ]


def _one_by_one(pairs: Sequence[Pair], match: MatchPair) -> Iterator[PairMatches]:
    for first, second in pairs:
        yield PairMatches(first=first, second=second, keypoint_indices=match((first, second)))


def _threaded(pairs: Sequence[Pair], match: MatchPair, num_threads: int) -> Iterator[PairMatches]:
    with ThreadPoolExecutor(num_threads) as pool:
        step = 4 * num_threads  # few enough that a cancelled run ends soon
        for start in range(0, len(pairs), step):
            some = pairs[start : start + step]
            for (first, second), found in zip(some, pool.map(match, some), strict=True):
                yield PairMatches(first=first, second=second, keypoint_indices=found)


def _mutual_nearest(options: MatchOptions, workspace: Workspace) -> MatchPair:
    @lru_cache(_PHOTOS_IN_MEMORY)
    def descriptors(index: int) -> np.ndarray:
        return unit_descriptors(load_features(workspace.features(index)))

    def match(pair: Pair) -> UInt32Array:
        return match_mutual_nearest(descriptors(pair[0]), descriptors(pair[1]), options.max_ratio)

    return match


def _lightglue(
    photos: Mapping[int, Photo], options: MatchOptions, workspace: Workspace, host: Host
) -> MatchPair:
    # Only runs that use LightGlue pay torch's seconds of start-up.
    from scene3d.engine.matching.lightglue import LightGlueMatcher  # noqa: PLC0415

    matcher = LightGlueMatcher(options, host)
    features = lru_cache(_PHOTOS_IN_MEMORY)(lambda index: load_features(workspace.features(index)))

    def match(pair: Pair) -> UInt32Array:
        first, second = photos[pair[0]], photos[pair[1]]
        return matcher.match(
            features(first.index),
            features(second.index),
            (first.width_px, first.height_px),
            (second.width_px, second.height_px),
        )

    return match
