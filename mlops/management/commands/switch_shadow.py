"""Shadow runs of a candidate, on or off."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from mlops.services import switch_shadow
from mlops.shell import actor, add_why, candidate_of, telling_refusals


class Command(BaseCommand):
    help = (
        "Put a candidate into shadow: after hours its options run on photos of finished jobs, for"
        " operators' eyes. Or take it out again. Exit code 2: it is refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("candidate", type=int, metavar="CANDIDATE", help="Its number.")
        parser.add_argument("state", choices=["on", "off"])
        add_why(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        is_on = options["state"] == "on"
        with telling_refusals():
            candidate = candidate_of(options["candidate"])
            switch_shadow(candidate, actor(options["user"]), options["reason"], is_on=is_on)
        self.stdout.write(f"{candidate} {'runs' if is_on else 'does not run'} in shadow now.")
