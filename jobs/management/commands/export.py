"""A finished result in another form, on the command line."""

import shutil
import tempfile
from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand

from jobs.commandline import find_sources, telling_problems
from jobs.console import ConsoleProgress
from jobs.models import Job
from jobs.results import fetch_order
from scene3d.background.host import configured_host
from scene3d.engine.delivery import Order, deliver
from scene3d.engine.public import FORMATS, InputNotFound, OptionsInvalid
from scene3d.engine.workspace import Workspace


class Command(BaseCommand):
    help = (
        "Write a finished result in another form. RESULT_OR_JOB is a folder that `reconstruct`"
        " filled, or the id of a job of this server, whose photos and scale are known."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("result", metavar="RESULT_OR_JOB")
        parser.add_argument("--format", choices=FORMATS, required=True)
        parser.add_argument("--output", type=Path, required=True, metavar="FILE")
        parser.add_argument(
            "--photos",
            type=Path,
            metavar="FOLDER_OR_ZIP",
            help="What the result was made of; nerfstudio and bundle need it for a folder.",
        )
        parser.add_argument(
            "--metres-per-unit", type=float, help="Lengths in metres instead of model units."
        )
        parser.add_argument(
            "--dataset", default="scene3d", help="What a submission calls the photos."
        )
        parser.add_argument(
            "--names-only",
            action="store_true",
            help="bundle: leave the photos themselves out, but not their names and SHA-256.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        progress = ConsoleProgress()
        with telling_problems(progress, traceback=options["traceback"]), ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="scene3d-")))
            order = _order(options, folder)
            made, workspace = folder / "made", Workspace(folder / "work")
            deliver(options["format"], order, made, workspace, progress, configured_host())
            options["output"].parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(made, options["output"])
        self.stdout.write(f"{options['output']}: {options['output'].stat().st_size:,} bytes")


def _order(options: dict[str, Any], folder: Path) -> Order:
    wishes: dict[str, Any] = {
        "dataset": options["dataset"],
        "with_photos": not options["names_only"],
    }
    if (metres_per_unit := options["metres_per_unit"]) is not None:
        if not 0 < metres_per_unit < float("inf"):
            raise OptionsInvalid(["--metres-per-unit: a number greater than 0"])
        wishes["metres_per_unit"] = metres_per_unit
    result = Path(options["result"])
    if result.is_dir():
        if options["photos"]:
            wishes["photos"] = find_sources(options["photos"], folder / "unpacked")
        return Order(result=result, **wishes)
    return fetch_order(_job(options["result"]), options["format"], folder / "job", **wishes)


def _job(job_id: str) -> Job:
    """Raises: InputNotFound."""
    try:
        return Job.objects.get(pk=UUID(job_id), report__isnull=False)
    except (ValueError, Job.DoesNotExist) as error:
        raise InputNotFound(
            f"{job_id} is neither a folder nor a job with a result.",
            next_step="Name the folder that `manage.py reconstruct` filled, or a job's id.",
        ) from error
