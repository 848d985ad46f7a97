from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scene3d.engine.matching import mutual_nearest
from scene3d.engine.matching.mutual_nearest import match_mutual_nearest, unit_descriptors
from scene3d.engine.seeding import generator
from scene3d.engine.types import Features

Descriptors = NDArray[np.float32]

HALVES = [-0.5, 0.5]
EXACT = [np.array([a, b, c, d]) for a in HALVES for b in HALVES for c in HALVES for d in HALVES]
EXACT += [sign * np.eye(4)[axis] for sign in (-1, 1) for axis in range(4)]
"""Unit vectors whose products float32 holds exactly, so that ties are ties."""
RATIOS = [0.4, 0.6, 0.65, 0.75, 0.85, 0.95, 1.0]
"""None is the ratio of two distances between EXACT vectors, except 1."""

descriptor_sets = st.lists(st.sampled_from(range(len(EXACT))), max_size=12).map(
    lambda picked: np.array([EXACT[index] for index in picked], np.float32).reshape(-1, 4)
)


def random_units(rng: np.random.Generator, count: int, size: int = 16) -> Descriptors:
    values = rng.standard_normal((count, size))
    unit: Descriptors = (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)
    return unit


def distances(first: Descriptors, second: Descriptors) -> NDArray[np.float64]:
    difference = first[:, None].astype(np.float64) - second[None]
    squared: NDArray[np.float64] = (difference**2).sum(axis=2)
    return np.sqrt(squared)


def by_definition(first: Descriptors, second: Descriptors, max_ratio: float) -> list[list[int]]:
    """Each other's nearest, nearer than the next of `second` by the ratio, which no tie is; of
    several of `first` that are as near as each other, the one that comes first."""
    found: dict[int, int] = {}
    distance = distances(first, second)
    for row in range(len(first)):
        best, runner_up = np.sort(distance[row])[:2]
        column = int(distance[row].argmin())
        is_mutual = best == distance[:, column].min()
        if is_mutual and best < runner_up and best <= max_ratio * runner_up:
            found.setdefault(column, row)
    return sorted([row, column] for column, row in found.items())


@settings(max_examples=300, derandomize=True)
@given(first=descriptor_sets, second=descriptor_sets, max_ratio=st.sampled_from(RATIOS))
def test_matches_are_those_of_the_definition_even_with_ties(
    first: Descriptors, second: Descriptors, max_ratio: float
) -> None:
    found = match_mutual_nearest(first, second, max_ratio)
    assert found.dtype == np.uint32
    assert found.shape == (len(found), 2)
    expected = by_definition(first, second, max_ratio) if len(second) > 1 else []
    assert found.tolist() == expected


@pytest.mark.parametrize("max_ratio", [0.7, 0.9, 1.0])
def test_matches_of_more_rows_than_one_block_are_those_of_the_definition(
    monkeypatch: pytest.MonkeyPatch, max_ratio: float
) -> None:
    rng = generator(1, "descriptors")
    second = random_units(rng, 70)
    noisy = second[rng.permutation(70)[:50]] + 0.15 * random_units(rng, 50)
    first = np.concatenate([noisy / np.linalg.norm(noisy, axis=1, keepdims=True), second[:20]])
    expected = by_definition(first, second, max_ratio)
    assert 20 < len(expected) < 70
    for rows in (1, 7, 70, 1024):
        monkeypatch.setattr(mutual_nearest, "_ROWS_PER_BLOCK", rows)
        assert match_mutual_nearest(first, second, max_ratio).tolist() == expected


def test_a_permutation_is_found_again() -> None:
    rng = generator(2, "descriptors")
    first = random_units(rng, 40)
    order = rng.permutation(40)
    found = match_mutual_nearest(first, first[order], 0.9)
    assert found[:, 0].tolist() == list(range(40))
    assert order[found[:, 1]].tolist() == list(range(40))


def test_a_smaller_ratio_accepts_a_part_of_the_same_matches() -> None:
    rng = generator(3, "descriptors")
    first, second = random_units(rng, 200, 8), random_units(rng, 200, 8)
    found = [
        {tuple(pair) for pair in match_mutual_nearest(first, second, ratio).tolist()}
        for ratio in (0.6, 0.8, 0.9, 1.0)
    ]
    assert all(smaller < larger for smaller, larger in pairwise(found))


@pytest.mark.parametrize(("num_first", "num_second"), [(0, 0), (0, 5), (5, 0), (5, 1)])
def test_without_a_second_candidate_nothing_is_clear(num_first: int, num_second: int) -> None:
    rng = generator(4, "descriptors")
    found = match_mutual_nearest(random_units(rng, num_first), random_units(rng, num_second), 1.0)
    assert found.shape == (0, 2)
    assert found.dtype == np.uint32


@pytest.mark.parametrize("kind", ["uint8", "float16"])
def test_descriptors_get_unit_length(kind: str) -> None:
    values = np.array([[3, 4], [0, 0], [255, 0]]).astype(kind)
    unit = unit_descriptors(Features(keypoints_xy_px=np.zeros((3, 2), "f4"), descriptors=values))
    assert unit.dtype == np.float32
    assert unit == pytest.approx(np.array([[0.6, 0.8], [0, 0], [1, 0]]), abs=1e-6)
