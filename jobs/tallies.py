"""Numbers that only grow: what has happened here, whatever becomes of the jobs it happened to.

Prometheus takes a counter that falls for one that began anew, and adds all of it once more. Jobs
are deleted and retried, so counting their rows would make alarms of that.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from jobs.models import Job, StageRun, Tally
from jobs.states import JobState

LATENCY_BUCKETS_S = (10, 30, 60, 120, 180, 300, 600, 900)
RECONCILED = "reconciled_at"

Key = tuple[str, str]
"""Name and label."""


def count_end(job_id: UUID, state: JobState, report: Mapping[str, Any] | None) -> None:
    """An attempt has ended. In the transaction that ends it.

    Args:
        report: of what is done, or cancelled with something to keep.
    """
    started_at, finished_at, num_photos = Job.objects.values_list(
        "started_at", "finished_at", "num_photos"
    ).get(pk=job_id)
    amounts: dict[Key, float] = {("ended", state): 1, ("photos", "uploaded"): num_photos}
    if report is not None:
        amounts["photos", "valid"] = report["counts"]["num_accepted"]
        amounts["photos", "registered"] = report["counts"]["num_registered"]
    if state == JobState.DONE and started_at and finished_at:
        seconds = (finished_at - started_at).total_seconds()
        amounts["seconds", ""] = seconds
        amounts["seconds_bucket", _bucket(seconds)] = 1
    _add(amounts)


def count_stages(runs: Iterable[StageRun]) -> None:
    """Of a job that is done."""
    amounts: dict[Key, float] = {}
    for run in runs:
        amounts["stage_seconds", run.stage] = run.seconds
        amounts["stage_units", run.stage] = run.num_units
    _add(amounts)


def count_fenced() -> None:
    """A worker that had been given up for lost came with a result, and was turned away."""
    _add({("fenced", ""): 1})


def note_reconciled() -> None:
    """Somebody has just looked after lost jobs."""
    Tally.objects.update_or_create(
        name=RECONCILED, label="", defaults={"value": timezone.now().timestamp()}
    )


def read() -> dict[Key, float]:
    """All of them; what has not happened yet is not there."""
    rows = Tally.objects.order_by("name", "label")
    return {(row.name, row.label): row.value for row in rows}


def latency_buckets(tallies: Mapping[Key, float]) -> list[tuple[str, float]]:
    """As Prometheus wants them: how many took that long at most, in seconds, up to "+Inf"."""
    total, buckets = 0.0, []
    for bound in [*map(str, LATENCY_BUCKETS_S), "+Inf"]:
        total += tallies.get(("seconds_bucket", bound), 0)
        buckets.append((bound, total))
    return buckets


def _bucket(seconds: float) -> str:
    return next((str(bound) for bound in LATENCY_BUCKETS_S if seconds <= bound), "+Inf")


def _add(amounts: Mapping[Key, float]) -> None:
    """In one order everywhere, so that two transactions never wait for each other."""
    with transaction.atomic():
        Tally.objects.bulk_create(
            [Tally(name=name, label=label) for name, label in sorted(amounts)],
            ignore_conflicts=True,
        )
        for (name, label), amount in sorted(amounts.items()):
            Tally.objects.filter(name=name, label=label).update(value=F("value") + amount)
