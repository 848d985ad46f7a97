"""From measures to a baseline: the distribution of each, frozen for comparisons.

Values have six significant digits, which all machines agree on.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from statistics import median

import numpy as np

from drift.documents import FeatureBaseline, Histogram, QuantileBins
from scene3d.engine.types import FloatArray

PERCENTS = (1, 5, 10, 25, 50, 75, 90, 95, 99)
NUM_QUANTILE_BINS = 10
NUM_EQUAL_BINS = 24
MIN_SCENE_PHOTOS = 3
"""As few as a job may have."""
_SIGNIFICANT_DIGITS = 6

Measures = Mapping[str, float | None]
"""Of one photo, by feature; None where it does not tell."""


def describe(values: Sequence[float]) -> FeatureBaseline:
    """Of at least one value."""
    known = np.array([rounded(value) for value in values])
    counts, equal_edges = np.histogram(known, NUM_EQUAL_BINS)
    edges = quantile_edges(known)
    return FeatureBaseline(
        n=len(known),
        mean=rounded(known.mean()),
        std=rounded(known.std()),
        percentiles={
            percent: rounded(value)
            for percent, value in zip(PERCENTS, np.percentile(known, PERCENTS), strict=True)
        },
        quantile_bins=QuantileBins(edges=edges, shares=bin_shares(known, edges)),
        histogram=Histogram(edges=equal_edges.tolist(), counts=counts.tolist()),
    )


def scene_medians(scenes: Sequence[Sequence[Measures]]) -> list[dict[str, float]]:
    """`BaselineDocument.scenes` of the measures of each scene's photos."""
    return [
        {name: rounded(median(values)) for name, values in columns(photos).items()}
        for photos in scenes
        if len(photos) >= MIN_SCENE_PHOTOS
    ]


def columns(photos: Sequence[Measures]) -> dict[str, list[float]]:
    """What photos tell, by feature; a feature that none tells has no entry."""
    told: dict[str, list[float]] = {}
    for photo in photos:
        for name, value in photo.items():
            if value is not None and isfinite(value):
                told.setdefault(name, []).append(value)
    return told


def quantile_edges(values: FloatArray) -> list[float]:
    """Between NUM_QUANTILE_BINS equally full bins, fewer where values repeat."""
    bins, count = NUM_QUANTILE_BINS, len(values)
    last_of_bins = [-(-count * bin_ // bins) - 1 for bin_ in range(1, bins)]
    edges, repeats = np.unique(np.sort(values)[last_of_bins], return_counts=True)
    # A value that fills a bin gets one of its own, or nobody would see larger ones come.
    after_frequent = np.nextafter(edges[repeats > 1], np.inf)
    both: list[float] = np.unique(np.concatenate([edges, after_frequent])).tolist()
    return both


def bin_shares(values: FloatArray, edges: Sequence[float]) -> list[float]:
    """Shares of the values (N,) in the bins of `QuantileBins`, N at least 1."""
    bins = np.searchsorted(edges, values, side="right")
    counts = np.bincount(bins, minlength=len(edges) + 1)
    return [rounded(count / len(values)) for count in counts]


def rounded(value: float) -> float:
    return float(f"{value:.{_SIGNIFICANT_DIGITS}g}")
