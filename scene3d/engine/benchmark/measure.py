"""Whole processes, timed from outside.

Run as a program (`python -m scene3d.engine.benchmark.measure LOG COMMAND…`) this module is the
outside, and answers with one JSON line. A process's peak memory starts at that of its parent
(Linux carries it through fork and exec), so the parent must be a small one.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_PACKAGE_PARENT = Path(__file__).resolve().parents[3]
_KIB_PER_MAXRSS = 1 if sys.platform == "linux" else 1 / 1024


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One run of one command."""

    exit_code: int
    seconds: float
    """Wall time, from before its start to after its end."""
    cpu_seconds: float
    """Of the process and everything that it started."""
    peak_mib: float
    """Resident memory of the largest of these processes."""


def run_measured(command: Sequence[str], log: Path) -> Measured:
    """Run to the end, where `python -m scene3d…` works; its output goes to `log`."""
    outside = [sys.executable, "-m", __name__, str(log.resolve()), *command]
    said = subprocess.run(outside, cwd=_PACKAGE_PARENT, stdout=subprocess.PIPE, check=True)
    return Measured(**json.loads(said.stdout))


def _run(command: Sequence[str], log: Path) -> Measured:
    with log.open("wb") as output:
        started_s = time.monotonic()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started_s
        process.returncode = os.waitstatus_to_exitcode(status)
    return Measured(
        exit_code=process.returncode,
        seconds=seconds,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_mib=usage.ru_maxrss * _KIB_PER_MAXRSS / 1024,
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(_run(sys.argv[2:], Path(sys.argv[1])))))
