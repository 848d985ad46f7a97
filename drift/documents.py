"""What this room writes down: baselines and verdicts, as JSON. Safe in the web process."""

import hashlib
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

Verdict = Literal["ok", "warning", "critical", "unknown"]
"""unknown: too little to say anything, which is no alarm."""
ODD: frozenset[Verdict] = frozenset({"warning", "critical"})
SEVERITY: dict[str, int] = {"unknown": 0, "ok": 0, "warning": 1, "critical": 2}
"""As a gauge shows it."""


BASELINE_NAME = "baseline.json"
"""What the file is called."""


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


class BaselineDocument(Document):
    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    schema_name: Literal["scene3d.baseline/2"] = Field("scene3d.baseline/2", alias="schema")
    baseline_version: str
    """16 hex digits that change with anything below."""
    data_hash: str
    params: dict[str, Any]
    fingerprint: str
    """Of `params`."""
    num_labelled: int
    """Photos that there are."""
    num_sampled: int
    num_unreadable: int
    """Of the sample."""
    num_pairs: int
    """Compared; 0 where pairs were not looked at."""
    num_verified_pairs: int
    features: dict[str, FeatureBaseline]
    """Of photos, and of verified pairs: num_matches, num_inliers, inlier_ratio."""
    scenes: list[dict[str, float]]
    """The median photo's value of each feature, for every scene or upload of MIN_SCENE_PHOTOS
    photos or more. Photos of one scene are alike; how scenes differ tells what is unusual."""
    descriptors: DescriptorSketch | None

    @classmethod
    def versioned(cls, **content: Any) -> Self:
        """With the `baseline_version` of its content."""
        unnamed = cls(baseline_version="", **content)
        digest = hashlib.sha256(unnamed.model_dump_json().encode()).hexdigest()
        return unnamed.model_copy(update={"baseline_version": digest[:16]})


class FeatureVerdict(Document):
    """What is said of one feature of an upload or a window."""

    feature: str
    title: str
    verdict: Verdict
    words: str
    """One sentence for people; empty where there is nothing to say."""
    value: float | None = None
    """Median photo of an upload; middle job of a window."""
    usual: float | None = None
    """Median of the baseline, or of the jobs before."""
    effect: float | None = None
    """How far from usual, in deviations between scenes; not negative."""
    z: float | None = None
    """The same with its sign, in standard errors; below 0 is less than usual."""
    p: float | None = None
    """After correction for the number of features."""
    stability_index: float | None = None
    """PSI over photos, beside the rest; photos of one scene are alike, so it decides nothing."""
    photos: list[int] = []
    """Indices of the photos that cause it, the worst first."""


class UploadDocument(Document):
    """The verdict on one upload."""

    status: Verdict
    words: str
    baseline_version: str | None
    num_photos: int
    features: list[FeatureVerdict]


class WindowDocument(Document):
    """The verdict on the jobs of a window."""

    status: Verdict
    words: str
    performance: Verdict
    """Of the outcomes."""
    features: list[FeatureVerdict]
    outcomes: list[FeatureVerdict]
    mmd2: float | None
    """Of all features of photos together."""
    mmd_p: float | None


def worst(verdicts: list[Verdict]) -> Verdict:
    """ok if anything is known and nothing is wrong; unknown if nothing is known."""
    order: list[Verdict] = ["critical", "warning", "ok"]
    return next((verdict for verdict in order if verdict in verdicts), "unknown")
