"""Named points at which a test has a process die, stop, or meet an error: for `tests/faults`.

`SCENE3D_FAILPOINT=claimed:kill:2` kills the process when it comes by `claimed` for the second
time. Without the variable a failpoint is a function that does nothing.
"""

import errno
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Point = Literal[
    # An upload: `jobs.storage`, `jobs.submission`, `scene3d.background.queue`
    "storing", "stored", "on_disk", "photos_stored", "row_written", "committed", "accepted",
    "unpacking", "unpacked",
    # An attempt: `jobs.tasks`, `jobs.runner`, the engine
    "delivered", "claimed", "extracting", "verifying", "mapping", "exporting", "stage_done",
    "publishing", "published",
    # What comes after: `jobs.services`, `jobs.files`
    "requeued", "deleting",
    # In a native child
    "native",
]  # fmt: skip
"""Each is passed at one place in the code."""

POINTS: tuple[Point, ...] = get_args(Point)
VARIABLE = "SCENE3D_FAILPOINT"


class Injected(Exception):  # noqa: N818  # a test's wish, not an error of ours
    """What the action `raise` raises."""


def _send(number: signal.Signals) -> Callable[[], None]:
    return lambda: os.kill(os.getpid(), number)


def _raise() -> None:
    raise Injected("a test wants this")


def _fill_disk() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


ACTIONS: Mapping[str, Callable[[], None]] = {
    "kill": _send(signal.SIGKILL),
    "stop": _send(signal.SIGSTOP),
    "term": _send(signal.SIGTERM),
    "segv": _send(signal.SIGSEGV),
    "exit": lambda: os._exit(1),
    "raise": _raise,
    "enospc": _fill_disk,
    "nothing": lambda: None,
}


@dataclass
class _Armed:
    name: Point
    action: str
    hits_left: int

    @classmethod
    def parse(cls, text: str) -> "_Armed":
        """Raises: ValueError, for anything but name:action:nth."""
        name, action, nth = text.split(":")
        for point in POINTS:
            if point == name and action in ACTIONS:
                return cls(point, action, int(nth))
        raise ValueError(f"{VARIABLE}: there is no {name} or no {action}")


_armed = _Armed.parse(os.environ[VARIABLE]) if VARIABLE in os.environ else None


def arm(text: str) -> None:
    """Change what this process does; only where it was started with the variable."""
    global _armed  # noqa: PLW0603  # a process has one
    _armed = _Armed.parse(text)


def _do_nothing(name: Point) -> None:
    """A test's wish may come true here."""


def _look(name: Point) -> None:
    if _armed is None or name != _armed.name:
        return
    _armed.hits_left -= 1
    if _armed.hits_left == 0:
        ACTIONS[_armed.action]()


failpoint: Callable[[Point], None] = _do_nothing if _armed is None else _look
