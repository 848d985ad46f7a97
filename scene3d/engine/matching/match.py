"""Matches of all pairs, by whichever matcher the options name."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache

from threadpoolctl import threadpool_limits

from scene3d.engine.features.base import load_features
from scene3d.engine.geometry.agreement import in_long_sides, largest_agreement
from scene3d.engine.host import Host
from scene3d.engine.matching.enough import (
    PAIRS_BETWEEN_DECISIONS,
    EarlyStop,
    nearest_first,
)
from scene3d.engine.matching.mutual_nearest import match_mutual_nearest, unit_descriptors
from scene3d.engine.options import MatchOptions
from scene3d.engine.pairs import Pair
from scene3d.engine.seeding import generator
from scene3d.engine.similarity import LoadDescriptors
from scene3d.engine.types import Features, FloatArray, PairMatches, Photo, UInt32Array
from scene3d.engine.workspace import Workspace

_PHOTOS_IN_MEMORY = 128

LoadFeatures = Callable[[int], Features]
Compare = Callable[[Sequence[Pair]], Iterator[PairMatches]]
FindMatches = Callable[[Sequence[Pair]], Iterable[UInt32Array]]


def match_pairs(
    pairs: Sequence[Pair],
    photos: Mapping[int, Photo],
    options: MatchOptions,
    workspace: Workspace,
    host: Host,
) -> Iterator[PairMatches]:
    """One PairMatches per pair, nearest by name first, as they are found; some have no match.

    Raises: WeightsMissing, GpuMemoryFull.
    """
    stop = EarlyStop(options)
    with _comparison(photos, options, workspace, host) as compare:
        for batch in _chunks(nearest_first(pairs), PAIRS_BETWEEN_DECISIONS):
            wanted = [pair for pair in batch if stop.is_worth_comparing(pair)]
            for compared in compare(wanted):
                stop.learn(compared)
                yield compared
            for pair in sorted(set(batch) - set(wanted)):
                yield PairMatches.undecided(pair, 0)


@contextmanager
def _comparison(
    photos: Mapping[int, Photo], options: MatchOptions, workspace: Workspace, host: Host
) -> Iterator[Compare]:
    features = lru_cache(_PHOTOS_IN_MEMORY)(lambda index: load_features(workspace.features(index)))
    descriptors = lru_cache(_PHOTOS_IN_MEMORY)(lambda index: unit_descriptors(features(index)))
    glance = _Glance(photos, options, features, descriptors)
    # Threads of the matrix product inside these threads would only get in each other's way.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(host.num_threads) as pool:
        if options.matcher == "lightglue":
            find = _lightglue(photos, options, features, host)
            yield lambda pairs: (
                compared
                for batch in _chunks(pairs, host.batch_size)
                for compared in _match_together(batch, find, glance, pool)
            )
        else:
            match = _mutual_nearest(options, descriptors, glance)
            yield lambda pairs: pool.map(match, pairs)


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

    def is_promising(self, num_agreeing: int) -> bool:
        """Whether a pair with so many is worth comparing in full."""
        return num_agreeing >= self._options.glance_agreement

    def judged(self, pair: Pair, num_agreeing: int, found: UInt32Array | None) -> PairMatches:
        """With the matches `found` in full, where they were looked for and agree well enough."""
        if found is not None:
            num_agreeing = max(num_agreeing, self.num_agreeing_of(pair, found))
        if found is None or num_agreeing < self._options.min_agreement:
            return PairMatches.undecided(pair, num_agreeing)
        return PairMatches(
            first=pair[0], second=pair[1], keypoint_indices=found, num_agreeing=num_agreeing
        )

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


def _mutual_nearest(
    options: MatchOptions, descriptors: LoadDescriptors, glance: _Glance
) -> Callable[[Pair], PairMatches]:
    def match(pair: Pair) -> PairMatches:
        num_agreeing, found = glance.num_agreeing(pair), None
        if glance.is_promising(num_agreeing):
            first, second = (descriptors(index) for index in pair)
            found = match_mutual_nearest(first, second, options.max_ratio)
        return glance.judged(pair, num_agreeing, found)

    return match


def _match_together(
    pairs: Sequence[Pair], find: FindMatches, glance: _Glance, pool: ThreadPoolExecutor
) -> Iterator[PairMatches]:
    """Glances in threads, `find` in this one: torch is slower outside the main thread."""
    nums_agreeing = list(pool.map(glance.num_agreeing, pairs))
    promising = [
        pair
        for pair, num_agreeing in zip(pairs, nums_agreeing, strict=True)
        if glance.is_promising(num_agreeing)
    ]
    found = dict(zip(promising, find(promising), strict=True))
    return pool.map(glance.judged, pairs, nums_agreeing, map(found.get, pairs))


def _lightglue(
    photos: Mapping[int, Photo], options: MatchOptions, features: LoadFeatures, host: Host
) -> FindMatches:
    # Only runs that use LightGlue pay torch's seconds of start-up.
    from scene3d.engine.matching.lightglue import LightGlueMatcher  # noqa: PLC0415

    matcher = LightGlueMatcher(options, host)

    points = lru_cache(_PHOTOS_IN_MEMORY)(
        lambda index: matcher.points(
            features(index), (photos[index].width_px, photos[index].height_px)
        )
    )
    return lambda pairs: matcher.match((points(first), points(second)) for first, second in pairs)


def _chunks(pairs: Sequence[Pair], size: int) -> Iterator[Sequence[Pair]]:
    return (pairs[start : start + size] for start in range(0, len(pairs), size))
