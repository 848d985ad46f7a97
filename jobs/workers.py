"""Workers as the web process sees them: by their rows."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from jobs.worker_models import Worker

ALIVE = timedelta(seconds=45)
"""A worker that has not beaten for this long is gone."""


def live_workers() -> list[Worker]:
    return list(Worker.objects.filter(heartbeat_at__gte=timezone.now() - ALIVE))


def is_ready(workers: Iterable[Worker]) -> bool:
    """Whether any of them can run a preset: without capabilities, it is about to say so."""
    return any(any(worker.capabilities.get("presets", {}).values()) for worker in workers)


def capabilities() -> dict[str, Any]:
    """What this server can run now: what any live worker found it can."""
    workers = live_workers()
    return {
        "workers": [{"name": worker.name, **worker.capabilities} for worker in workers],
        "presets": {
            name: any(worker.capabilities["presets"].get(name) for worker in workers)
            for name in sorted({n for w in workers for n in w.capabilities["presets"]})
        },
    }
