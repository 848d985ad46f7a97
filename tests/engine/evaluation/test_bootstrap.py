"""Intervals whose width is known."""

import numpy as np
import pytest
from pydantic import ValidationError

from scene3d.engine.evaluation import BootstrapOptions, bootstrap_difference, bootstrap_mean
from scene3d.engine.evaluation import bootstrap as module
from scene3d.engine.seeding import generator


def test_equal_values_leave_no_doubt() -> None:
    found = bootstrap_mean([0.5] * 7)
    assert (found.mean, found.low, found.high, found.confidence) == (0.5, 0.5, 0.5, 0.95)


@pytest.mark.parametrize(
    ("confidence", "expected"), [(0.4, (0.5, 0.5)), (0.6, (0.0, 1.0)), (0.95, (0.0, 1.0))]
)
def test_two_values_give_their_mean_every_other_time(
    confidence: float, expected: tuple[float, float]
) -> None:
    """A quarter of the resamples is 0, half is 0.5, a quarter is 1."""
    found = bootstrap_mean([0.0, 1.0], BootstrapOptions(confidence=confidence))
    assert (found.low, found.high) == expected
    assert found.mean == 0.5


@pytest.mark.parametrize(("confidence", "deviations"), [(0.95, 1.960), (0.6827, 1.0)])
def test_many_scenes_give_the_normal_interval(confidence: float, deviations: float) -> None:
    values = generator(1, "values").normal(70, 10, 80)
    found = bootstrap_mean(values, BootstrapOptions(confidence=confidence))
    half = deviations * values.std() / np.sqrt(len(values))
    assert found.mean == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - half, abs=0.05 * half)
    assert found.high == pytest.approx(values.mean() + half, abs=0.05 * half)


def test_seeds_of_one_scene_are_not_scenes() -> None:
    """Nine equal seeds narrow nothing; nine that differ add their share."""
    scenes = generator(2, "scenes").normal(50, 10, 12)
    one = bootstrap_mean(scenes)
    equal = bootstrap_mean(np.tile(scenes[:, None], 9))
    noise = generator(3, "seeds").normal(0, 30, (12, 9))
    noisy = bootstrap_mean(scenes[:, None] + noise - noise.mean(axis=1, keepdims=True))
    assert equal.high - equal.low == pytest.approx(one.high - one.low, rel=0.05)
    expected = np.hypot(scenes.std(), 30 / 3) / scenes.std()
    assert (noisy.high - noisy.low) / (one.high - one.low) == pytest.approx(expected, rel=0.1)


def test_a_small_gain_on_scenes_that_differ_shows_in_pairs_only() -> None:
    rng = generator(4, "pairs")
    before = rng.normal(50, 20, 15)
    after = before + rng.normal(1.0, 0.5, 15)
    paired = bootstrap_difference(before, after)
    assert paired.mean == pytest.approx((after - before).mean())
    assert paired.excludes_zero
    assert paired.high - paired.low < 1.0
    assert np.ptp(interval_of(before)) > 10.0
    back = bootstrap_difference(after, before)
    assert (back.low, back.high) == pytest.approx((-paired.high, -paired.low), abs=0.05)
    assert not bootstrap_difference(before, before).excludes_zero


def interval_of(values: np.ndarray) -> tuple[float, float]:
    found = bootstrap_mean(values)
    return found.low, found.high


def test_the_same_seed_gives_the_same_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    values = generator(5, "values").random((6, 3))
    found = bootstrap_mean(values)
    assert bootstrap_mean(values.tolist(), BootstrapOptions()) == found
    assert bootstrap_mean(values, BootstrapOptions(seed=1)) != found
    monkeypatch.setattr(module, "_CHUNK", 1)
    few = bootstrap_mean(values, BootstrapOptions(num_resamples=500))
    assert few.low == pytest.approx(found.low, abs=0.03)


@pytest.mark.parametrize("values", [[], [[]], [1.0, np.nan], [np.inf], 3.0, np.zeros((2, 2, 2))])
def test_values_that_have_no_mean(values: object) -> None:
    with pytest.raises(ValueError, match="finite numbers"):
        bootstrap_mean(values)  # type: ignore[arg-type]  # what is refused


def test_pairs_are_pairs() -> None:
    with pytest.raises(ValueError, match="no pairs"):
        bootstrap_difference([1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    "wrong", [{"num_resamples": 10}, {"confidence": 1.0}, {"confidence": 0.0}, {"samples": 1000}]
)
def test_options_are_strict(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        BootstrapOptions.model_validate(wrong)
