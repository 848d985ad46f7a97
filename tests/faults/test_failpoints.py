"""Failpoints: nothing without the variable, and exactly what it says with it."""

import os
import re
import signal
import subprocess
import sys
import timeit
from collections import Counter
from pathlib import Path

import pytest

from scene3d.engine import failpoints
from scene3d.engine.failpoints import POINTS, VARIABLE, failpoint
from tests.faults.fault_kinds import FAULT_KINDS
from tests.faults.kill_points import KILL_POINTS

ROOT = Path(__file__).resolve().parents[2]
COME_BY = "from scene3d.engine.failpoints import failpoint\nfor _ in range(3): failpoint('claimed')"


def come_by(spec: str) -> int:
    """The exit code of a process that comes by `claimed` three times."""
    environment = {**os.environ, VARIABLE: spec}
    program = [sys.executable, "-c", COME_BY]
    done = subprocess.run(program, cwd=ROOT, env=environment, capture_output=True, check=False)
    return done.returncode


def test_without_the_variable_a_failpoint_is_an_empty_function() -> None:
    """A job passes a few hundred of them."""
    assert VARIABLE not in os.environ
    assert failpoint is failpoints._do_nothing
    seconds = min(timeit.repeat(lambda: failpoint("claimed"), number=100_000, repeat=5))
    assert seconds < 0.1  # a microsecond each, on a machine that does other things too


def test_every_point_is_passed_at_one_place() -> None:
    used = Counter(
        name
        for room in ("accounts", "drift", "jobs", "mlops", "scene3d")
        for path in (ROOT / room).rglob("*.py")
        for name in re.findall(r"""\bfailpoint\(["'](\w+)["']\)""", path.read_text())
    )
    assert used == Counter(POINTS)


def test_the_matrix_is_whole() -> None:
    assert len(KILL_POINTS) == 20
    assert set(POINTS) - set(KILL_POINTS) == {"native"}
    assert len(FAULT_KINDS) == 13


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ("claimed:kill:1", -signal.SIGKILL),
        ("claimed:term:3", -signal.SIGTERM),
        ("claimed:segv:2", -signal.SIGSEGV),
        ("claimed:exit:3", 1),
        ("claimed:raise:1", 1),
        ("claimed:enospc:1", 1),
        ("claimed:kill:4", 0),  # there is no fourth time
        ("published:kill:1", 0),
        ("claimed:nothing:1", 0),
    ],
)
def test_an_armed_one_acts_at_its_time(spec: str, code: int) -> None:
    assert come_by(spec) == code


@pytest.mark.parametrize("spec", ["claimed", "claimed:kill", "nowhere:kill:1", "claimed:hug:1"])
def test_a_wrong_wish_stops_the_start(spec: str) -> None:
    assert come_by(spec) == 1
