"""What Prometheus sees of drift: read from the database, which all processes share.

What is not known is 0, as is what has ended: an alert is over when its gauge says so.
"""

from collections.abc import Iterator

from django.db import DatabaseError
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from drift.documents import SEVERITY
from drift.state import ServiceState, current_state


class DriftCollector(Collector):
    """Computed at each scrape; a handful of queries."""

    def collect(self) -> Iterator[Metric]:
        """Nothing while the database is away: `readyz` tells that."""
        try:
            state = current_state()
        except DatabaseError:
            return
        yield from _overall(state)
        yield from _features(state)
        yield _outcomes(state)
        info = InfoMetricFamily("scene3d_drift_baseline", "What uploads are compared with.")
        info.add_metric([], {"version": state.baseline or "none"})
        yield info

    def describe(self) -> list[Metric]:
        """Registration must not ask the database."""
        return []


def _overall(state: ServiceState) -> Iterator[Metric]:
    gauges = {
        "scene3d_drift_status": (
            "Of the last jobs' photos: 0 as usual, 1 unusual, 2 very unusual.",
            SEVERITY[state.status],
        ),
        "scene3d_performance_status": (
            "Of the last jobs' outcomes: 0 as before, 1 worse, 2 much worse.",
            SEVERITY[state.performance],
        ),
        "scene3d_drift_alerting_features": (
            "Features of photos that are not as usual.",
            len(state.alerting_features),
        ),
        "scene3d_drift_mmd": (
            "Squared maximum mean discrepancy of the last jobs' photos from the baseline's.",
            state.mmd2 or 0.0,
        ),
        "scene3d_drift_window_jobs": ("Jobs in the window.", state.window_jobs),
    }
    for name, (words, value) in gauges.items():
        yield GaugeMetricFamily(name, words, value)


def _features(state: ServiceState) -> Iterator[Metric]:
    verdicts = GaugeMetricFamily(
        "scene3d_drift_verdict", "0 as usual, 1 unusual, 2 very unusual.", labels=["feature"]
    )
    effects = GaugeMetricFamily(
        "scene3d_drift_effect",
        "How far the window is from the baseline, in deviations between scenes.",
        labels=["feature"],
    )
    zs = GaugeMetricFamily(
        "scene3d_drift_z",
        "The same in standard errors, below 0 for less than usual.",
        labels=["feature"],
    )
    for feature in state.features:
        verdicts.add_metric([feature.feature], SEVERITY[feature.verdict])
        effects.add_metric([feature.feature], feature.effect or 0.0)
        zs.add_metric([feature.feature], feature.z or 0.0)
    yield from (verdicts, effects, zs)


def _outcomes(state: ServiceState) -> Metric:
    """Those that no job tells yet are left out: a ratio of 0 would be an alarm."""
    outcomes = GaugeMetricFamily("scene3d_outcome", "Mean over the last jobs.", labels=["outcome"])
    for outcome in state.outcomes:
        if outcome.value is not None:
            outcomes.add_metric([outcome.feature], outcome.value)
    return outcomes
