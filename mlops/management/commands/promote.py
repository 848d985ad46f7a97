"""Promotion on the command line."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from mlops.services import promote
from mlops.shell import actor, add_why, candidate_of, telling_refusals


class Command(BaseCommand):
    help = "Serve a candidate from now on, as a new configuration. Exit code 2: it is refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("candidate", type=int, metavar="CANDIDATE", help="Its number.")
        add_why(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with telling_refusals():
            candidate = candidate_of(options["candidate"])
            configuration = promote(candidate, actor(options["user"]), options["reason"])
        self.stdout.write(f"{configuration} is served now: {candidate}")
