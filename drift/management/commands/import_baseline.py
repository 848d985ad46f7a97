"""A baseline that the stage eda_baselines wrote."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from drift.commandline import activated
from drift.making import read_baseline
from drift.models import Source
from drift.services import SHELL, add_baseline
from scene3d.commandline import telling_problems


class Command(BaseCommand):
    help = "Take over a baseline.json as a version that can be activated."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--activate", metavar="REASON", help="Compare uploads with it from now on."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        with telling_problems(traceback=options["traceback"]):
            document = read_baseline(path)
        baseline = add_baseline(document, Source.EXPERIMENT, made_by=SHELL, note=path.name)
        state = activated(baseline, options["activate"])
        self.stdout.write(f"{baseline} ({baseline.content_version}): {state}.")
