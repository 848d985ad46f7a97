"""What every trial is worth."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from mlops.commandline import StageCommand
from mlops.data import DataFolder
from mlops.stages.evaluate import METRICS_NAME, SCENES_NAME, evaluate
from scene3d.commandline import telling_problems


class Command(StageCommand):
    help = f"Score the runs of all trials; FOLDER gets {METRICS_NAME} and {SCENES_NAME}."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--runs", type=Path, required=True, metavar="FOLDER")

    def handle(self, *args: Any, **options: Any) -> None:
        with telling_problems(traceback=options["traceback"]):
            evaluation = evaluate(DataFolder(options["data"]), options["runs"], options["output"])
        for trial in evaluation.trials:
            self.stdout.write(
                f"{trial.trial}: score {trial.score:.2f}, mAA {trial.mAA:.2f}, clusterness"
                f" {trial.clusterness:.2f}, {trial.registration:.1%} of the photos,"
                f" {trial.seconds_per_photo:.2f} s per photo"
            )
