"""The clock starts things in a real stack, whatever it finds."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scene3d.engine.host import Host
from tests.conftest import MODEL_STORE
from tests.flows.test_experiments import SPEC
from tests.live import LiveStack, live_stack

pytestmark = [pytest.mark.flow, pytest.mark.long]

CHALLENGER = """
from scene3d.engine.public import PRESETS
from tests.mlops.serving.builders import make_candidate
few = PRESETS["quick"].options.merged({"features": {"max_keypoints": 300}})
print(make_candidate(preset="quick", options=few).pk)
"""
FOUND = """
import json
from mlops.models import Experiment, ShadowRun
print(json.dumps({
    "experiments": list(Experiment.objects.exclude(name="Nightly").values("trigger", "state")),
    "runs": [dict(row, job=str(row["job"])) for row in ShadowRun.objects.values(
        "job", "error_code", "challenger", "served")],
}))
"""


@pytest.fixture
def every_minute(tmp_path: Path, host: Host) -> Iterator[LiveStack]:
    """A stack in which both are due every minute, without the experiment's spec."""
    with live_stack(
        tmp_path,
        MODEL_STORE,
        SCENE3D_EXPERIMENT_SCHEDULE="* * * * *",
        SCENE3D_SHADOW_SCHEDULE="* * * * *",
        SCENE3D_SCHEDULED_SPEC=str(tmp_path / "spec.yaml"),
    ) as running:
        yield running


def found(stack: LiveStack) -> Any:
    return json.loads(stack.manage("shell", "-v0", code=FOUND).splitlines()[-1])


def wait_for(stack: LiveStack, holds: Callable[[], Any], *, timeout_s: float = 180) -> Any:
    deadline_s = time.monotonic() + timeout_s
    while time.monotonic() < deadline_s:
        if value := holds():
            return value
        time.sleep(1)
    raise AssertionError(f"not within {timeout_s} s\n{stack.log[-3000:]}")


@pytest.mark.timeout(900)
def test_the_clock_starts_shadow_runs_and_experiments(
    every_minute: LiveStack, tiny_photos: Path, labelled_photos: Path, tmp_path: Path
) -> None:
    stack = every_minute
    job_id = stack.upload_folder("alice", tiny_photos, preset="quick")
    before = stack.wait_until_over("alice", job_id)
    pk = stack.manage("shell", "-v0", code=CHALLENGER).splitlines()[-1]
    stack.manage("switch_shadow", pk, "on", "--reason", "a test")
    [run] = wait_for(stack, lambda: found(stack)["runs"])
    assert (run["job"], run["error_code"]) == (job_id, "")
    assert 0 < run["challenger"]["num_points"] < run["served"]["num_points"]
    assert stack.job("alice", job_id) == before
    assert not (tmp_path / "data" / "work" / "shadow").exists()

    wait_for(stack, lambda: "spec.yaml is not there" in stack.log)
    spec = tmp_path / "spec.yaml"
    spec.write_text(f"{SPEC}data: {labelled_photos}\n")
    wait_for(stack, lambda: "running" in [row["state"] for row in found(stack)["experiments"]])
    time.sleep(61)  # the next minute finds it at work
    assert [row["trigger"] for row in found(stack)["experiments"]] == ["schedule"]
    minutes = re.findall(r"experiment_(\d{8}T\d{4}) is due", stack.log)
    assert len(minutes) == len(set(minutes)) >= 2
    assert len(found(stack)["runs"]) == 1
    assert stack.process.poll() is None
