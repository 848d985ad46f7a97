"""Delivers webhooks. A process of its own: the other workers may be busy for hours."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from mlops.webhooks import deliver_due
from scene3d.background.workers import run_worker
from scene3d.engine.native.lifetime import die_with_parent


class Command(BaseCommand):
    help = "Deliver webhooks until SIGTERM; needed where SCENE3D_WEBHOOK_URL is set."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--burst", action="store_true", help="End when none waits.")
        parser.add_argument("--parent-pid", type=int, help="End when this process ends.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["parent_pid"]:
            die_with_parent(options["parent_pid"])
        run_worker(settings.WEBHOOK_QUEUE, maintain=deliver_due, burst=options["burst"])
