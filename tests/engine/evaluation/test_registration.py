"""All triplets at once against one triplet after the other."""

import time
from collections.abc import Callable
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scene3d.engine.evaluation import registration
from scene3d.engine.evaluation.registration import register_centers
from scene3d.engine.seeding import generator
from scene3d.engine.types import FloatArray

from .triplet_loop import register_one_by_one
from .worlds import THRESHOLDS, moved, noisy_centers


def assert_same_as_the_loop(estimated: FloatArray, true: FloatArray) -> None:
    found = register_centers(estimated, true, THRESHOLDS)
    counts, sums = register_one_by_one(estimated, true, THRESHOLDS)
    assert found.num_registered == tuple(counts)
    known = np.isfinite(estimated).all(axis=1)
    for level in np.flatnonzero(counts):
        assert (found.errors[level, known] ** 2).sum() == pytest.approx(sums[level], rel=1e-6)
    assert np.isinf(found.errors[counts == 0]).all()
    assert np.isinf(found.errors[:, ~known]).all()


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    count=st.integers(0, 11),
    noise=st.sampled_from([0.0, 0.002, 0.01, 0.03, 0.1, 1.0]),
    wrong_share=st.sampled_from([0.0, 0.3, 0.6]),
)
def test_the_same_as_one_by_one(seed: int, count: int, noise: float, wrong_share: float) -> None:
    rng = generator(seed, "world")
    estimated, true = noisy_centers(rng, count, noise=noise, wrong_share=wrong_share)
    estimated[rng.random(count) < 0.1, 0] = np.nan
    assert_same_as_the_loop(estimated, true)


@pytest.mark.parametrize("seed", range(5))
def test_chunks_make_no_difference(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = generator(seed, "world")
    estimated, true = noisy_centers(rng, 12, noise=0.05, wrong_share=0.2)
    whole = register_centers(estimated, true, THRESHOLDS)
    monkeypatch.setattr(registration, "_CHUNK", 50)
    assert register_centers(estimated, true, THRESHOLDS).num_registered == whole.num_registered
    assert_same_as_the_loop(estimated, true)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("distance", [1e3, 1e6, 1e9])
def test_a_small_group_among_cameras_that_flew_away_keeps_its_digits(
    seed: int, distance: float
) -> None:
    rng = generator(seed, "group")
    true = rng.normal(0, 3, (11, 3))
    estimated = true + rng.normal(0, distance, 3)
    estimated[5:] += rng.normal(0, distance, (6, 3))
    assert register_centers(estimated, true, THRESHOLDS).num_registered == (5,) * 6


def test_a_camera_at_the_end_of_the_world_does_no_harm() -> None:
    rng = generator(3, "world")
    estimated, true = noisy_centers(rng, 9, noise=0.0, wrong_share=0.0)
    for far in (1e12, 1e100, 1e200, -1e308, np.inf):
        estimated[4] = [far, 1.0, far]
        assert register_centers(estimated, true, THRESHOLDS).num_registered == (8,) * 6


@pytest.mark.parametrize("extent", [1e-30, 1e-5, 1.0, 1e5, 1e30])
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 0), (1, 0, 0)])
def test_exact_centres_register_in_any_unit_and_shape(
    extent: float, shape: tuple[int, int, int]
) -> None:
    """In space, in a plane and on a line."""
    rng = generator(4, "shape")
    true = rng.normal(0, 3, (8, 3)) * shape
    estimated = extent * moved(true, rng)
    assert register_centers(estimated, true, THRESHOLDS).num_registered == (8,) * 6


def test_mirrored_centres_do_not_register() -> None:
    true = generator(5, "mirror").normal(0, 3, (10, 3))
    assert max(register_centers(-true, true, THRESHOLDS).num_registered) < 6


@pytest.mark.parametrize("same", ["estimated", "true", "both"])
def test_centres_at_one_place(same: str) -> None:
    """No similarity leads out of one point, and none into one has an extent that is wrong."""
    spread, point = generator(6, "point").normal(0, 3, (6, 3)), np.tile([1.0, 2, 3], (6, 1))
    estimated = spread if same == "true" else point
    true = spread if same == "estimated" else point
    expected = 6 if same == "true" else 0
    assert register_centers(estimated, true, THRESHOLDS).num_registered == (expected,) * 6


@settings(max_examples=300, deadline=None)
@given(
    rows=st.lists(
        st.lists(
            st.floats() | st.sampled_from([0.0, 1.0, 1e-200, 1e154, 1e308]),
            min_size=6,
            max_size=6,
        ),
        max_size=7,
    )
)
def test_no_numbers_crash_or_warn(rows: list[list[float]]) -> None:
    pairs = np.array(rows).reshape(-1, 6)
    true = np.nan_to_num(pairs[:, 3:], posinf=7.0, neginf=-7.0)
    found = register_centers(pairs[:, :3], true, THRESHOLDS)
    assert all(0 <= number <= len(rows) for number in found.num_registered)
    assert list(found.num_registered) == sorted(found.num_registered)


def _cpu_seconds(work: Callable[[], object]) -> float:
    started_s = time.process_time()
    work()
    return time.process_time() - started_s


@pytest.mark.parametrize("count", [60, 100, pytest.param(200, marks=pytest.mark.long)])
def test_twenty_times_as_fast_as_one_by_one(count: int) -> None:
    """A loop over 1.3 million triplets takes minutes, so its time is that of a sample."""
    rng = generator(7, "speed")
    estimated, true = noisy_centers(rng, count, noise=0.005, wrong_share=0.4)
    sample = [rng.choice(count, 3, replace=False).tolist() for _ in range(1000)]
    loop_s = _cpu_seconds(lambda: register_one_by_one(estimated, true, THRESHOLDS, sample))
    loop_s *= comb(count, 3) / len(sample)
    ours_s = _cpu_seconds(lambda: register_centers(estimated, true, THRESHOLDS))
    assert loop_s > 20 * ours_s
