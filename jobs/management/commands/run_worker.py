"""A warm worker."""

import logging
import threading

from django.conf import settings
from django.db import DatabaseError, close_old_connections

from drift.scoring import look_at_windows
from jobs import partial_uploads, shadow_scratch, worker_host
from jobs.orphans import sweep_work
from jobs.reconciler import Reconciler
from scene3d.background.workers import run_worker
from scene3d.commandline import WorkerCommand

logger = logging.getLogger(__name__)

_BEAT_S = 10.0


class Command(WorkerCommand):
    help = "Load the networks, then work on jobs one after the other until SIGTERM."

    def work(self, *, burst: bool) -> None:
        worker_host.start_worker()
        is_over = threading.Event()
        beating = threading.Thread(target=_beat, args=[is_over], name="worker-row", daemon=True)
        beating.start()
        try:
            run_worker(settings.RECONSTRUCTION_QUEUE, maintain=_Upkeep(), burst=burst)
        finally:
            is_over.set()
            beating.join()
            worker_host.stop_worker()


class _Upkeep:
    """Between jobs. Lost jobs too, where no reconciler runs."""

    def __init__(self) -> None:
        self._reconcile = Reconciler()

    def __call__(self) -> None:
        self._reconcile()
        partial_uploads.sweep()
        sweep_work()
        shadow_scratch.sweep()
        try:
            look_at_windows()
        except Exception:
            logger.exception("the last jobs were not looked at together")


def _beat(is_over: threading.Event) -> None:
    while not is_over.wait(_BEAT_S):
        try:
            worker_host.beat()
        except DatabaseError:
            close_old_connections()
    close_old_connections()
