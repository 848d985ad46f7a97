"""Real processes in milliseconds: forked from this one, which has everything loaded.

Each is its own process with its own connections; only the seconds of start-up are saved.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import django_rq
from django.conf import settings
from django.db import connections
from redis import Redis

from scene3d.engine.failpoints import VARIABLE, arm
from scene3d.engine.native.lifetime import die_with_parent

NO_FAILPOINT = "claimed:nothing:1"
"""With which this process is started, so that its children can be armed."""


def fork(work: Callable[[], object], log: Path, failpoint: str = NO_FAILPOINT) -> int:
    """Have a child do `work` and leave; its process id."""
    connections.close_all()
    broker().connection_pool.disconnect()
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        _settle(log, parent, failpoint)
        work()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001  # the end of this process, whatever it is
        import traceback  # noqa: PLC0415  # rarely

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _settle(log: Path, parent: int, failpoint: str) -> None:
    os.setpgid(0, 0)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    die_with_parent(parent)
    os.environ[VARIABLE] = failpoint  # its native children inherit it
    arm(failpoint)


def is_alive(pid: int) -> bool:
    """Whether our child is still there; a dead one is buried."""
    with suppress(ChildProcessError):
        done, _ = os.waitpid(pid, os.WNOHANG)
        return done == 0
    return False


def end(pid: int, number: signal.Signals = signal.SIGTERM, *, within_s: float = 10) -> None:
    """Ask our child to end, and see to it."""
    send(pid, number)
    deadline_s = time.monotonic() + within_s
    while is_alive(pid):
        if time.monotonic() > deadline_s:
            send(pid, signal.SIGKILL)
        time.sleep(0.01)


def send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def children_of(pid: int) -> list[int]:
    """Process ids of its children."""
    try:
        return [
            int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]
    except (FileNotFoundError, ProcessLookupError):
        return []


def memory_of(pid: int) -> int:
    """Bytes that it holds alone or shares; 0 for one that is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def broker() -> Redis:
    """The one that every process uses."""
    return django_rq.get_connection(settings.RECONSTRUCTION_QUEUE)
