"""What the monitoring page draws: how jobs went, one after the other."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils import timezone

from jobs.drift_view import drift_trends
from jobs.models import Job
from jobs.states import TERMINAL, JobState

MAX_POINTS = 200
_NUM_DAYS = 30
_WORDS = {
    "brightness": "Brightness of photos",
    "contrast": "Contrast of photos",
    "blur_px": "Blur of photos, pixels",
    "num_keypoints": "Keypoints per photo",
}


def trends() -> list[dict[str, Any]]:
    """Each with name, title, unit, digits, times (seconds since 1970) and values; the oldest
    first. What has no values yet is left out."""
    rows = _done_jobs()
    found = [
        _trend("registered", "Placed photos of each job", "%", 0, _registered(rows)),
        _trend("seconds", "Seconds per photo", "s", 1, _seconds_per_photo(rows)),
        _trend("waited", "Minutes that jobs waited", "min", 1, _waited(rows)),
        _trend("jobs", "Jobs that ended each day", "", 0, _per_day()),
    ]
    found += [
        _trend(name, _WORDS[name], "", 2, points) for name, points in drift_trends(MAX_POINTS)
    ]
    return [trend for trend in found if trend["values"]]


def _trend(
    name: str, title: str, unit: str, digits: int, points: Iterable[tuple[datetime, float]]
) -> dict[str, Any]:
    kept = list(points)
    return {
        "name": name,
        "title": title,
        "unit": unit,
        "digits": digits,
        "times": [round(when.timestamp()) for when, _ in kept],
        "values": [round(value, 4) for _, value in kept],
    }


def _done_jobs() -> Sequence[dict[str, Any]]:
    """Of reports, only the numbers that are drawn: they have a row for every photo."""
    done = Job.objects.filter(state=JobState.DONE, finished_at__isnull=False)
    fields = ("queued_at", "started_at", "finished_at", "num_photos")
    counts = ("report__counts__num_registered", "report__counts__num_accepted")
    return list(done.order_by("-finished_at").values(*fields, *counts)[:MAX_POINTS])[::-1]


def _registered(rows: Sequence[dict[str, Any]]) -> Iterable[tuple[datetime, float]]:
    for row in rows:
        placed, valid = (row[f"report__counts__num_{kind}"] for kind in ("registered", "accepted"))
        if valid:
            yield row["finished_at"], 100 * placed / valid


def _seconds_per_photo(rows: Sequence[dict[str, Any]]) -> Iterable[tuple[datetime, float]]:
    for row in rows:
        took = row["finished_at"] - row["started_at"]
        yield row["finished_at"], took.total_seconds() / max(row["num_photos"], 1)


def _waited(rows: Sequence[dict[str, Any]]) -> Iterable[tuple[datetime, float]]:
    for row in rows:
        waited = row["started_at"] - row["queued_at"]
        yield row["finished_at"], max(waited.total_seconds(), 0) / 60


def _per_day() -> Iterable[tuple[datetime, float]]:
    """Days without a job have a zero, from the first of them on."""
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    since = today - timedelta(days=_NUM_DAYS - 1)
    ended = Job.objects.filter(state__in=TERMINAL, finished_at__gte=since).order_by()
    counted = dict(
        ended.annotate(day=TruncDate("finished_at")).values_list("day").annotate(Count("pk"))
    )
    days = [since + timedelta(days=number) for number in range(_NUM_DAYS)]
    first = next((index for index, day in enumerate(days) if day.date() in counted), _NUM_DAYS)
    return [(day, counted.get(day.date(), 0)) for day in days[first:]]
