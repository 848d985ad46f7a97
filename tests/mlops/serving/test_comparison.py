"""The table of a candidate beside the champion."""

from typing import Any

import pytest

from mlops.comparison import Compared, compare
from tests.mlops.serving.builders import METRICS


def row(rows: list[Compared], name: str) -> tuple[str, str, str, str, bool | None]:
    [found] = [row for row in rows if row.name == name]
    return (found.kind, found.candidate, found.champion, found.change, found.is_better)


def test_all_figures_with_units_and_signs() -> None:
    rows = compare(METRICS)
    assert [row.name for row in rows] == [
        "Score", "mAA", "Clusterness", "Photos treated rightly", "Time per photo",
        "castle", "yard", "fountain", "front",
    ]  # fmt: skip
    assert row(rows, "Score") == ("measure", "61.00 %", "58.50 %", "+2.50", True)
    assert row(rows, "Clusterness") == ("measure", "73.00 %", "73.00 %", "0.00", None)
    assert row(rows, "Photos treated rightly") == ("measure", "91.00 %", "90.00 %", "+1.00", True)
    assert row(rows, "Time per photo") == ("measure", "2.20 s", "2.00 s", "+0.20", False)
    assert row(rows, "castle") == ("dataset", "63.50 %", "56.00 %", "+7.50", True)
    assert row(rows, "front") == ("scene", "58.50 %", "61.00 %", "-2.50", False)


def test_less_time_is_better() -> None:
    rows = compare({"seconds_per_photo": 1.0, "champion": {"seconds_per_photo": 1.5}})
    assert row(rows, "Time per photo") == ("measure", "1.00 s", "1.50 s", "-0.50", True)


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        ({"score": 50.0}, ("measure", "50.00 %", "", "", None)),
        ({"champion": {"score": 50.0}}, ("measure", "", "50.00 %", "", None)),
        ({"score": 50.001, "champion": {"score": 50.0}},
         ("measure", "50.00 %", "50.00 %", "0.00", None)),
    ],
    ids=["no-champion", "no-candidate", "as-good-as-equal"],
)  # fmt: skip
def test_what_cannot_be_compared_is_not(metrics: dict[str, Any], expected: tuple[Any, ...]) -> None:
    assert row(compare(metrics), "Score") == expected


def test_scenes_of_one_side_are_shown_below_their_dataset() -> None:
    rows = compare({"per_scene": {"b/x": 1.0}, "champion": {"per_scene": {"a/y": 2.0}}})
    assert [(row.kind, row.name, row.candidate, row.champion) for row in rows] == [
        ("dataset", "a", "", ""),
        ("scene", "y", "", "2.00 %"),
        ("dataset", "b", "", ""),
        ("scene", "x", "1.00 %", ""),
    ]


def test_nothing_was_recorded() -> None:
    assert compare({}) == []
