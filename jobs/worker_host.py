"""This process as a worker: its host, what it can do, and its row in the database."""

import logging
import os
import platform
import socket
from functools import cache

from django.utils import timezone

from jobs.machine import read_machine
from jobs.presets import effective_options, offered_presets
from jobs.worker_models import Worker
from scene3d.background.host import configured_host
from scene3d.engine.capabilities import probe_host, warm_up
from scene3d.engine.host import Host

logger = logging.getLogger(__name__)


@cache
def this_host() -> Host:
    """One per process, so that networks are loaded once."""
    return configured_host()


def worker_name() -> str:
    return f"{socket.gethostname()}.{os.getpid()}"


def start_worker() -> None:
    """Load what the offered presets need, and tell the others that this worker is here."""
    host = this_host()
    for preset in offered_presets():
        warm_up(effective_options(preset, {}), host)
    capabilities = {**probe_host(host), "platform": platform.platform()}
    Worker.objects.create(
        name=worker_name(),
        capabilities=capabilities,
        network_loads=dict(host.network_loads),
        machine=read_machine(),
    )
    logger.info(
        "worker %s is ready: %s, networks %s",
        worker_name(),
        capabilities["device"],
        ", ".join(host.network_loads) or "none",
    )


def beat() -> None:
    """Refresh this worker's row; rows of the dead go after a day."""
    now = timezone.now()
    Worker.objects.filter(name=worker_name()).update(
        heartbeat_at=now, network_loads=dict(this_host().network_loads), machine=read_machine()
    )


def stop_worker() -> None:
    Worker.objects.filter(name=worker_name()).delete()
