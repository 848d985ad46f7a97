"""Two sides of the same jobs: who won how often, and by how much."""

from dataclasses import asdict, dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.shadow_comparison import MEASURES, compare_pairs, compare_runs
from mlops.shadows import Measures


@dataclass
class Pair:
    served: dict[str, Any]
    challenger: dict[str, Any] = field(default_factory=dict)


def measures(
    registration: float = 0.75,
    mean_error_px: float = 0.8,
    num_points: int = 1000,
    mean_track_length: float = 3.5,
    seconds_per_photo: float = 2.0,
) -> dict[str, Any]:
    return asdict(
        Measures(
            registration=registration,
            mean_error_px=mean_error_px,
            num_points=num_points,
            mean_track_length=mean_track_length,
            seconds_per_photo=seconds_per_photo,
        )
    )


def test_a_report_has_all_measures() -> None:
    report = {
        "counts": {"num_photos": 8, "num_registered": 6},
        "models": [
            {"mean_error_px": 0.5, "num_points": 900, "mean_track_length": 3.25},
            {"mean_error_px": 9.0, "num_points": 9, "mean_track_length": 2.0},
        ],
        "total_seconds": 20.0,
    }
    assert Measures.of_report(report) == Measures(
        registration=0.75,
        mean_error_px=0.5,
        num_points=900,
        mean_track_length=3.25,
        seconds_per_photo=2.5,
    )


def test_wins_losses_ties_and_means() -> None:
    pairs = [
        Pair(measures(), measures(registration=1.0, mean_error_px=0.7, num_points=1500)),
        Pair(measures(), measures(registration=0.5, mean_error_px=0.9, num_points=2000)),
        Pair(measures(), measures(mean_error_px=0.6, seconds_per_photo=3.5)),
        Pair(measures(), measures(registration=1.0, mean_error_px=0.8001)),
    ]
    found = {row.measure.key: row for row in compare_pairs(pairs)}
    assert {key: (row.num_wins, row.num_losses, row.num_ties) for key, row in found.items()} == {
        "registration": (2, 1, 1),
        "mean_error_px": (2, 1, 1),
        "num_points": (2, 0, 2),
        "mean_track_length": (0, 0, 4),
        "seconds_per_photo": (0, 1, 3),
    }
    assert {key: row.texts for key, row in found.items()} == {
        "registration": ("81.2 %", "75.0 %", "+6.2 %"),
        "mean_error_px": ("0.750 px", "0.800 px", "-0.050 px"),
        "num_points": ("1,375", "1,000", "+375"),
        "mean_track_length": ("3.50", "3.50", "0.00"),
        "seconds_per_photo": ("2.38 s", "2.00 s", "+0.38 s"),
    }
    assert {key: row.verdict for key, row in found.items()} == {
        "registration": "better",
        "mean_error_px": "better",
        "num_points": "better",
        "mean_track_length": "equal",
        "seconds_per_photo": "worse",
    }


def test_a_challenger_that_failed_has_placed_nothing_and_is_not_timed() -> None:
    runs = [Pair(measures()), Pair(measures(registration=0.5), measures(registration=1.0))]
    shadow = compare_runs(runs)
    registration, error = shadow.paired[:2]
    assert (registration.num_wins, registration.num_losses) == (1, 1)
    assert registration.difference == pytest.approx((-75 + 50) / 2)
    assert (error.num_wins, error.num_losses, error.num_ties) == (0, 0, 1)
    assert shadow.num_failed == 1
    assert shadow.rows[0] == (runs[0], ["– / 75.0 %", "– / 0.800 px", "– / 1,000", "– / 3.50",
                                        "– / 2.00 s"])  # fmt: skip
    assert shadow.rows[1][1][0] == "100.0 % / 50.0 %"


def test_where_all_failed_only_placing_is_compared() -> None:
    [row] = compare_pairs([Pair(measures()), Pair(measures())])
    assert (row.measure.key, row.num_losses, row.challenger) == ("registration", 2, 0.0)


def test_without_runs_there_is_nothing() -> None:
    assert compare_pairs([]) == []
    assert compare_runs([]).rows == []


@st.composite
def sides(draw: st.DrawFn) -> dict[str, Any]:
    return measures(
        registration=draw(st.floats(0, 1)),
        mean_error_px=draw(st.floats(0, 10)),
        num_points=draw(st.integers(0, 10**6)),
        mean_track_length=draw(st.floats(2, 100)),
        seconds_per_photo=draw(st.floats(0, 1000)),
    )


@given(st.lists(st.tuples(sides(), sides()), min_size=1, max_size=20))
def test_the_other_way_round_wins_are_losses(both: list[tuple[Any, Any]]) -> None:
    there = compare_pairs([Pair(served=a, challenger=b) for a, b in both])
    back = compare_pairs([Pair(served=b, challenger=a) for a, b in both])
    for one, other, measure in zip(there, back, MEASURES, strict=True):
        assert (one.num_wins, one.num_losses) == (other.num_losses, other.num_wins)
        assert one.num_wins + one.num_losses + one.num_ties == len(both)
        assert one.difference == pytest.approx(-other.difference)
        assert (one.measure, other.measure) == (measure, measure)
