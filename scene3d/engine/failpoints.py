"""Named points at which a test has a process die, stop, or meet an error: for `tests/faults`.

`SCENE3D_FAILPOINT=claimed:kill:2` kills the process when it comes by `claimed` for the second
time. Without the variable a failpoint is a function that does nothing.
"""

import errno
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass

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
    name: str
    action: str
    hits_left: int

    @classmethod
    def parse(cls, text: str) -> "_Armed":
        """Raises: ValueError, for anything but name:action:nth."""
        name, action, nth = text.split(":")
        if action not in ACTIONS:
            raise ValueError(f"{VARIABLE}: {action} is none of {', '.join(ACTIONS)}")
        return cls(name, action, int(nth))


_armed = _Armed.parse(os.environ[VARIABLE]) if VARIABLE in os.environ else None


def arm(text: str) -> None:
    """Change what this process does; only where it was started with the variable."""
    global _armed  # noqa: PLW0603  # a process has one
    _armed = _Armed.parse(text)


def _do_nothing(name: str) -> None:
    """A test's wish may come true here."""


def _look(name: str) -> None:
    if _armed is None or name != _armed.name:
        return
    _armed.hits_left -= 1
    if _armed.hits_left == 0:
        ACTIONS[_armed.action]()


failpoint: Callable[[str], None] = _do_nothing if _armed is None else _look
