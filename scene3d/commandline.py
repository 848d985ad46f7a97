"""How commands end: the same exit codes and last words in every room."""

import signal
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from django.core.management.base import BaseCommand

from scene3d.engine.native.lifetime import die_with_parent
from scene3d.engine.public import Cancelled, EngineError, PhotoProblem, telling_full_disk

EXIT_OURS = 1
EXIT_INPUT = 2
EXIT_INTERRUPTED = 130


class OutputNotWritable(PhotoProblem):
    """The output folder cannot be made."""

    code = "output_not_writable"
    next_step = "Name a folder that you may write to."


@contextmanager
def telling_problems(*, traceback: bool) -> Iterator[None]:
    """A problem becomes one line on stderr and an exit code.

    Args:
        traceback: errors that are no known problem are raised on.
    """
    try:
        with telling_full_disk():
            yield
    except EngineError as problem:
        code = EXIT_INPUT if isinstance(problem, PhotoProblem) else EXIT_OURS
        give_up(code, f"{problem.code}: {problem.message} {problem.next_step}")
    except (Cancelled, KeyboardInterrupt):
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


def over_on_signals() -> threading.Event:
    """Set by Ctrl-C and SIGTERM, so that what runs ends in order."""
    is_over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: is_over.set())
    return is_over


class WorkerCommand(BaseCommand):
    """Works on one queue until SIGTERM; ends with the process that started it, if told which."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--burst", action="store_true", help="End when nothing waits.")
        parser.add_argument("--parent-pid", type=int, help="End when this process ends.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["parent_pid"]:
            die_with_parent(options["parent_pid"])
        with telling_problems(traceback=True):
            self.work(burst=options["burst"])

    def work(self, *, burst: bool) -> None:
        raise NotImplementedError
