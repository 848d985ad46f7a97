"""The folder in which shadow runs have people's photos: one run at a time, and nothing stays."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings


class ScratchBusy(Exception):  # noqa: N818  # a state, not an error
    """Another run is at work on this machine."""


@contextmanager
def scratch() -> Iterator[Path]:
    """The folder, empty, until the end; what a killed run has left goes first.

    Raises: ScratchBusy.
    """
    folder = _folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ScratchBusy from error
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def sweep() -> None:
    """Remove what a killed run has left. Workers call it between jobs."""
    if _folder().exists():
        with suppress(ScratchBusy), scratch():
            pass


def _folder() -> Path:
    return Path(settings.WORK_DIR) / "shadow"
