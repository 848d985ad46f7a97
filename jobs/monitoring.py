"""The state of the service in one glance, from the database and this machine alone."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from redis.exceptions import RedisError

from jobs.drift_view import DriftState, Level
from jobs.models import Job
from jobs.queues import QueueState, queues
from jobs.states import JobState
from jobs.templatetags.job_words import seconds
from jobs.worker_models import Worker
from jobs.workers import is_ready, live_workers
from mlops.public import AlertsNow
from scene3d.background.queue import ping

STALLED_S = 300
FULL, ALMOST_FULL = 0.05, 0.15
"""Shares of the disk that are free."""
QUIET = timedelta(minutes=15)
"""Without a word from Alertmanager for so long, nobody would tell of an alarm."""
_ORDER: Sequence[Level] = ("ok", "unknown", "warning", "critical")
_WORDS = {"ok": "In order", "warning": "Look at it", "critical": "Act now", "unknown": "Not known"}


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One part of the service."""

    title: str
    level: Level
    value: str
    words: str

    @property
    def label(self) -> str:
        return _WORDS[self.level]


def tiles(drift: DriftState, alerts: AlertsNow) -> list[Tile]:
    """Every part, in the order in which they are looked at."""
    workers = live_workers()
    is_busy = Job.objects.filter(state=JobState.RUNNING).exists()
    return [
        _service(),
        _workers(workers),
        _queue(queues(), is_busy=is_busy),
        Tile(
            title="Photos",
            level=drift.photos,
            value={"ok": "As usual", "unknown": "–"}.get(drift.photos, "Changed"),
            words=drift.photos_words,
        ),
        Tile(
            title="Results",
            level=drift.results,
            value={"ok": "As usual", "unknown": "–"}.get(drift.results, "Worse"),
            words="Placed photos, errors, failures and time, beside those of earlier jobs.",
        ),
        _disk(),
        _alerts(alerts),
    ]


def worst(rows: Sequence[Tile]) -> Level:
    """What is not known is no reason to worry."""
    return max((row.level for row in rows if row.level != "unknown"), key=_ORDER.index)


def headline(rows: Sequence[Tile]) -> str:
    odd = [row.title.lower() for row in rows if row.level in ("warning", "critical")]
    return f"Look at: {', '.join(odd)}." if odd else "Everything that is known is in order."


def _service() -> Tile:
    try:
        ping()
    except RedisError:
        words = "The broker does not answer. Uploads are kept and wait for it."
        return Tile(title="Service", level="critical", value="No broker", words=words)
    words = "Portal, database and broker answer."
    return Tile(title="Service", level="ok", value="Answers", words=words)


def _workers(workers: Sequence[Worker]) -> Tile:
    if not is_ready(workers):
        words = "No worker can reconstruct photos; uploads wait. Start manage.py run_worker."
        return Tile(title="Workers", level="critical", value="None", words=words)
    cards = [card for worker in workers for card in worker.machine.get("gpus", [])]
    loads = [worker.machine["load"] for worker in workers if "load" in worker.machine]
    parts = [f"{len(cards)} graphics card{'s' if len(cards) != 1 else ''}"] if cards else []
    parts += [f"load {max(loads):.0%}"] if loads else []
    words = ", ".join(parts).capitalize() + "." if parts else "Ready."
    return Tile(title="Workers", level="ok", value=f"{len(workers)} ready", words=words)


def _queue(rows: Sequence[QueueState], *, is_busy: bool) -> Tile:
    jobs, experiments = rows
    words = "Nothing waits." if jobs.depth == 0 else f"The oldest for {seconds(jobs.oldest_s)}."
    if experiments.depth:
        words += f" Experiments: {experiments.depth}."
    is_stalled = jobs.oldest_s > STALLED_S and not is_busy
    level: Level = "warning" if is_stalled else "ok"
    return Tile(title="Queue", level=level, value=f"{jobs.depth} waiting", words=words)


def _disk() -> Tile:
    disk = shutil.disk_usage(settings.DATA_DIR)
    share = disk.free / disk.total
    level: Level = "critical" if share < FULL else "warning" if share < ALMOST_FULL else "ok"
    words = f"{share:.0%} of {filesizeformat(disk.total)}."
    return Tile(title="Disk", level=level, value=f"{filesizeformat(disk.free)} free", words=words)


def _alerts(alerts: AlertsNow) -> Tile:
    """Those that somebody knows of are no news."""
    if alerts.last_heard_at is None:
        words = "Prometheus and Alertmanager are not set up; this page works without them."
        return Tile(title="Alerts", level="unknown", value="–", words=words)
    quiet = timezone.now() - alerts.last_heard_at
    words = f"Alertmanager was heard {seconds(quiet.total_seconds())} ago."
    news = [alert for alert in alerts.firing if alert.acknowledged_at is None]
    level: Level = "warning" if news else "ok"
    if any(alert.severity == "critical" for alert in news):
        level = "critical"
    elif quiet > QUIET:
        level, words = "warning", f"{words} Nobody would be told of a failure."
    return Tile(title="Alerts", level=level, value=f"{len(alerts.firing)} firing", words=words)
