"""What photos normally look like: the distribution of each measure, frozen for comparisons.

Values have six significant digits, which all machines agree on.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from scene3d.engine.types import FloatArray

PERCENTS = (1, 5, 10, 25, 50, 75, 90, 95, 99)
NUM_QUANTILE_BINS = 10
NUM_EQUAL_BINS = 24
_SIGNIFICANT_DIGITS = 6


class Document(BaseModel):
    """A JSON file, or a part of one. It says nothing of when and where, so equal work gives equal
    bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class QuantileBins(Document):
    """For the population stability index: what share of new values falls where a tenth fell."""

    edges: list[float]
    """Ascending. A value's bin is the number of edges that are not above it, so the first bin has
    no lower and the last no upper end."""
    shares: list[float]
    """Of the baseline's values, one more than edges. Where many values are equal, these have a bin
    of their own, and neighbours may be empty."""


class Histogram(Document):
    """Equally wide bins, for figures."""

    edges: list[float]
    counts: list[int]


class FeatureBaseline(Document):
    n: int
    """At least 1: a feature that nothing tells has no baseline."""
    mean: float
    std: float
    """Of the values themselves, not of their mean; divided by n."""
    percentiles: dict[int, float]
    """By percent, PERCENTS."""
    quantile_bins: QuantileBins
    histogram: Histogram


class DescriptorSketch(Document):
    """What a file of arrays holds (numpy, without pickle): `words` and `signs` of a
    `similarity.Codebook`, and `descriptors` (P, size), rows as in images.csv."""

    file: str
    sha256: str
    num_words: int
    size: int


class Baseline(Document):
    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    schema_name: Literal["scene3d.baseline/1"] = Field("scene3d.baseline/1", alias="schema")
    baseline_version: str
    """16 hex digits that change with anything below."""
    data_hash: str
    params: dict[str, Any]
    fingerprint: str
    """Of `params`."""
    num_labelled: int
    num_sampled: int
    num_unreadable: int
    """Of the sample."""
    num_pairs: int
    """Compared."""
    num_verified_pairs: int
    features: dict[str, FeatureBaseline]
    """Of photos, and of verified pairs: num_matches, num_inliers, inlier_ratio."""
    descriptors: DescriptorSketch

    @classmethod
    def versioned(cls, **content: Any) -> Self:
        """With the `baseline_version` of its content."""
        unnamed = cls(baseline_version="", **content)
        digest = hashlib.sha256(unnamed.model_dump_json().encode()).hexdigest()
        return unnamed.model_copy(update={"baseline_version": digest[:16]})


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
