"""How far two samples are from each other, and how surely: pure functions over numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist, pdist
from scipy.stats import false_discovery_control, ks_2samp, wasserstein_distance
from scipy.stats import t as student

from scene3d.engine.types import FloatArray

PSI_FLOOR = 1e-4
"""Least share of a bin: an empty one would make the index infinite."""
PSI_MODERATE, PSI_LARGE = 0.1, 0.25
"""The bands of credit scoring (Siddiqi, Credit risk scorecards, 2006): below the first nothing has
changed, above the second a lot has."""
MAX_MMD_SAMPLES = 1000
"""Of each side; more are drawn from."""
_MAX_EXACT = 10_000
"""Product of the sample sizes up to which the KS test counts paths."""


def stability_index(expected: Sequence[float], actual: Sequence[float]) -> float:
    """Population stability index of two lists of shares over the same bins, each share at least
    PSI_FLOOR: the sum of (a - e) ln(a / e). 0 for equal ones.

    Source: Lewis, An introduction to credit scoring, 1994; it is the divergence J of Kullback and
    Leibler, On information and sufficiency, 1951, equation 2.6.
    """
    e = np.maximum(np.asarray(expected, np.float64), PSI_FLOOR)
    a = np.maximum(np.asarray(actual, np.float64), PSI_FLOOR)
    return float(np.sum((a - e) * np.log(a / e)))


def kolmogorov_smirnov(first: FloatArray, second: FloatArray) -> tuple[float, float]:
    """The largest difference of the two distribution functions, 0 to 1, and its p value; exact for
    small samples. Neither is empty."""
    is_small = len(first) * len(second) <= _MAX_EXACT
    found = ks_2samp(first, second, method="exact" if is_small else "asymp")
    return float(found.statistic), float(found.pvalue)


def wasserstein(first: FloatArray, second: FloatArray) -> float:
    """What it takes to move one distribution onto the other: mass times distance, in the values'
    unit; the difference of means where one is the other, shifted."""
    return float(wasserstein_distance(first, second))


def adjusted(p_values: Sequence[float]) -> list[float]:
    """For many tests at once, in their order.

    Source: Benjamini and Hochberg, Controlling the false discovery rate, 1995.
    """
    return [float(p) for p in false_discovery_control(p_values)] if p_values else []


def moderated_deviation(deviation: float, degrees: int, prior: float, prior_degrees: int) -> float:
    """A standard deviation of few values, pulled towards what was known before.

    Args:
        degrees: of freedom, the number of values less one.
        prior: the deviation that is expected; it counts for as many degrees as are given.

    Source: Smyth, Linear models and empirical Bayes methods for assessing differential expression,
    2004, the posterior variance.
    """
    squares = degrees * deviation**2 + prior_degrees * prior**2
    return math.sqrt(squares / (degrees + prior_degrees))


def new_draw_p(
    value: float, mean: float, deviation: float, count: int, prior_degrees: int = 0
) -> float:
    """Two-sided p of one more draw being as far from the mean of `count` earlier ones, at least 2,
    with that standard deviation (divided by count - 1).

    Args:
        prior_degrees: that a moderated deviation rests on besides.

    Source: the prediction interval of a normal sample; Fisher, Applications of "Student's"
    distribution, 1925.
    """
    t = (value - mean) / (deviation * math.sqrt(1 + 1 / count))
    return float(2 * student.sf(abs(t), count - 1 + prior_degrees))


@dataclass(frozen=True, kw_only=True)
class Discrepancy:
    mmd2: float
    """Unbiased, so below 0 for about half of the samples of one distribution."""
    p: float


def discrepancy(
    first: FloatArray, second: FloatArray, rng: np.random.Generator, *, num_permutations: int = 500
) -> Discrepancy:
    """Whether the rows (N, D) and (M, D), two at least of each, come from one distribution; the
    kernel is Gaussian, as wide as the median distance."""
    first, second = _drawn(first, rng), _drawn(second, rng)
    rows = np.concatenate([first, second])
    kernel = rbf_kernel(rows, median_distance(rows))
    is_first = np.arange(len(rows)) < len(first)
    shuffled = rng.permuted(np.tile(is_first, (num_permutations, 1)), axis=1)
    observed, *others = _mmd2(kernel, np.vstack([is_first, shuffled])).tolist()
    as_large = 1 + sum(other >= observed for other in others)
    return Discrepancy(mmd2=observed, p=as_large / (num_permutations + 1))


def mmd2(first: FloatArray, second: FloatArray, bandwidth: float) -> float:
    """Unbiased squared maximum mean discrepancy of rows (N, D) and (M, D), two at least of each,
    under a Gaussian kernel.

    Source: Gretton et al., A kernel two-sample test, 2012, equation 3.
    """
    kernel = rbf_kernel(np.concatenate([first, second]), bandwidth)
    is_first = np.arange(len(kernel)) < len(first)
    return float(_mmd2(kernel, is_first[None])[0])


def rbf_kernel(rows: FloatArray, bandwidth: float) -> FloatArray:
    """(N, N) of exp(-d² / 2 bandwidth²)."""
    kernel: FloatArray = np.exp(-cdist(rows, rows, "sqeuclidean") / (2 * bandwidth**2))
    return kernel


def median_distance(rows: FloatArray) -> float:
    """Of all pairs of rows, the usual bandwidth; 1 where most of them are equal.

    Source: Gretton et al., 2012, section 8.
    """
    return float(np.median(pdist(rows))) or 1.0


def _mmd2(kernel: FloatArray, is_first: NDArray[np.bool_]) -> FloatArray:
    """(P,) for P ways (P, N) to say which of the N rows are the first sample's."""
    chosen = is_first.astype(np.float64)
    n, m = chosen[0].sum(), (1 - chosen[0]).sum()
    reached = chosen @ kernel
    within_first = (reached * chosen).sum(axis=1)
    between = (reached * (1 - chosen)).sum(axis=1)
    within_second = kernel.sum() - within_first - 2 * between
    # Rows are as like themselves as can be, 1, which says nothing.
    found: FloatArray = (
        (within_first - n) / (n * (n - 1))
        + (within_second - m) / (m * (m - 1))
        - 2 * between / (n * m)
    )
    return found


def _drawn(rows: FloatArray, rng: np.random.Generator) -> FloatArray:
    if len(rows) <= MAX_MMD_SAMPLES:
        return rows
    return rows[rng.choice(len(rows), MAX_MMD_SAMPLES, replace=False)]
