"""What the commands share."""

from django.core.management.base import CommandError

from drift.models import Baseline
from drift.services import SHELL, activate
from scene3d.http.problem import Problem


def activated(baseline: Baseline, reason: str | None) -> str:
    """Whether it is compared with now, in words; it is from now on if there is a reason.

    Raises: CommandError.
    """
    if reason is not None and not baseline.is_active:
        try:
            activate(baseline, SHELL, reason)
        except Problem as problem:
            raise CommandError(f"{problem.code}: {problem.detail} {problem.next_step}") from problem
    return "active" if baseline.is_active else "not active yet: see the admin"
