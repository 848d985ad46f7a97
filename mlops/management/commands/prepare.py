"""The table that the pipeline reads."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from mlops.commandline import StageCommand
from mlops.data import DataFolder
from mlops.stages.prepare import TABLE_NAME, prepare
from scene3d.commandline import telling_problems


class Command(StageCommand):
    help = (
        f"Write {TABLE_NAME}, a row for every labelled photo, into FOLDER. Exit code 0: done; 2: a"
        " problem with the data; 1: a problem of this machine."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--images",
            type=Path,
            required=True,
            metavar="PROCESSED",
            help="What `preprocess` wrote.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with telling_problems(traceback=options["traceback"]):
            num_rows = prepare(DataFolder(options["data"]), options["images"], options["output"])
        self.stdout.write(f"{num_rows} photos in {options['output'] / TABLE_NAME}")
