"""What the commands that work on photos share: their input, their output, their last words."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jobs.console import ConsoleProgress
from scene3d import commandline
from scene3d.commandline import OutputNotWritable
from scene3d.engine.public import (
    ArchiveLimits,
    InputNotFound,
    PhotoSource,
    find_photos,
    unpack_photos,
)


@contextmanager
def telling_problems(progress: ConsoleProgress, *, traceback: bool) -> Iterator[None]:
    """Ends the line of progress; a problem becomes one line on stderr and an exit code."""
    with commandline.telling_problems(traceback=traceback):
        try:
            yield
        finally:
            progress.finish()


@contextmanager
def output_folder(output: Path) -> Iterator[Path]:
    """The folder, made where it is missing; one that we made goes again when nothing came of it.

    Raises: OutputNotWritable.
    """
    is_new = not output.exists()
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputNotWritable(f"{output} cannot be made: {error.strerror}.") from error
    try:
        yield output
    except BaseException:
        if is_new and not any(output.iterdir()):
            output.rmdir()
        raise


def find_sources(photos: Path, unpacked: Path) -> list[PhotoSource]:
    """Of a folder, or of a ZIP, which is unpacked into the folder `unpacked`, made for it.

    Raises: InputNotFound, NoPhotos, ArchiveProblem.
    """
    if photos.is_dir():
        return find_photos(photos)
    if photos.is_file():
        unpacked.mkdir()
        return list(unpack_photos(photos, unpacked, ArchiveLimits()).photos)
    raise InputNotFound(f"{photos} is not there.")


def publish(result: Path, output: Path) -> None:
    """Move the complete result in, in place of an earlier one; report.json comes last."""
    for path in sorted(result.iterdir(), key=lambda path: path.name == "report.json"):
        target = output / path.name
        if target.is_dir():
            shutil.rmtree(target)
        path.rename(target)
