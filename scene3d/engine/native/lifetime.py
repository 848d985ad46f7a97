"""Children that do not outlive their parent."""

import ctypes
import os
import signal
import sys
import threading
import time

_PR_SET_PDEATHSIG = 1
_LOOK_EVERY_S = 1.0


def die_with_parent(parent_pid: int) -> None:
    """Have the kernel end this process when its parent is gone; leave now if it is already.

    An orphan would go on using the machine for a result that nobody reads.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        raise SystemExit("the parent has gone")


def die_with(pid: int) -> None:
    """End this process soon after another one that is not its parent: there are shells between."""

    def watch() -> None:
        while _exists(pid):
            time.sleep(_LOOK_EVERY_S)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="die-with", daemon=True).start()


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
