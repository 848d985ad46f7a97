"""Notifications as Alertmanager 0.25 sends them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

DRIFT_GROUP = '{}/{category="drift"}:{category="drift"}'
NEVER = "0001-01-01T00:00:00Z"
FIRED_AT = "2026-05-01T12:00:00.123456789Z"
RESOLVED_AT = "2026-05-01T12:30:00.5Z"


def alert(name: str = "InputBrightnessDrift", **changes: Any) -> dict[str, Any]:
    """One that fires; its fingerprint follows from its name."""
    values: dict[str, Any] = {
        "status": "firing",
        "labels": {"alertname": name, "severity": "warning", "category": "drift"},
        "annotations": {"summary": f"{name} it is.", "description": "Look at the photos."},
        "startsAt": FIRED_AT,
        "endsAt": NEVER,
        "generatorURL": "http://prometheus:9090/graph",
        "fingerprint": f"{sum(map(ord, name)):016x}",
    }
    return values | changes


def resolved(name: str = "InputBrightnessDrift", **changes: Any) -> dict[str, Any]:
    return alert(name, status="resolved", endsAt=RESOLVED_AT, **changes)


def notification(
    alerts: Sequence[Mapping[str, Any]] | None = None, *, group: str = DRIFT_GROUP, **changes: Any
) -> dict[str, Any]:
    rows = [alert()] if alerts is None else list(alerts)
    is_firing = any(row.get("status") == "firing" for row in rows)
    values: dict[str, Any] = {
        "version": "4",
        "groupKey": group,
        "truncatedAlerts": 0,
        "status": "firing" if is_firing else "resolved",
        "receiver": "portal",
        "groupLabels": {"category": "drift"},
        "commonLabels": {"category": "drift"},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093",
        "alerts": rows,
    }
    return values | changes


def body(*alerts: Mapping[str, Any], **changes: Any) -> bytes:
    return json.dumps(notification(alerts or None, **changes)).encode()
