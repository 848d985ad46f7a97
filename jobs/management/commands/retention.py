"""Deletes what is old."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Sum
from django.template.defaultfilters import filesizeformat

from jobs.retention import delete_outdated, outdated


class Command(BaseCommand):
    help = (
        "Delete jobs that have been over for longer than some days, with their photos and results."
        " Where SCENE3D_RETENTION_DAYS is set, the reconciler does it every hour."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=settings.ENV.retention_days)
        parser.add_argument("--dry-run", action="store_true", help="Only say what would go.")

    def handle(self, *args: Any, **options: Any) -> None:
        days = options["days"]
        if days is None or days < 1:
            raise CommandError("Say how many days: --days 90, or SCENE3D_RETENTION_DAYS=90.")
        if not options["dry_run"]:
            self.stdout.write(f"{delete_outdated(days)} deleted.")
            return
        jobs = outdated(days)
        for job in jobs.select_related("owner"):
            self.stdout.write(f"{job.pk}  {job.finished_at:%Y-%m-%d}  {job.owner}  {job.name}")
        num_bytes = jobs.aggregate(total=Sum("input_bytes"))["total"] or 0
        photos = filesizeformat(num_bytes).replace("\xa0", " ")
        self.stdout.write(f"{jobs.count()} would be deleted, {photos} of photos.")
