"""The schedule as a process, where the parts of the service run as services of their own."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from scene3d.background.schedule import is_anything_scheduled, run_schedule
from scene3d.commandline import over_on_signals


class Command(BaseCommand):
    help = (
        "Start experiments and shadow runs when they are due, until SIGTERM. `run_stack` does it"
        " too; several at once start nothing twice."
    )
    requires_system_checks: list[str] = []  # they cost a third of its memory

    def handle(self, *args: Any, **options: Any) -> None:
        if not is_anything_scheduled():
            raise CommandError(
                "Nothing is scheduled. Set SCENE3D_EXPERIMENT_SCHEDULE or SCENE3D_SHADOW_SCHEDULE."
            )
        run_schedule(over_on_signals())
