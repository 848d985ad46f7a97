"""What the commands of the offline loop share: their arguments, their host, their last words."""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand

from mlops.dvc import RUNNER_PID
from scene3d.engine.capabilities import open_host
from scene3d.engine.host import Host
from scene3d.engine.native.lifetime import die_with
from scene3d.engine.public import EngineError, PhotoProblem

EXIT_OURS = 1
EXIT_DATA = 2
EXIT_INTERRUPTED = 130


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


def host_of_trials() -> Host:
    """What the service's own workers have."""
    return open_host(
        settings.MODEL_STORE, device=settings.ENV.device, num_threads=settings.ENV.num_threads
    )


@contextmanager
def telling_problems(*, traceback: bool) -> Iterator[None]:
    """A problem becomes one line on stderr and an exit code."""
    try:
        yield
    except EngineError as problem:
        code = EXIT_DATA if isinstance(problem, PhotoProblem) else EXIT_OURS
        give_up(code, f"{problem.code}: {problem.message} {problem.next_step}")
    except KeyboardInterrupt:
        give_up(EXIT_INTERRUPTED, "cancelled: Nothing was written.")
    except Exception as error:
        if traceback:
            raise
        give_up(
            EXIT_OURS,
            f"internal_error: {type(error).__name__}: {error}. Run it again with --traceback"
            " and report what it prints.",
        )


def give_up(code: int, words: str) -> NoReturn:
    """Leave with one line on stderr."""
    sys.stderr.write(" ".join(words.split()) + "\n")
    raise SystemExit(code)
