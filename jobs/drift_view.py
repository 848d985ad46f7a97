"""Drift as the monitoring page shows it: the one place of this room that asks `drift.public`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from drift.public import current_state, jobs_behind, trend

Level = Literal["ok", "warning", "critical", "unknown"]

_TRENDS = ("brightness", "contrast", "blur_px", "num_keypoints")
_UNKNOWN_WORDS = "Nothing is known of earlier photos yet."


@dataclass(frozen=True, kw_only=True)
class OddFeature:
    """One that has changed, with the jobs that show it most."""

    name: str
    title: str
    level: Level
    words: str
    jobs: Sequence[UUID]


@dataclass(frozen=True, kw_only=True)
class DriftState:
    """Of the last window of jobs."""

    photos: Level = "unknown"
    photos_words: str = _UNKNOWN_WORDS
    results: Level = "unknown"
    baseline: str = ""
    odd: Sequence[OddFeature] = ()


def drift_state() -> DriftState:
    now = current_state()
    odd = [row for row in (*now.features, *now.outcomes) if row.verdict in ("warning", "critical")]
    return DriftState(
        photos=now.status,
        photos_words=now.words,
        results=now.performance,
        baseline=now.baseline or "",
        odd=[
            OddFeature(
                name=row.feature,
                title=row.title,
                level=row.verdict,
                words=row.words,
                jobs=list(jobs_behind(row.feature))[:5],
            )
            for row in odd
        ],
    )


def drift_trends(limit: int) -> list[tuple[str, list[tuple[datetime, float]]]]:
    """Name and values over windows, the oldest first; features that have none are left out."""
    found = [(name, list(trend(name, limit))) for name in _TRENDS]
    return [(name, points) for name, points in found if points]
