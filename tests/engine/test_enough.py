import numpy as np
import pytest

from scene3d.engine.matching.enough import EarlyStop, nearest_first
from scene3d.engine.options import MatchOptions
from scene3d.engine.types import PairMatches

OPTIONS = MatchOptions(enough_partners=2, strong_agreement=50)


def compared(first: int, second: int, num_agreeing: int = 50) -> PairMatches:
    matches = np.zeros((num_agreeing, 2), np.uint32)
    return PairMatches(
        first=first, second=second, keypoint_indices=matches, num_agreeing=num_agreeing
    )


def test_two_photos_with_enough_strong_partners_in_common_are_not_compared() -> None:
    stop = EarlyStop(OPTIONS)
    for pair in ((0, 1), (1, 9), (0, 2)):
        stop.learn(compared(*pair))
        assert stop.is_worth_comparing((0, 9))
    stop.learn(compared(2, 9))
    assert not stop.is_worth_comparing((0, 9))
    assert stop.is_worth_comparing((0, 8))
    assert not stop.is_worth_comparing((1, 2))


@pytest.mark.parametrize("weak", [compared(2, 9, 49), PairMatches.undecided((2, 9), 400)])
def test_weak_partners_do_not_count(weak: PairMatches) -> None:
    stop = EarlyStop(OPTIONS)
    for pair in ((0, 1), (1, 9), (0, 2)):
        stop.learn(compared(*pair))
    stop.learn(weak)
    assert stop.is_worth_comparing((0, 9))


def test_without_a_limit_all_are_compared() -> None:
    stop = EarlyStop(OPTIONS.model_copy(update={"enough_partners": 0}))
    for middle in range(1, 9):
        stop.learn(compared(0, middle))
        stop.learn(compared(middle, 9))
    assert stop.is_worth_comparing((0, 9))


def test_neighbours_by_name_come_first() -> None:
    assert nearest_first([(0, 3), (1, 2), (0, 1), (2, 4)]) == [(0, 1), (1, 2), (2, 4), (0, 3)]
