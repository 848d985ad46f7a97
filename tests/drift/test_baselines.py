"""Distributions of known numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift.baselines import (
    NUM_EQUAL_BINS,
    NUM_QUANTILE_BINS,
    PERCENTS,
    bin_shares,
    describe,
    rounded,
    scene_medians,
)
from drift.documents import BaselineDocument, DescriptorSketch

VALUES = st.lists(
    st.one_of(st.floats(-1e6, 1e6, width=32), st.sampled_from([0.0, 1.0, 1600.0])),
    min_size=1,
    max_size=60,
)


def test_a_hundred_numbers() -> None:
    found = describe(range(1, 101))
    assert (found.n, found.mean) == (100, 50.5)
    assert found.std == pytest.approx(np.sqrt((100**2 - 1) / 12), rel=1e-5)
    assert found.percentiles[50] == 50.5
    assert found.percentiles[1] == pytest.approx(1.99)
    assert list(found.percentiles) == list(PERCENTS)
    assert found.quantile_bins.edges == [10, 20, 30, 40, 50, 60, 70, 80, 90]
    assert found.quantile_bins.shares == [0.09, *[0.1] * 8, 0.11]
    assert sum(found.histogram.counts) == 100
    assert (found.histogram.edges[0], found.histogram.edges[-1]) == (1, 100)
    assert len(found.histogram.counts) == NUM_EQUAL_BINS


def test_equal_values_have_a_bin_of_their_own() -> None:
    """So that both smaller and larger ones are seen when they come."""
    bins = describe([1600.0] * 40).quantile_bins
    assert bins.shares == [0.0, 1.0, 0.0]
    assert bin_shares(np.array([1599.0, 1600.0, 1600.01, 4000.0]), bins.edges) == [0.25, 0.25, 0.5]


def test_a_frequent_value_among_others_has_one_too() -> None:
    bins = describe([*range(100, 150), *[1600.0] * 50]).quantile_bins
    assert bins.edges[-1] == np.nextafter(1600.0, np.inf)
    assert bins.shares[-2:] == [0.5, 0.0]
    assert bin_shares(np.array([4000.0]), bins.edges)[-1] == 1.0


@given(values=VALUES)
def test_every_value_is_in_one_bin(values: list[float]) -> None:
    found = describe(values)
    bins = found.quantile_bins
    assert (np.diff(bins.edges) > 0).all()
    assert len(bins.shares) == len(bins.edges) + 1 <= 2 * NUM_QUANTILE_BINS
    assert sum(bins.shares) == pytest.approx(1, abs=1e-4)
    assert found.n == len(values) == sum(found.histogram.counts)
    assert list(found.percentiles.values()) == sorted(found.percentiles.values())
    assert rounded(min(values)) <= found.percentiles[50] <= rounded(max(values))


@given(values=VALUES)
def test_the_order_of_values_does_not_matter(values: list[float]) -> None:
    there, back = describe(values), describe(values[::-1])
    assert there.quantile_bins == back.quantile_bins
    assert there.percentiles == back.percentiles
    assert there.histogram == back.histogram
    assert there.mean == pytest.approx(back.mean, rel=1e-5, abs=1e-9)


def test_a_scene_is_its_median_photo() -> None:
    photos = [{"brightness": b, "blur_px": blur} for b, blur in ((10, None), (30, 1.0), (20, 3.0))]
    silent = [{"brightness": 1.0, "blur_px": None}] * 3
    assert scene_medians([photos, photos[:2], silent]) == [
        {"brightness": 20.0, "blur_px": 2.0},
        {"brightness": 1.0},
    ]


def make_baseline(**changes: object) -> BaselineDocument:
    content = {
        "data_hash": "d" * 64,
        "params": {"seed": 42},
        "fingerprint": "f" * 16,
        "num_labelled": 9,
        "num_sampled": 9,
        "num_unreadable": 0,
        "num_pairs": 4,
        "num_verified_pairs": 3,
        "features": {"brightness": describe([100.0, 120.0, 90.0])},
        "scenes": [{"brightness": 100.0}],
        "descriptors": DescriptorSketch(file="d.npz", sha256="0" * 64, num_words=4, size=8),
    }
    return BaselineDocument.versioned(**(content | changes))


def test_a_version_names_the_content() -> None:
    assert make_baseline().baseline_version == make_baseline().baseline_version
    assert len(make_baseline().baseline_version) == 16
    others = (
        make_baseline(data_hash="e" * 64),
        make_baseline(features={"brightness": describe([100.0, 120.0, 91.0])}),
        make_baseline(params={"seed": 43}),
    )
    versions = {baseline.baseline_version for baseline in (make_baseline(), *others)}
    assert len(versions) == 4


def test_what_is_written_is_read() -> None:
    text = make_baseline().model_dump_json()
    assert text.startswith('{"schema":"scene3d.baseline/2","baseline_version":"')
    assert BaselineDocument.model_validate_json(text) == make_baseline()
