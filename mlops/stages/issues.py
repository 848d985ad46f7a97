"""What can be wrong with a data folder."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Literal

from drift.documents import Document
from mlops.data import Row

Severity = Literal["error", "warning"]

_WARNINGS = frozenset({"row_repeated", "image_repeated", "image_unlabelled", "thresholds_unused"})
"""What is left over or there twice; all else makes scores wrong or runs fail."""


class Issue(Document):
    """`code` is stable."""

    severity: Severity
    code: str
    place: str
    """dataset/image, dataset/scene, or a line of a file."""
    message: str


def issue(code: str, place: str, message: str) -> Issue:
    severity: Severity = "warning" if code in _WARNINGS else "error"
    return Issue(severity=severity, code=code, place=place, message=message)


def repeated_rows(
    rows: Sequence[Row], key: Callable[[Row], Hashable], file: str
) -> Iterator[Issue]:
    """Rows with the key of an earlier one."""
    first_of: dict[Hashable, Row] = {}
    for row in rows:
        first = first_of.setdefault(key(row), row)
        if first is row:
            continue
        place = line_of(row, file)
        if first.cells == row.cells:
            yield issue("row_repeated", place, f"Says what line {first.line} says.")
        else:
            yield issue("row_conflict", place, f"Says otherwise than line {first.line}.")


def first_rows(rows: Iterable[Row], key: Callable[[Row], Hashable]) -> list[Row]:
    """Without those that have the key of an earlier one."""
    first_of: dict[Hashable, Row] = {}
    for row in rows:
        first_of.setdefault(key(row), row)
    return list(first_of.values())


def line_of(row: Row, file: str) -> str:
    return f"{file}, line {row.line}"


def parse_numbers(text: str) -> list[float]:
    """Of "1;2;3".

    Raises: ValueError, with a sentence for an issue.
    """
    numbers = []
    for part in text.split(";"):
        try:
            numbers.append(float(part))
        except ValueError:
            raise ValueError(f"{part!r} is no number.") from None
    return numbers
