from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from scene3d.engine.options import PairOptions
from scene3d.engine.pairs import choose_pairs

from .builders import make_photo

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
