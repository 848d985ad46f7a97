"""A disk that is full, in whichever words it says so."""

import errno
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scene3d.engine.errors import StorageFull

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_WORDS = re.compile(r"No space left on device|Disk quota exceeded|database or disk is full")
"""glibc's, twice, and SQLite's."""
_LEAST_BYTES = 64 << 10
"""With less, a program's last words may be lost with the rest."""


def is_full(error: OSError) -> bool:
    """Whether it says that there is no room."""
    return error.errno in _FULL


@contextmanager
def telling_full_disk() -> Iterator[None]:
    """Raises: StorageFull, in place of the operating system's error."""
    try:
        yield
    except OSError as error:
        if not is_full(error):
            raise
        what = error.filename or "A file"
        raise StorageFull(f"{what} could not be written: {error.strerror}.") from error


def looks_full(words: str, folder: Path) -> bool:
    """Whether a program that wrote into `folder` and failed met a full disk.

    Args:
        words: its last ones.
    """
    return bool(_WORDS.search(words)) or shutil.disk_usage(folder).free < _LEAST_BYTES
