from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scene3d.engine.options import PairOptions
from scene3d.engine.pairs import Pair
from scene3d.engine.pairs import choose_pairs as choose_pairs_by
from scene3d.engine.seeding import generator
from scene3d.engine.similarity import LoadDescriptors
from scene3d.engine.types import Photo

from .builders import make_photo


def unseen(index: int) -> NDArray[np.float32]:
    raise AssertionError(f"photo {index} was looked at")


def choose_pairs(
    photos: list[Photo], options: PairOptions, load: LoadDescriptors = unseen
) -> list[Pair]:
    return choose_pairs_by(photos, options, load, generator(0, "pairs"))


INDICES = st.lists(st.integers(0, 99), unique=True, max_size=12)


@settings(derandomize=True)
@given(indices=INDICES)
def test_exhaustive_compares_every_two_photos_once(indices: list[int]) -> None:
    pairs = choose_pairs([make_photo(index) for index in indices], PairOptions())
    assert pairs == sorted(pairs)
    assert all(first < second for first, second in pairs)
    assert {frozenset(pair) for pair in pairs} == {frozenset(p) for p in combinations(indices, 2)}
    assert len(pairs) == len(indices) * (len(indices) - 1) // 2


@settings(derandomize=True)
@given(indices=INDICES, overlap=st.integers(1, 15))
def test_sequential_compares_each_photo_with_those_that_follow_by_name(
    indices: list[int], overlap: int
) -> None:
    photos = [make_photo(index, name=f"{1000 - index:04d}.jpg") for index in indices]
    pairs = choose_pairs(photos, PairOptions(strategy="sequential", overlap=overlap))
    by_name = sorted(indices, reverse=True)
    near = {
        (min(first, second), max(first, second))
        for first, second in combinations(by_name, 2)
        if abs(by_name.index(first) - by_name.index(second)) <= overlap
    }
    assert pairs == sorted(near)


def test_sequential_goes_by_name_and_not_by_index() -> None:
    photos = [make_photo(0, name="c"), make_photo(1, name="a"), make_photo(2, name="b")]
    pairs = choose_pairs(photos, PairOptions(strategy="sequential", overlap=1))
    assert pairs == [(0, 2), (1, 2)]


def of_two_places(index: int) -> NDArray[np.float32]:
    """Even photos show one place, odd ones another."""
    rng = generator(index, "photo")
    place = generator(index % 2, "place").normal(size=(60, 16))
    rows = place + 0.1 * rng.normal(size=place.shape)
    unit: NDArray[np.float32] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype("f4")
    return unit


@pytest.mark.parametrize(("num_photos", "num_pairs"), [(10, 45), (12, 41)])
def test_auto_compares_all_of_few_and_similar_ones_of_more(num_photos: int, num_pairs: int) -> None:
    """Of 12: 15 within each place, and the 11 neighbours by name between them."""
    photos = [make_photo(index) for index in range(num_photos)]
    options = PairOptions(exhaustive_up_to=10, num_similar=5, overlap=1)
    pairs = choose_pairs(photos, options, of_two_places)
    assert len(pairs) == len(set(pairs)) == num_pairs
    assert pairs == sorted(pairs)


def test_similar_compares_photos_of_one_place() -> None:
    photos = [make_photo(index) for index in range(12)]
    pairs = choose_pairs(photos, PairOptions(strategy="similar", num_similar=3), of_two_places)
    assert all(first % 2 == second % 2 for first, second in pairs)
    assert {index for pair in pairs for index in pair} == set(range(12))
    assert 18 <= len(pairs) <= 30
