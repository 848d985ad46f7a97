"""Small charts as numbers for a template: SVG user units, as strings that no locale touches."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mlops.findings import findings_of
from mlops.models import Experiment
from mlops.states import ExperimentState

WIDTH, HEIGHT = 320, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 14, 30
_MAX_CHARTS = 4
_MAX_POINTS = 60


@dataclass(frozen=True, kw_only=True)
class Point:
    """One experiment on a chart."""

    experiment: Experiment
    score: float
    champion: float
    x: str
    y: str
    champion_y: str


@dataclass(frozen=True, kw_only=True)
class Tick:
    y: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Best and champion's scores of experiments on the same data, the oldest first."""

    data_hash: str
    data: str
    points: Sequence[Point]
    ticks: Sequence[Tick]
    line: str
    """Of an SVG polyline."""
    champion_line: str


def score_charts(experiments: Sequence[Experiment]) -> list[Chart]:
    """One for each data hash, since only scores on the same data compare; latest data first.

    Args:
        experiments: the newest first.
    """
    by_hash: dict[str, list[Experiment]] = {}
    for experiment in experiments:
        if experiment.state == ExperimentState.DONE and experiment.data_hash:
            by_hash.setdefault(experiment.data_hash, []).append(experiment)
    charts = [_chart(rows[:_MAX_POINTS][::-1]) for rows in by_hash.values()]
    return [chart for chart in charts if chart is not None][:_MAX_CHARTS]


def _chart(experiments: Sequence[Experiment]) -> Chart | None:
    rows = [
        (experiment, experiment.created_at, found.best.score, found.champion.score)
        for experiment in experiments
        if (found := findings_of(experiment)) and found.best
    ]
    if not rows:
        return None
    low, high = _range([score for row in rows for score in row[2:]])

    def y(score: float) -> str:
        share = (score - low) / (high - low)
        return f"{HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM):.1f}"

    places = _places([when for _, when, _, _ in rows])
    points = [
        Point(
            experiment=experiment, score=score, champion=champion,
            x=x, y=y(score), champion_y=y(champion),
        )
        for x, (experiment, _, score, champion) in zip(places, rows, strict=True)
    ]  # fmt: skip
    return Chart(
        data_hash=experiments[0].data_hash,
        data=experiments[-1].data,
        points=points,
        ticks=[Tick(y=y(value), words=f"{value:.4g}") for value in (low, (low + high) / 2, high)],
        line=" ".join(f"{point.x},{point.y}" for point in points),
        champion_line=" ".join(f"{point.x},{point.champion_y}" for point in points),
    )


def _range(scores: Sequence[float]) -> tuple[float, float]:
    """Whole percents around all of them, two apart at least."""
    low, high = int(min(scores)), int(max(scores)) + 1
    return (low, high) if high - low >= 2 else (low - 1 if low > 0 else low, low + 2)


def _places(times: Sequence[datetime]) -> list[str]:
    """By time, from the left to the right edge; a single one in the middle."""
    first, span_s = times[0], (times[-1] - times[0]).total_seconds()
    width = WIDTH - _LEFT - _RIGHT
    shares = [(when - first).total_seconds() / span_s if span_s > 0 else 0.5 for when in times]
    return [f"{_LEFT + share * width:.1f}" for share in shares]
