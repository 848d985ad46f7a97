"""Is the data what the offline loop takes it for?"""

from argparse import ArgumentParser
from typing import Any

from mlops.commandline import StageCommand, add_params, host_of_stages
from mlops.data import DataFolder
from mlops.params import read_params
from mlops.stage_params import ValidateParams
from mlops.stages.validate import REPORT_NAME, Validation, validate
from scene3d.commandline import EXIT_INPUT, give_up, telling_problems

_MAX_NUM_LINES = 20


class Command(StageCommand):
    help = (
        f"Check the labels, thresholds and photos of a data folder; FOLDER gets {REPORT_NAME}."
        " Exit code 0: all is well; 2: there are errors, or warnings and no --allow-warnings;"
        " 1: a problem of this machine."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        add_params(parser, "validation")
        parser.add_argument(
            "--allow-warnings", action="store_true", help="Do not fail over warnings alone."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with telling_problems(traceback=options["traceback"]):
            report = validate(
                DataFolder(options["data"]),
                options["output"],
                num_threads=host_of_stages().num_threads,
            )
            params = read_params(options["params"], "validation", ValidateParams)
        self.stdout.write(_summary(report))
        is_fine = report.status == "ok" or (
            report.status == "warn" and (options["allow_warnings"] or params.allow_warnings)
        )
        if not is_fine:
            totals = report.totals
            give_up(
                EXIT_INPUT,
                f"validation_failed: {totals.num_errors} errors and {totals.num_warnings}"
                f" warnings. {options['output'] / REPORT_NAME} lists all of them.",
            )


def _summary(report: Validation) -> str:
    totals = report.totals
    lines = [
        f"{report.status}: {totals.num_images} photos of {totals.num_scenes} scenes in"
        f" {totals.num_datasets} datasets"
    ]
    lines += [
        f"  {issue.severity} {issue.code}: {issue.place}: {issue.message}"
        for issue in report.issues[:_MAX_NUM_LINES]
    ]
    if len(report.issues) > _MAX_NUM_LINES:
        lines.append(f"  and {len(report.issues) - _MAX_NUM_LINES} more")
    return "\n".join(lines)
