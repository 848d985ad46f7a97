"""The history of what is served."""

from typing import Any

from django.core.management.base import BaseCommand

from mlops.models import Configuration


class Command(BaseCommand):
    help = "List every served configuration, the newest first; * marks the one that is served now."

    def handle(self, *args: Any, **options: Any) -> None:
        rows = Configuration.objects.select_related("candidate__experiment")
        for row in rows:
            self.stdout.write(_line(row))
        is_served = not rows
        self.stdout.write(f"{'*' if is_served else ' '} {0:>4}  the engine's own presets")


def _line(row: Configuration) -> str:
    mark = "*" if row.is_active else " "
    origin = (
        f"{row.candidate.preset} from {row.candidate} (candidate {row.candidate_id})"
        if row.candidate is not None
        else f"restores {row.restored_version}"
    )
    when = f"{row.created_at:%Y-%m-%d %H:%M}"
    return f"{mark} {row.version:>4}  {when}  {row.created_by_name}: {origin}. {row.reason}"
