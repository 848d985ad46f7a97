"""Photos as the pipeline should see them."""

from argparse import ArgumentParser
from typing import Any

from mlops.commandline import StageCommand, add_params, host_of_stages
from mlops.data import DataFolder
from mlops.params import read_params
from mlops.stage_params import PreprocessParams
from mlops.stages.preprocess import IMAGES_NAME, REPORT_NAME, preprocess
from scene3d.commandline import telling_problems


class Command(StageCommand):
    help = (
        "Turn photos upright and, where the parameters ask for it, shrink them and sharpen blurred"
        f" ones. FOLDER gets {IMAGES_NAME}/<dataset>/<image> and {REPORT_NAME}. Exit code 0: done;"
        " 2: a problem with the data or the parameters; 1: a problem of this machine."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        add_params(parser, "preprocess")

    def handle(self, *args: Any, **options: Any) -> None:
        with telling_problems(traceback=options["traceback"]):
            report = preprocess(
                DataFolder(options["data"]),
                options["output"],
                read_params(options["params"], "preprocess", PreprocessParams),
                num_threads=host_of_stages().num_threads,
            )
        totals = report.totals
        self.stdout.write(
            f"{totals.num_images} photos: {totals.num_untouched} untouched,"
            f" {totals.num_oriented} turned upright, {totals.num_resized} shrunk,"
            f" {totals.num_sharpened} sharpened"
        )
