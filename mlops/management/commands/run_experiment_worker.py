"""Works on experiments that the portal, the API, a schedule or an alert has started."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from mlops.maintenance import Maintenance
from scene3d.background.workers import run_worker
from scene3d.engine.native.lifetime import die_with_parent


class Command(BaseCommand):
    help = "Run experiments one after the other until SIGTERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--burst", action="store_true", help="End when none waits.")
        parser.add_argument("--parent-pid", type=int, help="End when this process ends.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["parent_pid"]:
            die_with_parent(options["parent_pid"])
        queue = settings.EXPERIMENT_QUEUE
        run_worker(queue, maintain=Maintenance(), burst=options["burst"])
