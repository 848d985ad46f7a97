"""Promotion on the command line."""

from argparse import ArgumentParser
from http import HTTPStatus
from typing import Any

from django.core.management.base import BaseCommand

from mlops.models import Candidate
from mlops.services import promote
from mlops.shell import actor, add_why, telling_refusals
from scene3d.http.problem import Problem


class Command(BaseCommand):
    help = "Serve a candidate from now on, as a new configuration. Exit code 2: it is refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("candidate", type=int, metavar="CANDIDATE", help="Its number.")
        add_why(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with telling_refusals():
            candidate = _candidate(options["candidate"])
            configuration = promote(candidate, actor(options["user"]), options["reason"])
        self.stdout.write(f"{configuration} is served now: {candidate}")


def _candidate(pk: int) -> Candidate:
    """Raises: Problem."""
    candidate = Candidate.objects.filter(pk=pk).first()
    if candidate is None:
        raise Problem(
            HTTPStatus.NOT_FOUND,
            "candidate_unknown",
            f"There is no candidate {pk}.",
            next_step="See the admin, or /api/v1/candidates/, for those that there are.",
        )
    return candidate
