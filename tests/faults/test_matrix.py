"""A few runs of the fault matrix; `make test-faults` has all of them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.control import HOLES

pytestmark = pytest.mark.flow

ROOT = Path(__file__).resolve().parents[2]


def faults(*arguments: str) -> str:
    """What `python -m tests.faults` printed; it must have found nothing."""
    command = [sys.executable, "-m", "tests.faults", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_killed_before_the_queue_knows_and_before_the_result_is_out() -> None:
    told = faults("matrix", "--runs", "1", "--only", "committed", "publishing", "F6-broker-lost")
    assert "3 runs, 0 of them bad, 0 leftovers" in told


@pytest.mark.long
def test_every_point_and_every_kind_once() -> None:
    assert "0 of them bad, 0 leftovers" in faults("matrix", "--runs", "1")


@pytest.mark.long
def test_a_control_on_plain_rq_falls_into_every_hole() -> None:
    """A harness that passes what is broken proves nothing."""
    for hole in HOLES:
        assert "nothing was found" not in faults("control", "--only", hole)


@pytest.mark.long
def test_a_control_without_a_fault_is_not_accused() -> None:
    command = [sys.executable, "-m", "tests.faults", "control", "--only", "nothing"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "nothing was found" in done.stdout, done.stdout + done.stderr
