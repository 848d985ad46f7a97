"""What the service's windows say now, said before, and because of which jobs. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import cast
from uuid import UUID

from django.db.models import QuerySet

from drift.documents import ODD, FeatureVerdict, Verdict
from drift.features import FEATURES, OUTCOMES, PHOTO_FEATURES
from drift.models import Baseline, Outcome, Upload, Window


@dataclass(frozen=True, kw_only=True)
class FeatureState:
    """Of a feature or an outcome."""

    feature: str
    title: str
    verdict: Verdict
    """After persistence."""
    words: str
    """Of the current window alone; empty where it is as usual."""
    value: float | None
    """Of the current window's middle job; of an outcome, the mean over its jobs."""
    usual: float | None
    effect: float | None
    """In deviations between scenes, not negative."""
    z: float | None
    """In standard errors, below 0 for less than usual."""


@dataclass(frozen=True, kw_only=True)
class ServiceState:
    status: Verdict
    """After persistence."""
    words: str
    since: datetime | None
    """When the status became what it is; None before the first window."""
    performance: Verdict
    features: Sequence[FeatureState]
    outcomes: Sequence[FeatureState]
    mmd2: float | None
    window_jobs: int
    window_photos: int
    window_at: datetime | None
    """When its last job ended."""
    baseline: str | None
    """Its content's version."""
    baseline_id: int | None

    @property
    def alerting_features(self) -> list[str]:
        return [f.feature for f in self.features if f.verdict in ODD]


NO_WINDOW = "Too few jobs have ended to say whether anything has changed."


def active_baseline() -> Baseline | None:
    return Baseline.objects.filter(is_active=True).first()


def current_window() -> Window | None:
    """The newest beside the active baseline."""
    return _windows(active_baseline()).first()


def current_state() -> ServiceState:
    """Never raises for want of jobs or of a baseline: what is not known is `unknown`."""
    baseline = active_baseline()
    window = _windows(baseline).first()
    found = window.verdict if window is not None else None
    known = {f.feature: f for f in [*found.features, *found.outcomes]} if found else {}
    means = _outcome_means(window)
    return ServiceState(
        status=_verdict_of(window.status) if window else "unknown",
        words=found.words if found else NO_WINDOW,
        since=_since(window) if window else None,
        performance=_verdict_of(window.performance) if window else "unknown",
        features=[_feature_state(name, window, known.get(name)) for name in FEATURES],
        outcomes=[
            _feature_state(name, window, known.get(name), means.get(name)) for name in OUTCOMES
        ],
        mmd2=found.mmd2 if found else None,
        window_jobs=window.num_jobs if window else 0,
        window_photos=window.num_photos if window else 0,
        window_at=window.last_at if window else None,
        baseline=baseline.content_version if baseline else None,
        baseline_id=baseline.pk if baseline else None,
    )


def trend(name: str, limit: int = 100) -> list[tuple[datetime, float]]:
    """A feature's or outcome's value over the last windows, whatever their baseline; the oldest
    first."""
    points: dict[datetime, float] = {}
    for window in Window.objects.all()[: 2 * limit]:
        found = window.verdict
        rows = [row for row in (*found.features, *found.outcomes) if row.feature == name]
        if rows and rows[0].value is not None:
            points.setdefault(window.last_at, rows[0].value)
    return sorted(points.items())[-limit:]


def jobs_behind(name: str, limit: int = 10, window: Window | None = None) -> list[UUID]:
    """Jobs of a window, the current one unless another is named, by how far they are on the side to
    which it leans; the furthest first."""
    window = window or current_window()
    if window is None:
        return []
    rows = [*window.verdict.features, *window.verdict.outcomes]
    leaning = next((row.z for row in rows if row.feature == name), None)
    values = _values_of(name, [UUID(text) for text in window.job_ids])
    sign = -1 if (leaning or 0) < 0 else 1
    return sorted(values, key=lambda job_id: -sign * values[job_id])[:limit]


def _windows(baseline: Baseline | None) -> QuerySet[Window]:
    return Window.objects.filter(baseline=baseline)


def _since(window: Window) -> datetime:
    """When the run of windows with this status began."""
    earlier = Window.objects.filter(
        baseline=window.baseline, last_outcome_id__lt=window.last_outcome_id
    )
    other = earlier.exclude(status=window.status).first()
    same = earlier.filter(last_outcome_id__gt=other.last_outcome_id) if other else earlier
    first = same.last()
    return first.last_at if first is not None else window.last_at


def _outcome_means(window: Window | None) -> dict[str, float]:
    """As the rows say now: a thumb may have come since."""
    if window is None:
        return {}
    outcomes = Outcome.objects.filter(job_id__in=window.job_ids)
    told: dict[str, list[float]] = {}
    for outcome in outcomes:
        for name, value in outcome.all_values.items():
            told.setdefault(name, []).append(value)
    return {name: fmean(values) for name, values in told.items()}


def _values_of(name: str, job_ids: Sequence[UUID]) -> dict[UUID, float]:
    if name in PHOTO_FEATURES:
        medians = Upload.objects.filter(job_id__in=job_ids).values_list("job_id", "medians")
        return {job_id: told[name] for job_id, told in medians if name in told}
    outcomes = Outcome.objects.filter(job_id__in=job_ids)
    return {
        outcome.job_id: told[name]
        for outcome in outcomes
        if name in (told := {**outcome.all_values, **outcome.result})
    }


def _feature_state(
    name: str, window: Window | None, found: FeatureVerdict | None, mean: float | None = None
) -> FeatureState:
    return FeatureState(
        feature=name,
        title=(FEATURES.get(name) or OUTCOMES[name]).title,
        verdict=window.standing(name) if window is not None else "unknown",
        words=found.words if found else "",
        value=mean if mean is not None else found.value if found else None,
        usual=found.usual if found else None,
        effect=found.effect if found else None,
        z=found.z if found else None,
    )


def _verdict_of(status: str) -> Verdict:
    return cast("Verdict", status)
