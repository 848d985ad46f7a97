"""What `python -m tests.faults` does, and how it tells."""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.fault_kinds import FAULT_KINDS, CannotHere
from tests.faults.kill_points import KILL_POINTS, run_kill_point
from tests.faults.oracle import leftovers
from tests.faults.rig import Rig

Run = Callable[[int], list[str]]


def run(arguments: argparse.Namespace, folder: Path) -> int:
    """The exit code: 0 where the promise holds."""
    return {"matrix": _matrix}[arguments.command](arguments, folder)


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _matrix(arguments: argparse.Namespace, folder: Path) -> int:
    kind_runs = arguments.kind_runs or max(1, arguments.runs * 2 // 5)
    with Rig(folder) as rig:
        wanted: list[tuple[str, int, Run]] = [
            (point, arguments.runs, lambda run, point=point: run_kill_point(rig, point, run))
            for point in KILL_POINTS
        ]
        wanted += [
            (kind, kind_runs, lambda run, kind=kind: FAULT_KINDS[kind](rig, f"{kind}-{run}"))
            for kind in FAULT_KINDS
        ]
        chosen = [row for row in wanted if not arguments.only or row[0] in arguments.only]
        num_bad = sum(_repeat(*row) for row in chosen)
        left = _leftovers(rig)
    tell(f"{sum(row[1] for row in chosen)} runs, {num_bad} of them bad, {len(left)} leftovers")
    return 1 if num_bad or left else 0


def _repeat(name: str, num_runs: int, run: Run) -> int:
    """How many runs were bad."""
    started_s, num_bad = time.monotonic(), 0
    for number in range(num_runs):
        try:
            found = run(number)
        except CannotHere as reason:
            tell(f"{name:24} not here: {reason}")
            return 0
        except TimeoutError as error:
            found = [f"I1 {error}"]
        num_bad += bool(found)
        for line in found:
            tell(f"  {name} {number}: {line}")
    seconds = time.monotonic() - started_s
    tell(f"{name:24} {num_runs - num_bad} of {num_runs} good, {seconds / num_runs:.1f} s each")
    return num_bad


def _leftovers(rig: Rig) -> list[str]:
    """When all is quiet."""
    for slot in rig.slots:
        if slot.role != "web":
            rig.restart(slot.role)
    time.sleep(1)
    found = leftovers()
    for line in found[:20]:
        tell(f"  {line}")
    return found
