"""What a challenger did better and worse than what was served, job by job. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Protocol


class Pair(Protocol):
    """Both sides of one job, as `shadows.Measures` in JSON; a challenger that failed has none."""

    @property
    def challenger(self) -> Mapping[str, Any]: ...

    @property
    def served(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One number of a result, as it is shown.

    Attributes:
        factor: from what is kept to `unit`.
        failed: what a challenger that failed has; None: it is not compared then.
    """

    key: str
    title: str
    unit: str
    digits: int
    is_better_higher: bool
    factor: float = 1.0
    failed: float | None = None

    def text(self, value: float) -> str:
        """Of a value in `unit`."""
        return f"{value:,.{self.digits}f} {self.unit}".strip()

    def change(self, difference: float) -> str:
        """With its sign."""
        shown = round(difference, self.digits) or 0.0
        return f"{shown:{'+' if shown else ''},.{self.digits}f} {self.unit}".strip()


MEASURES = (
    Measure(
        key="registration",
        title="Photos placed",
        unit="%",
        digits=1,
        is_better_higher=True,
        factor=100,
        failed=0.0,
    ),
    Measure(
        key="mean_error_px",
        title="Mean reprojection error",
        unit="px",
        digits=3,
        is_better_higher=False,
    ),
    Measure(key="num_points", title="Points", unit="", digits=0, is_better_higher=True),
    Measure(
        key="mean_track_length",
        title="Photos per point",
        unit="",
        digits=2,
        is_better_higher=True,
    ),
    Measure(
        key="seconds_per_photo",
        title="Time per photo",
        unit="s",
        digits=2,
        is_better_higher=False,
    ),
)


@dataclass(frozen=True, kw_only=True)
class Paired:
    """A measure over all jobs that have it on both sides, at least one.

    Attributes:
        num_ties: differences that vanish in the digits that are shown.
        challenger, served, difference: means, in the measure's unit; the difference is the
            challenger's minus the job's own.
    """

    measure: Measure
    num_wins: int
    num_losses: int
    num_ties: int
    challenger: float
    served: float
    difference: float

    @property
    def texts(self) -> tuple[str, str, str]:
        """Of challenger, served and difference, with their unit."""
        return (
            self.measure.text(self.challenger),
            self.measure.text(self.served),
            self.measure.change(self.difference),
        )

    @property
    def verdict(self) -> str:
        """ "better", "worse" or "equal": of the challenger, as far as it is shown."""
        return ("worse", "equal", "better")[1 + _sign(self.difference, self.measure)]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What operators see of a candidate's shadow runs.

    Attributes:
        rows: a run, and "challenger / served" by measure; "–" for a challenger that failed.
    """

    paired: list[Paired]
    rows: list[tuple[Any, list[str]]]
    num_failed: int


def compare_runs(runs: Sequence[Pair]) -> Comparison:
    """Of one candidate."""
    paired = compare_pairs(runs)
    return Comparison(
        paired=paired,
        rows=[(run, [_both(row.measure, run) for row in paired]) for run in runs],
        num_failed=sum(not run.challenger for run in runs),
    )


def compare_pairs(pairs: Sequence[Pair]) -> list[Paired]:
    """Measures that no pair has on both sides are left out."""
    found = []
    for measure in MEASURES:
        if values := list(_values(measure, pairs)):
            signs = [_sign(challenger - served, measure) for challenger, served in values]
            challengers, served = zip(*values, strict=True)
            found.append(
                Paired(
                    measure=measure,
                    num_wins=signs.count(1),
                    num_losses=signs.count(-1),
                    num_ties=signs.count(0),
                    challenger=fmean(challengers),
                    served=fmean(served),
                    difference=fmean(challengers) - fmean(served),
                )
            )
    return found


def _values(measure: Measure, pairs: Sequence[Pair]) -> Iterator[tuple[float, float]]:
    for pair in pairs:
        challenger = pair.challenger.get(measure.key, measure.failed)
        if challenger is not None:
            yield measure.factor * challenger, measure.factor * pair.served[measure.key]


def _both(measure: Measure, pair: Pair) -> str:
    served = measure.text(measure.factor * pair.served[measure.key])
    if measure.key not in pair.challenger:
        return f"– / {served}"
    return f"{measure.text(measure.factor * pair.challenger[measure.key])} / {served}"


def _sign(difference: float, measure: Measure) -> int:
    """1: better, -1: worse, 0: equal in the digits that are shown."""
    shown = round(difference, measure.digits)
    if shown == 0:
        return 0
    return 1 if (shown > 0) == measure.is_better_higher else -1
