"""Histograms as numbers for a template: SVG user units, as strings that no locale touches."""

from collections.abc import Sequence
from dataclasses import dataclass

from drift.documents import BaselineDocument, Histogram
from drift.features import FEATURES
from drift.words import quantity

WIDTH, HEIGHT = 320, 120
_BOTTOM = 18


@dataclass(frozen=True, kw_only=True)
class Bar:
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """Of one baseline."""

    bars: Sequence[Bar]
    """Empty where it does not know the feature."""
    n: int
    median: str
    spread: str
    """The fifth and the ninety-fifth percentile."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One feature of several baselines, on one axis."""

    feature: str
    title: str
    distributions: Sequence[Distribution]
    low: str
    high: str


def panels(baselines: Sequence[BaselineDocument]) -> list[Panel]:
    """Of every feature that one of them knows."""
    names = [name for name in FEATURES if any(name in known.features for known in baselines)]
    return [_panel(name, baselines) for name in names]


def _panel(name: str, baselines: Sequence[BaselineDocument]) -> Panel:
    known = [baseline.features.get(name) for baseline in baselines]
    histograms = [feature.histogram for feature in known if feature is not None]
    low = min(histogram.edges[0] for histogram in histograms)
    high = max(histogram.edges[-1] for histogram in histograms)
    spec = FEATURES[name]
    distributions = [
        Distribution(
            bars=_bars(feature.histogram, low, high) if feature else [],
            n=feature.n if feature else 0,
            median=quantity(feature.percentiles[50], spec) if feature else "–",
            spread=_spread(feature.percentiles, spec.digits) if feature else "–",
        )
        for feature in known
    ]
    return Panel(
        feature=name,
        title=spec.title,
        distributions=distributions,
        low=quantity(low, spec),
        high=quantity(high, spec),
    )


def _bars(histogram: Histogram, low: float, high: float) -> list[Bar]:
    """As high as the fullest bin allows; areas of different baselines do not compare."""
    scale = WIDTH / (high - low) if high > low else 0.0
    room = HEIGHT - _BOTTOM
    fullest = max(histogram.counts)
    bars = []
    for left, right, count in zip(
        histogram.edges, histogram.edges[1:], histogram.counts, strict=False
    ):
        if not count:
            continue
        height = room * count / fullest
        x = (left - low) * scale
        width = max((right - left) * scale, 1.0)
        bars.append(
            Bar(
                x=f"{x:.1f}", y=f"{room - height:.1f}", width=f"{width:.1f}", height=f"{height:.1f}"
            )
        )
    return bars


def _spread(percentiles: dict[int, float], digits: int) -> str:
    return f"{percentiles[5]:,.{digits}f} to {percentiles[95]:,.{digits}f}"
