"""What the commands of all workers have in common."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from scene3d.commandline import telling_problems
from scene3d.engine.native.lifetime import die_with_parent


class WorkerCommand(BaseCommand):
    """Works on one queue until SIGTERM; ends with the process that started it, if told which."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--burst", action="store_true", help="End when nothing waits.")
        parser.add_argument("--parent-pid", type=int, help="End when this process ends.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["parent_pid"]:
            die_with_parent(options["parent_pid"])
        with telling_problems(traceback=True):
            self.work(burst=options["burst"])

    def work(self, *, burst: bool) -> None:
        raise NotImplementedError
