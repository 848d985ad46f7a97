"""Whether drift is seen, and only drift."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from drift.simulation import measure_scenes, scenes_below, simulate
from drift.simulation_table import as_markdown
from scene3d.commandline import telling_problems
from scene3d.engine.capabilities import open_host


class Command(BaseCommand):
    help = (
        "Shift real photos in known ways, resample them as uploads, and count how often that is"
        " seen, and how often something is seen without a shift. Prints a table in Markdown."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
        parser.add_argument(
            "--other-camera", required=True, metavar="SCENE", help="Taken by another camera."
        )
        parser.add_argument("--windows", type=int, default=1000, help="Without a shift.")
        parser.add_argument("--runs", type=int, default=200, help="With each shift.")
        parser.add_argument("--output", type=Path, help="Where the table is written too.")

    def handle(self, *args: Any, **options: Any) -> None:
        host = open_host(settings.MODEL_STORE, "cpu", settings.ENV.num_threads)
        with telling_problems(traceback=options["traceback"]):
            scenes = scenes_below(options["folders"])
            measured = measure_scenes(scenes, host.num_threads)
            found = [
                simulate(
                    measured,
                    options["other_camera"],
                    num_windows=options["windows"],
                    num_runs=options["runs"],
                    num_uploads=num_uploads,
                )
                for num_uploads in (None, 60)
            ]
        table = as_markdown(found)
        self.stdout.write(table)
        if options["output"]:
            options["output"].write_text(table + "\n")
