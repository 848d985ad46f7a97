"""The offline loop, from data to decision."""

import signal
from argparse import ArgumentParser
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from mlops import lifecycle
from mlops.experiment import run_experiment
from mlops.experiment_folder import folder_of
from mlops.models import Experiment
from mlops.spec import read_spec
from mlops.starting import as_run, start
from mlops.states import CandidateState, ExperimentState
from scene3d.commandline import EXIT_INPUT, EXIT_INTERRUPTED, EXIT_OURS, give_up, telling_problems


class Command(BaseCommand):
    help = (
        "Run every stage that is not up to date, compare the spec's trials with what is served, and"
        " let the gates decide. An experiment of the same spec that did not come to its end goes"
        " on. Exit code 0: done; 2: a problem with the data or the spec; 1: of this machine; 130:"
        " cancelled."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("spec", type=Path, metavar="SPEC")
        parser.add_argument("--data", type=Path, metavar="DIR", help="Instead of the spec's.")
        parser.add_argument(
            "--anew",
            action="store_true",
            help="Do not go on with an earlier one; compare with what is served now.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with telling_problems(traceback=options["traceback"]):
            anew = options["anew"]
            spec = as_run(read_spec(options["spec"]), options["data"], anew=anew)
            experiment = start(spec, trigger="command", anew=anew)
            self.stdout.write(f"experiment {experiment.pk}: {folder_of(experiment.pk).root}")
            _cancel_on_ctrl_c(experiment)
            is_ours = run_experiment(experiment.pk, self.stdout.write)
        experiment.refresh_from_db()
        if not is_ours:
            give_up(EXIT_OURS, "experiment_busy: Another process works on this experiment.")
        _end(experiment)
        self._tell(experiment)

    def _tell(self, experiment: Experiment) -> None:
        for candidate in experiment.candidates.order_by("trial"):
            self.stdout.write(f"{candidate.trial}: {candidate.get_state_display().lower()}")
            for reason in candidate.reasons:
                self.stdout.write(f"  {'+' if reason['passed'] else '-'} {reason['words']}")
            if candidate.state == CandidateState.WAITING:
                self.stdout.write(f"  manage.py promote {candidate.pk} --reason …")
        if experiment.tracking_url:
            self.stdout.write(experiment.tracking_url)


def _cancel_on_ctrl_c(experiment: Experiment) -> None:
    def cancel(_number: int, _frame: FrameType | None) -> None:
        lifecycle.request_cancel(experiment.pk)

    signal.signal(signal.SIGINT, cancel)
    signal.signal(signal.SIGTERM, cancel)


def _end(experiment: Experiment) -> None:
    words = f"{experiment.error_code}: {experiment.error_message} {experiment.error_next_step}"
    if experiment.state == ExperimentState.FAILED:
        give_up(EXIT_INPUT, words)
    if experiment.state == ExperimentState.ERRORED:
        give_up(EXIT_OURS, f"{words} {experiment.traceback}")
    if experiment.state == ExperimentState.CANCELLED:
        give_up(EXIT_INTERRUPTED, "cancelled: Run the same command again to go on.")
