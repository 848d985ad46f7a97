"""Looks after jobs that lost their worker, their delivery or their files."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections

from jobs.reconciler import EVERY_S, Reconciler
from scene3d.commandline import over_on_signals
from scene3d.engine.native.lifetime import die_with_parent


class Command(BaseCommand):
    help = (
        "Bring lost jobs back into the queue and delete files without an owner, until SIGTERM. One"
        " acts at a time; `run_stack` has one."
    )
    requires_system_checks: list[str] = []  # they cost a third of its memory

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--parent-pid", type=int, help="End when this process ends.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["parent_pid"]:
            die_with_parent(options["parent_pid"])
        is_over, look = over_on_signals(), Reconciler()
        while not is_over.is_set():
            close_old_connections()
            look()
            is_over.wait(EVERY_S)
