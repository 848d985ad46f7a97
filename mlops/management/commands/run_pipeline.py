"""Every trial on every dataset."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from mlops.code_version import code_version
from mlops.commandline import StageCommand
from mlops.data import DataFolder
from mlops.spec import read_spec
from mlops.stages.evaluate import score_of
from mlops.stages.run_pipeline import RUNS_NAME, PipelinePlan, run_pipeline
from scene3d.background.host import configured_host
from scene3d.commandline import telling_problems
from scene3d.settings.env import BASE_DIR

UNITS = Path("units")


class Command(StageCommand):
    help = (
        "Reconstruct every dataset with what is served and with every trial of the spec. FOLDER"
        f" gets {RUNS_NAME} and, for each trial and seed, submission.csv, a report and the points"
        " of each dataset. Finished datasets are kept in ./units, so that a run that was killed"
        " goes on. Exit code 0: done; 2: a problem with the data or the spec; 1: of this machine."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--prepared", type=Path, required=True, metavar="FOLDER")
        parser.add_argument("--params", type=Path, required=True, metavar="FILE", help="The spec.")

    def handle(self, *args: Any, **options: Any) -> None:
        with telling_problems(traceback=options["traceback"]):
            spec = read_spec(options["params"])
            data = DataFolder(options["data"])
            plan = PipelinePlan(
                trials=[spec.champion_plan, *spec.trials.plans()],
                search=spec.trials.search,
                preset=spec.trials.preset,
                seeds=spec.seeds,
                code_version=code_version(BASE_DIR),
                score=lambda _run, folder: score_of(folder, data),
            )
            runs = run_pipeline(
                options["prepared"], options["output"], UNITS, plan, configured_host()
            )
        for run in runs.runs:
            placed = sum(one.num_registered for one in run.datasets)
            total = sum(one.num_photos for one in run.datasets)
            seconds = sum(one.seconds for one in run.datasets)
            self.stdout.write(
                f"{run.trial}, seed {run.seed}: {placed} of {total} photos, {seconds:.1f} s"
            )
