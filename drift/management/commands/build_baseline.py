"""A baseline of photos in a folder, or of jobs that this server has seen."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from drift.commandline import activated
from drift.documents import BaselineDocument
from drift.errors import TooFewMeasured
from drift.making import baseline_of_folder, baseline_of_jobs, last_jobs
from drift.models import Source
from drift.services import SHELL, add_baseline
from scene3d.commandline import telling_problems
from scene3d.engine.capabilities import open_host
from scene3d.engine.public import InputNotFound


class Command(BaseCommand):
    help = (
        "Measure what photos normally look like. Photos in one folder, or of one job, are a scene;"
        " how scenes differ says what is unusual."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "what", nargs="*", metavar="JOBS|FOLDER", help="Ids of jobs, or one folder of photos."
        )
        parser.add_argument("--last", type=int, metavar="N", help="The last N measured jobs.")
        parser.add_argument(
            "--activate", metavar="REASON", help="Compare uploads with it from now on."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["what"]) is (options["last"] is not None):
            raise CommandError("Name jobs or a folder, or say --last N.")
        with telling_problems(traceback=options["traceback"]):
            document, source, note = _measure(options["what"], options["last"])
        baseline = add_baseline(document, source, made_by=SHELL, note=note)
        state = activated(baseline, options["activate"])
        self.stdout.write(
            f"{baseline} ({baseline.content_version}): {baseline.num_photos} photos of"
            f" {baseline.num_scenes} scenes, {state}."
        )


def _measure(what: list[str], last: int | None) -> tuple[BaselineDocument, Source, str]:
    """Raises: PhotoProblem."""
    if last is not None:
        jobs = last_jobs(last)
        return baseline_of_jobs(jobs), Source.JOBS, f"The last {len(jobs)} jobs"
    folder = Path(what[0])
    if len(what) == 1 and folder.is_dir():
        host = open_host(settings.MODEL_STORE, "cpu", settings.ENV.num_threads)
        return baseline_of_folder(folder, host.num_threads), Source.FOLDER, f"Folder {folder.name}"
    try:
        jobs = [UUID(word) for word in what]
    except ValueError as error:
        raise InputNotFound(f"{what[0]} is neither a folder nor the id of a job.") from error
    if not jobs:
        raise TooFewMeasured("No jobs are named.")
    return baseline_of_jobs(jobs), Source.JOBS, f"{len(jobs)} jobs"
