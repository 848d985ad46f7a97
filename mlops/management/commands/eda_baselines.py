"""What the photos look like, frozen for later comparisons."""

from argparse import ArgumentParser
from typing import Any

from drift.documents import BASELINE_NAME
from mlops.commandline import StageCommand, add_params, host_of_stages
from mlops.data import DataFolder
from mlops.params import read_params
from mlops.stage_params import EdaParams
from mlops.stages.eda_baselines import eda_baselines
from scene3d.commandline import telling_problems


class Command(StageCommand):
    help = (
        f"Measure a sample of the labelled photos. FOLDER gets {BASELINE_NAME}, tables of the"
        " photos and pairs, descriptors and figures. Exit code 0: done; 2: a problem with the data"
        " or the parameters; 1: a problem of this machine."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        add_params(parser, "eda")

    def handle(self, *args: Any, **options: Any) -> None:
        with telling_problems(traceback=options["traceback"]):
            baseline = eda_baselines(
                DataFolder(options["data"]),
                options["output"],
                read_params(options["params"], "eda", EdaParams),
                host_of_stages(),
            )
        self.stdout.write(
            f"baseline {baseline.baseline_version}: {baseline.num_sampled} of"
            f" {baseline.num_labelled} photos, {baseline.num_verified_pairs} of"
            f" {baseline.num_pairs} pairs verified, {len(baseline.features)} features"
        )
