"""Roll-back on the command line."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from mlops.services import roll_back
from mlops.shell import actor, add_why, telling_refusals


class Command(BaseCommand):
    help = (
        "Serve an earlier configuration again, as a new one. Without a version it is the one before"
        " what is served now; 0 is the engine's own presets. Exit code 2: it is refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("version", type=int, nargs="?", metavar="VERSION")
        add_why(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with telling_refusals():
            configuration = roll_back(options["version"], actor(options["user"]), options["reason"])
        self.stdout.write(
            f"{configuration} is served now, with the options of {configuration.restored_version}"
        )
