"""Alerts as they are looked at. Reads only."""

from datetime import datetime

from django.db.models import QuerySet

from mlops.models import Alert, Experiment
from mlops.states import AlertState

WATCHDOG = "Watchdog"
"""Always fires while Prometheus and Alertmanager are at work; no news for anybody."""


def open_alerts() -> QuerySet[Alert]:
    """That fire now, the newest first."""
    return all_alerts().filter(state=AlertState.FIRING)


def all_alerts() -> QuerySet[Alert]:
    return Alert.objects.exclude(name=WATCHDOG).select_related("experiment")


def last_heard_at() -> datetime | None:
    """When Alertmanager last told anything; None: never."""
    latest = Alert.objects.order_by("-last_notified_at").first()
    return latest.last_notified_at if latest is not None else None


def caused_experiments(limit: int = 5) -> list[Experiment]:
    """The last ones that alerts have caused."""
    return list(Experiment.objects.filter(alerts__isnull=False).distinct()[:limit])
