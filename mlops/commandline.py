"""What the commands of the offline loop share: their arguments and their host."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from mlops.dvc import RUNNER_PID
from scene3d.engine.capabilities import open_host
from scene3d.engine.host import Host
from scene3d.engine.native.lifetime import die_with


class LoopCommand(BaseCommand):
    """A stage, which ends with the experiment that runs it."""

    requires_system_checks: list[str] = []

    def execute(self, *args: Any, **options: Any) -> str | None:
        if runner := os.environ.get(RUNNER_PID):
            die_with(int(runner))
        return super().execute(*args, **options)


class StageCommand(LoopCommand):
    """A stage over a data folder."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "data",
            type=Path,
            metavar="DATA",
            help="Holds train/, train_labels.csv and train_thresholds.csv.",
        )
        parser.add_argument("--output", type=Path, required=True, metavar="FOLDER")


def add_params(parser: ArgumentParser, section: str) -> None:
    """The option of stages that have parameters."""
    parser.add_argument(
        "--params",
        type=Path,
        metavar="FILE",
        help=f"YAML, of which this stage reads the section `{section}`; defaults without it.",
    )


def host_of_stages() -> Host:
    """No stage before the pipeline needs a network or a GPU."""
    return open_host(settings.MODEL_STORE, device="cpu", num_threads=settings.ENV.num_threads)
