"""The served configuration as a file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from mlops.best_config import write_record, written_configuration
from mlops.history import active_configuration


class Command(BaseCommand):
    help = "Write what is served as YAML: options, where they came from, and their scores."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--output",
            type=Path,
            metavar="FILE",
            help="Such as best_config.yaml; else it is shown.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        text = written_configuration(active_configuration())
        output: Path | None = options["output"]
        if output is None:
            self.stdout.write(text, ending="")
            return
        write_record(text, output)
        self.stdout.write(str(output))
