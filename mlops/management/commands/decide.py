"""Which trials may be served."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from mlops.commandline import LoopCommand
from mlops.spec import read_spec
from mlops.stages.decide import DECISION_NAME, decide_all
from scene3d.commandline import telling_problems


class Command(LoopCommand):
    help = f"Hold every trial against the gates; FOLDER gets {DECISION_NAME}."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--evaluation", type=Path, required=True, metavar="FOLDER")
        parser.add_argument("--params", type=Path, required=True, metavar="FILE", help="The spec.")
        parser.add_argument("--output", type=Path, required=True, metavar="FOLDER")

    def handle(self, *args: Any, **options: Any) -> None:
        with telling_problems(traceback=options["traceback"]):
            gates = read_spec(options["params"]).gates
            decision = decide_all(options["evaluation"], options["output"], gates)
        for trial in decision.trials:
            self.stdout.write(f"{trial.trial}: {'passed' if trial.passed else 'refused'}")
            for reason in trial.reasons:
                self.stdout.write(f"  {'+' if reason.passed else '-'} {reason.words}")
