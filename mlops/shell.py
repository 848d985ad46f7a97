"""What the commands about served configurations share."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from accounts.public import User
from mlops.models import Candidate
from mlops.rules import SHELL, Actor
from scene3d.engine.public import EngineError
from scene3d.http.problem import Problem

EXIT_REFUSED = 2


def add_why(parser: ArgumentParser) -> None:
    """Who acts, and for what reason."""
    parser.add_argument("--reason", required=True, help="Goes into the audit log.")
    parser.add_argument("--user", metavar="NAME", help="Act as this user, with their rights.")


def actor(name: str | None) -> Actor:
    """The user of this name; without one, whoever has a shell on this machine.

    Raises: Problem.
    """
    if name is None:
        return SHELL
    user = User.objects.filter(username=name).first()
    if user is None:
        raise Problem(
            HTTPStatus.NOT_FOUND,
            "user_unknown",
            f"This server has no user {name}.",
            next_step="Name one that it has.",
        )
    return user


def candidate_of(pk: int) -> Candidate:
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


@contextmanager
def telling_refusals() -> Iterator[None]:
    """A problem becomes one line on stderr and exit code 2."""
    try:
        yield
    except (Problem, EngineError) as problem:
        detail = problem.detail if isinstance(problem, Problem) else problem.message
        sys.stderr.write(f"{problem.code}: {detail} {problem.next_step}\n")
        raise SystemExit(EXIT_REFUSED) from problem
