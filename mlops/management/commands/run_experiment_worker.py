"""Works on experiments that the portal, the API, a schedule or an alert has started."""

from django.conf import settings

from mlops.maintenance import Maintenance
from scene3d.background.workers import run_worker
from scene3d.commandline import WorkerCommand


class Command(WorkerCommand):
    help = "Run experiments one after the other until SIGTERM."

    def work(self, *, burst: bool) -> None:
        run_worker(settings.EXPERIMENT_QUEUE, maintain=Maintenance(), burst=burst)
