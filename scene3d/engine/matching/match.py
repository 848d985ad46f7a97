"""Matches of all pairs, by whichever matcher the options name."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from threadpoolctl import threadpool_limits

from scene3d.engine.features.base import load_features
from scene3d.engine.geometry.agreement import in_long_sides, largest_agreement
from scene3d.engine.host import Host
from scene3d.engine.matching.mutual_nearest import match_mutual_nearest, unit_descriptors
from scene3d.engine.options import MatchOptions
from scene3d.engine.pairs import Pair
from scene3d.engine.seeding import generator
from scene3d.engine.similarity import LoadDescriptors
from scene3d.engine.types import Features, FloatArray, PairMatches, Photo, UInt32Array
from scene3d.engine.workspace import Workspace

_PHOTOS_IN_MEMORY = 128

LoadFeatures = Callable[[int], Features]
FindMatches = Callable[[Pair], UInt32Array]


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
    features = lru_cache(_PHOTOS_IN_MEMORY)(lambda index: load_features(workspace.features(index)))
    descriptors = lru_cache(_PHOTOS_IN_MEMORY)(lambda index: unit_descriptors(features(index)))
    glance = _Glance(photos, options, features, descriptors)
    if options.matcher == "lightglue":
        find, num_threads = _lightglue(photos, options, features, host), 1
    else:
        find, num_threads = _mutual_nearest(options, descriptors), host.num_threads

    def match(pair: Pair) -> PairMatches:
        num_agreeing, found = glance.num_agreeing(pair), None
        if num_agreeing >= options.glance_agreement:
            found = find(pair)
            num_agreeing = max(num_agreeing, glance.num_agreeing_of(pair, found))
        if found is None or num_agreeing < options.min_agreement:
            return PairMatches.undecided(pair, num_agreeing)
        return PairMatches(
            first=pair[0], second=pair[1], keypoint_indices=found, num_agreeing=num_agreeing
        )

    if num_threads == 1:  # torch is slower outside the main thread
        yield from map(match, pairs)
        return
    # Threads of the matrix product inside these threads would only get in each other's way.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(num_threads) as pool:
        step = 4 * num_threads  # few enough that a cancelled run ends soon
        for start in range(0, len(pairs), step):
            yield from pool.map(match, pairs[start : start + step])


class _Glance:
    """Whether photos seem to show the same place, in a hundredth of the time of verification."""

    def __init__(
        self,
        photos: Mapping[int, Photo],
        options: MatchOptions,
        features: LoadFeatures,
        descriptors: LoadDescriptors,
    ) -> None:
        self._photos, self._options = photos, options
        self._features, self._descriptors = features, descriptors

    def num_agreeing(self, pair: Pair) -> int:
        """Matches of the strongest keypoints in the same arrangement; 0 where none are wanted."""
        if self._options.glance_agreement == 0:
            return 0
        count = self._options.glance_keypoints
        first, second = (self._descriptors(index)[:count] for index in pair)
        matches = match_mutual_nearest(first, second, self._options.max_ratio)
        return self.num_agreeing_of(pair, matches)

    def num_agreeing_of(self, pair: Pair, matches: UInt32Array) -> int:
        """How many of `matches` lie in the same arrangement."""
        first, second = (self._points(index, matches[:, side]) for side, index in enumerate(pair))
        num_agreeing, _ = largest_agreement(first, second, generator(0, "glance"))
        return num_agreeing

    def _points(self, index: int, rows: UInt32Array) -> FloatArray:
        keypoints_xy_px = self._features(index).keypoints_xy_px[rows]
        return in_long_sides(keypoints_xy_px, self._photos[index].long_side_px)


def _mutual_nearest(options: MatchOptions, descriptors: LoadDescriptors) -> FindMatches:
    return lambda pair: match_mutual_nearest(
        descriptors(pair[0]), descriptors(pair[1]), options.max_ratio
    )


def _lightglue(
    photos: Mapping[int, Photo], options: MatchOptions, features: LoadFeatures, host: Host
) -> FindMatches:
    # Only runs that use LightGlue pay torch's seconds of start-up.
    from scene3d.engine.matching.lightglue import LightGlueMatcher  # noqa: PLC0415

    matcher = LightGlueMatcher(options, host)

    def find(pair: Pair) -> UInt32Array:
        first, second = photos[pair[0]], photos[pair[1]]
        return matcher.match(
            features(first.index),
            features(second.index),
            (first.width_px, first.height_px),
            (second.width_px, second.height_px),
        )

    return find
