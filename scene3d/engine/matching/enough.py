"""When a view graph is strong enough, more pairs cost time and add little."""

from collections import defaultdict
from collections.abc import Sequence

from scene3d.engine.options import MatchOptions
from scene3d.engine.pairs import Pair
from scene3d.engine.types import PairMatches

PAIRS_BETWEEN_DECISIONS = 32
"""Always as many, so that a run on more cores finds the same."""


class EarlyStop:
    """Two photos that share many strong partners are held in place by them, and are not compared
    themselves. Ends of a loop have none in common until the first pair has closed it."""

    def __init__(self, options: MatchOptions) -> None:
        self._enough, self._strong = options.enough_partners, options.strong_agreement
        self._partners: dict[int, set[int]] = defaultdict(set)

    def is_worth_comparing(self, pair: Pair) -> bool:
        if self._enough == 0:
            return True
        first, second = (self._partners[index] for index in pair)
        return len(first & second) < self._enough

    def learn(self, compared: PairMatches) -> None:
        """What comparing a pair has found."""
        if compared.num_agreeing >= self._strong and not compared.is_undecided:
            self._partners[compared.first].add(compared.second)
            self._partners[compared.second].add(compared.first)


def nearest_first(pairs: Sequence[Pair]) -> list[Pair]:
    """Photos are mostly named in the order in which they were taken."""
    return sorted(pairs, key=lambda pair: (pair[1] - pair[0], pair))
