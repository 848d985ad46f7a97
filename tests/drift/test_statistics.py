"""Statistics beside values that were found another way.

How each expected value was obtained, never by the code under test:
* PSI: by hand, with exact fractions and logarithms of them.
* Kolmogorov-Smirnov: the statistic by looking at every step of both distribution functions, the p
  by walking through every one of the C(n + m, n) orders of the pooled sample.
* Wasserstein: by sorting, as the mean distance of equally ranked values after both samples are
  repeated to a common length (exact for samples whose sizes divide it), in fractions.
* MMD²: by a double loop over Gretton et al., 2012, equation 3, in 50-digit decimals.
"""

import math
from decimal import Decimal, getcontext
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from drift.statistics import (
    PSI_FLOOR,
    adjusted,
    discrepancy,
    kolmogorov_smirnov,
    median_distance,
    mmd2,
    moderated_deviation,
    new_draw_p,
    stability_index,
    wasserstein,
)
from scene3d.engine.seeding import generator

FIRST = [0.3, 1.7, 2.2, 4.1, 8.0]
SECOND = [1.9, 2.1, 5.5, 6.0, 7.25, 9.5]


def test_psi_by_hand() -> None:
    """(1/4 - 1/2) ln(1/2) + (3/4 - 1/2) ln(3/2) = (ln 2 + ln 1.5) / 4 = ln 3 / 4."""
    assert stability_index([0.5, 0.5], [0.25, 0.75]) == pytest.approx(math.log(3) / 4, abs=1e-12)


def test_psi_of_an_empty_bin_has_a_floor() -> None:
    floor = Fraction(1, 10_000)
    shares = [(Fraction(1, 2), floor), (Fraction(1, 2), Fraction(1))]
    expected = sum(float(a - e) * math.log(a / e) for e, a in shares)
    assert float(floor) == PSI_FLOOR
    assert stability_index([0.5, 0.5], [0.0, 1.0]) == pytest.approx(expected, abs=1e-9)


@settings(deadline=None)
@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=12), st.data())
def test_psi_is_symmetric_and_never_negative(e: list[float], data: st.DataObject) -> None:
    a = data.draw(st.lists(st.floats(0.01, 1), min_size=len(e), max_size=len(e)))
    assert stability_index(e, a) == pytest.approx(stability_index(a, e), abs=1e-12)
    assert stability_index(e, a) >= 0
    assert stability_index(e, e) == 0


def largest_step(first: list[float], second: list[float]) -> Fraction:
    def share(values: list[float], limit: float) -> Fraction:
        return Fraction(sum(value <= limit for value in values), len(values))

    return max(abs(share(first, x) - share(second, x)) for x in first + second)


def test_ks_by_counting_every_order() -> None:
    statistic, p = kolmogorov_smirnov(np.array(FIRST), np.array(SECOND))
    observed = largest_step(FIRST, SECOND)
    pooled = sorted(FIRST + SECOND)
    as_far = total = 0
    for chosen in combinations(range(len(pooled)), len(FIRST)):
        one = [pooled[index] for index in chosen]
        other = [value for index, value in enumerate(pooled) if index not in chosen]
        as_far += largest_step(one, other) >= observed
        total += 1
    assert statistic == pytest.approx(float(observed), abs=1e-12)
    assert p == pytest.approx(as_far / total, abs=1e-9)


def test_ks_of_many_values_does_not_count_orders() -> None:
    rng = generator(1, "ks")
    statistic, p = kolmogorov_smirnov(rng.normal(0, 1, 10_000), rng.normal(0, 1, 5_000))
    assert 0 < statistic < 0.04
    assert 0.001 < p <= 1


def test_wasserstein_by_sorting() -> None:
    """Both are repeated to 30 values, then matched by rank."""
    one = sorted(FIRST * 6)
    other = sorted(SECOND * 5)
    expected = sum(abs(Fraction(a) - Fraction(b)) for a, b in zip(one, other, strict=True)) / 30
    found = wasserstein(np.array(FIRST), np.array(SECOND))
    assert found == pytest.approx(float(expected), abs=1e-9)


@settings(deadline=None)
@given(st.floats(-5, 5))
def test_wasserstein_of_a_shift_is_the_shift(shift: float) -> None:
    values = np.array(FIRST)
    assert wasserstein(values, values + shift) == pytest.approx(abs(shift), abs=1e-9)


Rows = list[list[float]]


def exact_kernel(a: list[float], b: list[float], bandwidth: float) -> Decimal:
    getcontext().prec = 50
    apart = [(Decimal(x) - Decimal(y)) ** 2 for x, y in zip(a, b, strict=True)]
    return (-sum(apart, Decimal()) / (2 * Decimal(bandwidth) ** 2)).exp()


def exact_mmd2(first: Rows, second: Rows, bandwidth: float) -> Decimal:
    def within(rows: Rows) -> Decimal:
        pairs = [(a, b) for i, a in enumerate(rows) for j, b in enumerate(rows) if i != j]
        return sum((exact_kernel(a, b, bandwidth) for a, b in pairs), Decimal()) / len(pairs)

    across = [exact_kernel(a, b, bandwidth) for a in first for b in second]
    return within(first) + within(second) - 2 * sum(across, Decimal()) / len(across)


@pytest.mark.parametrize("bandwidth", [0.5, 1.0, 3.7])
def test_mmd_by_a_double_loop(bandwidth: float) -> None:
    rng = generator(3, "mmd")
    first, second = rng.normal(0, 1, (7, 3)), rng.normal(0.5, 1.5, (9, 3))
    expected = exact_mmd2(first.tolist(), second.tolist(), bandwidth)
    assert mmd2(first, second, bandwidth) == pytest.approx(float(expected), abs=1e-9)


def test_the_median_distance_by_hand() -> None:
    """Of (0, 0), (3, 4), (6, 8): 5, 5 and 10."""
    assert median_distance(np.array([[0.0, 0], [3, 4], [6, 8]])) == 5
    assert median_distance(np.zeros((4, 2))) == 1


def test_the_permutations_agree_with_the_statistic() -> None:
    rng = generator(4, "permutations")
    first, second = rng.normal(0, 1, (12, 2)), rng.normal(3, 1, (15, 2))
    found = discrepancy(first, second, generator(5, "p"), num_permutations=199)
    bandwidth = median_distance(np.concatenate([first, second]))
    assert found.mmd2 == pytest.approx(mmd2(first, second, bandwidth), abs=1e-12)
    assert found.p == 1 / 200


def test_p_of_one_distribution_is_even() -> None:
    """Over 200 tests, about one in ten is below a tenth."""
    rng = generator(6, "even")
    p_values = [
        discrepancy(
            rng.normal(0, 1, (10, 2)), rng.normal(0, 1, (12, 2)), rng, num_permutations=99
        ).p
        for _ in range(200)
    ]
    assert 8 <= sum(p <= 0.1 for p in p_values) <= 36


def test_large_samples_are_drawn_from() -> None:
    rows = generator(7, "rows").normal(0, 1, (3000, 2))
    found = discrepancy(rows, rows[:1500], generator(8, "p"), num_permutations=9)
    assert abs(found.mmd2) < 0.01


def test_benjamini_and_hochbergs_own_example() -> None:
    """Fifteen p values of their paper (1995, section 4); at 0.05 the first four are discoveries."""
    p_values = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
        0.5719, 0.6528, 0.7590, 1.0000,
    ]  # fmt: skip
    found = adjusted(p_values)
    steps = [min(p * 15 / rank for rank, p in enumerate(p_values, 1) if rank >= k) for k in
             range(1, 16)]  # fmt: skip
    assert found == pytest.approx(steps, abs=1e-12)
    assert sum(p < 0.05 for p in found) == 4
    assert adjusted([]) == []


@settings(max_examples=20, deadline=None)
@given(st.integers(3, 40), st.floats(-6, 6).map(lambda value: round(value, 6)))
def test_a_new_draw_by_integrating_students_density(count: int, value: float) -> None:
    freedom = count - 1
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2))
    scale /= math.sqrt(freedom * math.pi)
    t = abs(value) / (1.5 * math.sqrt(1 + 1 / count))
    inside, _ = quad(lambda x: scale * (1 + x * x / freedom) ** (-(freedom + 1) / 2), 0, t)
    assert new_draw_p(value, 0.0, 1.5, count) == pytest.approx(1 - 2 * inside, abs=1e-9)


def test_few_values_are_pulled_towards_what_was_known() -> None:
    assert moderated_deviation(0.3, 4, 0.1, 0) == pytest.approx(0.3, abs=1e-15)
    assert moderated_deviation(0.3, 4, 0.1, 4) == pytest.approx(math.sqrt(0.05), abs=1e-15)
    assert moderated_deviation(0.3, 10**9, 0.1, 4) == pytest.approx(0.3, abs=1e-8)


def test_what_was_known_is_believed_as_so_many_values_more() -> None:
    apart = 2 * math.sqrt(1 + 1 / 5)
    assert new_draw_p(apart, 0.0, 1.0, 5, 6) == pytest.approx(0.0733880348, abs=1e-9)
