"""Grafana's dashboards, from scene3d/monitoring."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from scene3d.commandline import telling_problems
from scene3d.monitoring.dashboards import FOLDER, write_dashboards


class Command(BaseCommand):
    help = "Write docker/grafana/dashboards; a test compares what is committed with it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--output", type=Path, default=FOLDER, metavar="FOLDER")

    def handle(self, *args: Any, **options: Any) -> None:
        with telling_problems(traceback=options["traceback"]):
            for path in write_dashboards(options["output"]):
                self.stdout.write(str(path))
