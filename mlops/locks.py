"""One process at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlops.tracker import TrackerUnavailable


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Whoever else wants the lock `path`, a file made where it is missing, waits until the end.

    Raises: TrackerUnavailable, when it cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise TrackerUnavailable(f"{path}: {error.strerror}.") from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
