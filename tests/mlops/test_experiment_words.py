"""Numbers of experiments as people read them."""

from datetime import timedelta

import pytest

from mlops.templatetags.experiment_words import duration, share, signed


@pytest.mark.parametrize(
    ("value", "words"),
    [(1.204, "+1.20"), (-0.31, "-0.31"), (0.0, "0.00"), (-0.004, "0.00"), (0.005001, "+0.01")],
)
def test_signed(value: float, words: str) -> None:
    assert signed(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, ""), (0.04, "0.0 s"), (9.94, "9.9 s"), (42, "42 s"), (59.6, "1 min"),
        (200, "3 min 20 s"), (3599.7, "1 h"), (7500, "2 h 5 min"),
        (timedelta(seconds=61), "1 min 1 s"),
    ],
)  # fmt: skip
def test_duration(value: float | timedelta | None, words: str) -> None:
    assert duration(value) == words


def test_share() -> None:
    assert share(0.9512) == "95.1 %"
