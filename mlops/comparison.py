"""A candidate's figures beside the champion's. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["measure", "dataset", "scene"]


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One row of the table. Texts have their unit; an empty one is a figure that is not there."""

    kind: Kind
    name: str
    candidate: str
    champion: str
    change: str
    is_better: bool | None
    """None: equal, or not to be compared."""


@dataclass(frozen=True)
class _Measure:
    key: str
    name: str
    unit: str
    factor: float = 1.0
    is_less_better: bool = False


_MEASURES = (
    _Measure("score", "Score", "%"),
    _Measure("mAA", "mAA", "%"),
    _Measure("clusterness", "Clusterness", "%"),
    _Measure("registration", "Photos treated rightly", "%", factor=100),
    _Measure("seconds_per_photo", "Time per photo", "s", is_less_better=True),
)
_SCORE = _MEASURES[0]


def compare(metrics: Mapping[str, Any]) -> list[Compared]:
    """All figures of a candidate, every scene below its dataset."""
    champion: Mapping[str, Any] = metrics.get("champion", {})
    rows = [
        _compared(
            "measure", measure.name, measure, metrics.get(measure.key), champion.get(measure.key)
        )
        for measure in _MEASURES
        if measure.key in metrics or measure.key in champion
    ]
    return [*rows, *_datasets(metrics, champion)]


def _datasets(metrics: Mapping[str, Any], champion: Mapping[str, Any]) -> Iterator[Compared]:
    datasets, champions = _scores("per_dataset", metrics), _scores("per_dataset", champion)
    scenes, champions_scenes = _scores("per_scene", metrics), _scores("per_scene", champion)
    names = {path.partition("/")[0] for path in (*scenes, *champions_scenes)}
    for dataset in sorted({*datasets, *champions, *names}):
        yield _compared("dataset", dataset, _SCORE, datasets.get(dataset), champions.get(dataset))
        for path in sorted({*scenes, *champions_scenes}):
            owner, _, scene = path.partition("/")
            if owner == dataset:
                yield _compared(
                    "scene", scene, _SCORE, scenes.get(path), champions_scenes.get(path)
                )


def _scores(key: str, metrics: Mapping[str, Any]) -> Mapping[str, float]:
    scores: Mapping[str, float] = metrics.get(key, {})
    return scores


def _compared(
    kind: Kind, name: str, measure: _Measure, value: float | None, other: float | None
) -> Compared:
    change = None
    if value is not None and other is not None:
        change = round((value - other) * measure.factor, 2)
    return Compared(
        kind=kind,
        name=name,
        candidate=_text(value, measure),
        champion=_text(other, measure),
        change="" if change is None else f"{change:+.2f}" if change else "0.00",
        is_better=(change < 0) == measure.is_less_better if change else None,
    )


def _text(value: float | None, measure: _Measure) -> str:
    return "" if value is None else f"{value * measure.factor:.2f} {measure.unit}"
