from itertools import combinations

import numpy as np
import pytest

from scene3d.engine.seeding import generator

STREAMS = [(0, "thin 0"), (0, "thin 1"), (1, "thin 0"), (0, "thin 10"), (0, "0 thin"), (0, "")]


@pytest.mark.parametrize(("seed", "purpose"), STREAMS)
def test_a_stream_is_the_same_each_time(seed: int, purpose: str) -> None:
    first, second = generator(seed, purpose), generator(seed, purpose)
    assert np.array_equal(first.random(100), second.random(100))


def test_streams_of_other_seeds_and_purposes_have_nothing_in_common() -> None:
    drawn = [generator(*stream).standard_normal(10_000) for stream in STREAMS]
    for first, second in combinations(drawn, 2):
        assert abs(np.corrcoef(first, second)[0, 1]) < 0.05


def test_the_largest_seed_works() -> None:
    assert 0 <= generator(2**31 - 1, "thin 0").random() < 1


def test_stored_results_can_be_made_again() -> None:
    """A new literal here means that every thinned cloud changes."""
    assert generator(0, "thin 0").integers(0, 1000, 4).tolist() == [883, 663, 220, 661]
