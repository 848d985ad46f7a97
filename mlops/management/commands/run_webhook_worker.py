"""Delivers webhooks. A process of its own: the other workers may be busy for hours."""

from django.conf import settings

from mlops.webhooks import deliver_due
from scene3d.background.workers import run_worker
from scene3d.commandline import WorkerCommand


class Command(WorkerCommand):
    help = "Deliver webhooks until SIGTERM; needed where SCENE3D_WEBHOOK_URL is set."

    def work(self, *, burst: bool) -> None:
        run_worker(settings.WEBHOOK_QUEUE, maintain=deliver_due, burst=burst)
