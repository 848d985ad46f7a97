"""How many camera centres one similarity brings to the truth, tried from every three cameras."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, islice

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from scene3d.engine.evaluation.alignment import similarities, squared_extents
from scene3d.engine.types import FloatArray

_CHUNK = 1 << 18
"""Errors that are held at once, 2 MiB: about what stays in a processor's cache."""
_MAX_CANCELLATION = 1e4
"""A scatter that is a difference of numbers so much larger is computed again, with care."""

PackedSets = NDArray[np.uint8]
"""(K, ceil(N / 8)): sets of cameras, a bit for each camera."""


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What the best similarity of each of L thresholds makes of N cameras."""

    thresholds: FloatArray
    """(L,), ascending."""
    errors: FloatArray
    """(L, N): distances from the true centres; inf for cameras without an estimate, and for all
    where there is no similarity."""

    @property
    def num_registered(self) -> tuple[int, ...]:
        """Cameras within each threshold."""
        return tuple((self.errors < self.thresholds[:, None]).sum(axis=1).tolist())


def register_centers(
    estimated: FloatArray, true: FloatArray, thresholds: Sequence[float]
) -> Registration:
    """Find, for each threshold, the similarity that brings most centres that near to the true ones.

    Candidates: the similarity of every three cameras tells which cameras are within which
    threshold, and each such set of three or more has its own similarity. Of candidates that bring
    equally many, the one with the least sum of squared errors over all cameras counts.

    Args:
        estimated: (N, 3); cameras with a value that is not finite have no estimate.
        true: (N, 3), finite.
        thresholds: ascending, in units of `true`.
    Source: the scorer of the Image Matching Challenge 2025, one triplet after the other there.
    """
    limits = np.asarray(thresholds, np.float64)
    errors = np.full((len(limits), len(estimated)), np.inf)
    # A centre may be so far off that its square is no number. It has no estimate then, and an error
    # that is no number is never below a limit. Threads that share such small products only wait.
    with np.errstate(over="ignore", invalid="ignore"), threadpool_limits(1, "blas"):
        pairs = np.hstack([_about_median(estimated), _about_median(true)])
        is_usable = np.isfinite(pairs**2).all(axis=1)
        centers = _Centers(pairs[is_usable])
        best = _best_similarities(centers, limits**2)
        found = np.isfinite(best).all(axis=(1, 2))
        errors[np.ix_(found, is_usable)] = np.sqrt(centers.squared_errors(best[found]))
    return Registration(thresholds=limits, errors=errors)


def _about_median(points: FloatArray) -> FloatArray:
    """Squares of small numbers keep more digits, and one camera far off does not move a median."""
    known = points[np.isfinite(points).all(axis=1)]
    return points - np.median(known, axis=0) if len(known) else points


def _best_similarities(centers: "_Centers", squared_limits: FloatArray) -> FloatArray:
    """(L, 3, 4); nan where no candidate brings any camera within."""
    leaders = _Leaders(squared_limits)
    chunk = max(1, _CHUNK // max(1, len(centers)))
    for triplets in _triplets(len(centers), chunk):
        models = centers.similarities_of_triplets(triplets)
        inliers = _inlier_sets(centers.squared_errors(models), squared_limits)
        for start in range(0, len(inliers), chunk):
            refined = centers.similarities_of_sets(inliers[start : start + chunk])
            leaders.consider(refined, centers.squared_errors(refined))
    return leaders.similarities


def _triplets(num_cameras: int, chunk: int) -> Iterator[NDArray[np.intp]]:
    """(T, 3) indices; all triplets, each once."""
    triplets = combinations(range(num_cameras), 3)
    while some := list(islice(triplets, chunk)):
        yield np.fromiter(chain.from_iterable(some), np.intp, 3 * len(some)).reshape(-1, 3)


def _inlier_sets(squared_errors: FloatArray, squared_limits: FloatArray) -> PackedSets:
    """Of (S, N) errors, every set of three or more cameras within any limit, each set once."""
    within_widest = np.packbits(squared_errors < squared_limits[-1], axis=1)
    candidates = squared_errors[_num_members(within_widest) > 2]
    sets = np.concatenate([np.packbits(candidates < limit, axis=1) for limit in squared_limits])
    sets = sets[_num_members(sets) > 2]
    width = sets.shape[1]
    return np.unique(sets.view(f"V{width}")).view(np.uint8).reshape(-1, width)


def _num_members(sets: PackedSets) -> NDArray[np.int64]:
    """(K,)."""
    numbers: NDArray[np.int64] = np.bitwise_count(sets).sum(axis=1, dtype=np.int64)
    return numbers


class _Centers:
    """Estimated and true centres of N cameras."""

    def __init__(self, pairs: FloatArray) -> None:
        """(N, 6): estimated, true."""
        self._pairs = pairs
        self._homogeneous = np.vstack([pairs[:, :3].T, np.ones(len(pairs))])
        self._true = np.ascontiguousarray(pairs[:, 3:].T)
        products = (pairs[:, :, None] * pairs[:, None, :]).reshape(-1, 36)
        self._summands = np.hstack([np.ones((len(pairs), 1)), pairs, products])

    def __len__(self) -> int:
        return len(self._pairs)

    def squared_errors(self, models: FloatArray) -> FloatArray:
        """(S, N), of (S, 3, 4) true_from_estimated."""
        moved = models.reshape(-1, 4) @ self._homogeneous
        offsets = moved.reshape(len(models), 3, len(self))
        offsets -= self._true
        errors: FloatArray = np.einsum("sij,sij->sj", offsets, offsets)
        return errors

    def similarities_of_triplets(self, triplets: NDArray[np.intp]) -> FloatArray:
        """(S, 3, 4), S at most the number of triplets."""
        members = self._pairs[triplets]
        means = members.mean(axis=1)
        return similarities(means, _scatters(members - means[:, None]))

    def similarities_of_sets(self, sets: PackedSets) -> FloatArray:
        """(S, 3, 4), S at most K. The scatters are sums of products, less the means' part; where a
        set is small and far from the median, that is a difference of large numbers.
        """
        is_member = np.unpackbits(sets, axis=1, count=len(self)).astype(np.float64)
        sums = is_member @ self._summands
        sizes, means = sums[:, :1], sums[:, 1:7] / sums[:, :1]
        products = sums[:, 7:].reshape(-1, 6, 6)
        scatters = products - (sizes * means)[:, :, None] * means[:, None, :]
        before, after = (squared_extents(matrices) for matrices in (products, scatters))
        is_rough = (before > _MAX_CANCELLATION * after).any(axis=1)
        offsets = self._pairs - means[is_rough, None]
        scatters[is_rough] = _scatters(offsets * is_member[is_rough, :, None])
        return similarities(means, scatters)


def _scatters(offsets: FloatArray) -> FloatArray:
    """(S, 6, 6), of (S, K, 6)."""
    return offsets.transpose(0, 2, 1) @ offsets


class _Leaders:
    """The best of the similarities seen so far, for each of L thresholds."""

    def __init__(self, squared_limits: FloatArray) -> None:
        self._squared_limits = squared_limits
        self._ranks = [(0, 0.0)] * len(squared_limits)
        """Number of cameras, then less the sum of squared errors: more is better."""
        self.similarities = np.full((len(squared_limits), 3, 4), np.nan)

    def consider(self, models: FloatArray, squared_errors: FloatArray) -> None:
        """(S, 3, 4) with their (S, N)."""
        if not len(models):
            return
        totals = squared_errors.sum(axis=1)
        for level, limit in enumerate(self._squared_limits):
            counts = _num_members(np.packbits(squared_errors < limit, axis=1))
            first = np.flatnonzero(counts == counts.max())
            chosen = first[totals[first].argmin()]
            rank = (int(counts[chosen]), -float(totals[chosen]))
            if rank > self._ranks[level]:
                self._ranks[level] = rank
                self.similarities[level] = models[chosen]
