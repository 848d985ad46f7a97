"""What `python -m tests.faults` does, and how it tells."""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from scene3d.engine.synthetic import TINY, render_scene
from tests.faults.control import HOLES, fall_into
from tests.faults.crowd import CROWD_LEASE_S, run_crowd, run_recovery, run_zombies
from tests.faults.fault_kinds import FAULT_KINDS, CannotHere
from tests.faults.kill_points import KILL_POINTS, run_kill_point
from tests.faults.oracle import leftovers
from tests.faults.rig import Rig
from tests.faults.soak import run_soak

Run = Callable[[int], list[str]]


def run(arguments: argparse.Namespace, folder: Path) -> int:
    """The exit code: 0 where the promise holds."""
    return {
        "matrix": _matrix,
        "control": _control,
        "crowd": _crowd,
        "recovery": _recovery,
        "soak": _soak,
    }[arguments.command](arguments, folder)


def _control(arguments: argparse.Namespace, folder: Path) -> int:
    """Of plain RQ: good is what the oracle finds fault with."""
    num_unseen = 0
    for hole in arguments.only or HOLES:
        found = fall_into(hole, folder)
        num_unseen += not found
        tell(f"{hole:24} {'; '.join(found) or 'nothing was found'}")
    return 1 if num_unseen else 0


def _crowd(arguments: argparse.Namespace, folder: Path) -> int:
    with Rig(folder, num_workers=arguments.workers, lease_s=CROWD_LEASE_S) as rig:
        wrong = run_crowd(rig, arguments.jobs, tell) + run_zombies(rig, arguments.zombies, tell)
        wrong += _leftovers(rig)
    return _verdict(wrong)


def _recovery(arguments: argparse.Namespace, folder: Path) -> int:
    with Rig(folder, num_workers=arguments.workers, lease_s=None) as rig:
        return _verdict(run_recovery(rig, tell))


def _soak(arguments: argparse.Namespace, folder: Path) -> int:
    with Rig(folder, num_workers=2) as rig:
        wrong = run_soak(rig, 60 * arguments.minutes, tell) + _leftovers(rig)
    return _verdict(wrong)


def _verdict(wrong: Sequence[str]) -> int:
    for line in wrong[:40]:
        tell(f"  {line}")
    tell(f"{len(wrong)} things are wrong")
    return 1 if wrong else 0


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _matrix(arguments: argparse.Namespace, folder: Path) -> int:
    kind_runs = arguments.kind_runs or max(1, arguments.runs * 2 // 5)
    with _rig(arguments.engine, folder) as rig:
        wanted: list[tuple[str, int, Run]] = [
            (point, arguments.runs, partial(run_kill_point, rig, point)) for point in KILL_POINTS
        ]
        kinds = FAULT_KINDS if arguments.engine == "stub" else ()  # timed by the stub's seconds
        wanted += [(kind, kind_runs, partial(_run_kind, rig, kind)) for kind in kinds]
        chosen = [row for row in wanted if not arguments.only or row[0] in arguments.only]
        num_bad = sum(_repeat(*row) for row in chosen)
        left = _leftovers(rig)
    tell(f"{sum(row[1] for row in chosen)} runs, {num_bad} of them bad, {len(left)} leftovers")
    return 1 if num_bad or left else 0


def _rig(engine: str, folder: Path) -> Rig:
    """With a rendered scene for the real engine, which reconstructs it in seconds."""
    if engine == "stub":
        return Rig(folder)
    render_scene(TINY, folder / "rendered", num_workers=2)
    photos = tuple(path.read_bytes() for path in sorted((folder / "rendered").iterdir()))
    return Rig(folder, photos=photos, lease_s=CROWD_LEASE_S, over_within_s=300)


def _run_kind(rig: Rig, kind: str, run: int) -> list[str]:
    return FAULT_KINDS[kind](rig, f"{kind}-{run}")


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
