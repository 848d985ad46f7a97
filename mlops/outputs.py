"""What a stage leaves behind: all of it or nothing, and the same bytes every time."""

import csv
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from drift.documents import Document
from scene3d.commandline import OutputNotWritable
from scene3d.engine.public import telling_full_disk


@contextmanager
def whole_output(output: Path) -> Iterator[Path]:
    """A folder to fill. When that has worked, its entries replace those of the same names in
    `output`, where anything else stays; when it has not, nothing changes there.

    Raises: OutputNotWritable, StorageFull.
    """
    output = output.resolve()
    if output.exists() and not output.is_dir():
        raise OutputNotWritable(f"{output} is a file.")
    unfinished = output.with_name(f".{output.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)  # of a run that was killed
    try:
        with telling_full_disk():
            unfinished.mkdir(parents=True)
    except OSError as error:
        raise OutputNotWritable(f"{output} cannot be made: {error.strerror}.") from error
    try:
        with telling_full_disk():
            yield unfinished
            _publish(unfinished, output)
    finally:
        shutil.rmtree(unfinished)


def write_document(document: Document, path: Path) -> None:
    path.write_text(document.model_dump_json(indent=1) + "\n", encoding="utf-8")


def write_table(columns: Sequence[str], rows: Iterable[Sequence[object]], path: Path) -> None:
    """A CSV file; None becomes an empty cell."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _publish(unfinished: Path, output: Path) -> None:
    output.mkdir(exist_ok=True)
    entries = sorted(unfinished.iterdir())
    replaced = unfinished / ".replaced"
    replaced.mkdir()
    for entry in entries:
        target = output / entry.name
        if target.is_dir():  # which nothing can be renamed onto
            target.rename(replaced / entry.name)
        entry.rename(target)
