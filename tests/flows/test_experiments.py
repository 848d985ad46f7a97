"""The whole offline loop by its command, on rendered photos with known poses."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mlops.dvc import STAGES
from tests.conftest import MODEL_STORE, ROOT
from tests.small_disk import small_disk

pytestmark = [pytest.mark.flow, pytest.mark.long]

SPEC = """
name: fewer-keypoints
trials:
  preset: quick
  fixed:
    - name: few
      options: {features: {max_keypoints: 300}}
gates: {min_gain: -100, significant: false, max_dataset_loss: 100, max_time_ratio: 100}
"""
STAGE_LINE = re.compile(r"^(\w+): (done|unchanged), ")


@dataclass(frozen=True)
class Loop:
    """An installation of its own, and a folder of labelled photos."""

    root: Path
    data: Path

    @property
    def _environment(self) -> Mapping[str, str]:
        own = {
            "SCENE3D_DATA_DIR": str(self.root / "var"),
            "SCENE3D_MODEL_STORE": str(MODEL_STORE),
            "DJANGO_SETTINGS_MODULE": "scene3d.settings.development",
            "PYTHONUNBUFFERED": "1",
        }
        return {**os.environ, **own}

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def start(self, spec: str) -> "subprocess.Popen[str]":
        path = self.root / "spec.yaml"
        path.write_text(spec)
        return subprocess.Popen(
            [sys.executable, "manage.py", "run_experiment", str(path), "--data", str(self.data)],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, spec: str = SPEC) -> dict[str, str]:
        """To its end: what became of each stage."""
        process = self.start(spec)
        said, _ = process.communicate()
        assert process.returncode == 0, said
        found = [match for line in said.splitlines() if (match := _stage(line))]
        return {match[1]: match[2] for match in found}

    def metrics(self) -> list[dict[str, Any]]:
        """Of the newest experiment, without what a clock has measured."""
        newest = max(self.root.glob("var/experiments/*/out/evaluation"), key=os.path.getmtime)
        trials = json.loads((newest / "metrics.json").read_text())["trials"]
        return [
            {key: value for key, value in trial.items() if key != "seconds_per_photo"}
            for trial in trials
        ]


def _stage(line: str) -> re.Match[str] | None:
    return STAGE_LINE.match(line)


@pytest.fixture
def loop(tmp_path: Path, labelled_photos: Path) -> Loop:
    made = Loop(tmp_path, labelled_photos)
    made.manage("migrate", "-v0")
    return made


def _kill_after(process: "subprocess.Popen[str]", stage: str) -> Iterator[str]:
    """Its lines, until it has said that the stage is over; then it is gone."""
    assert process.stdout is not None
    for line in process.stdout:
        yield line
        if (match := _stage(line)) and match[1] == stage:
            os.kill(process.pid, signal.SIGKILL)
            break
    process.stdout.close()
    process.wait()


@pytest.mark.timeout(1800)
def test_killed_at_every_stage_boundary_it_ends_with_the_same_metrics(
    loop: Loop, labelled_photos: Path, tmp_path: Path
) -> None:
    for stage in STAGES:
        said = list(_kill_after(loop.start(SPEC), stage))
        assert _stage(said[-1]), said
        _forget_the_lost(loop)
    assert set(loop.run()) == set(STAGES)
    (tmp_path / "undisturbed").mkdir()
    undisturbed = Loop(tmp_path / "undisturbed", labelled_photos)
    undisturbed.manage("migrate", "-v0")
    assert set(undisturbed.run().values()) == {"done"}
    assert loop.metrics() == undisturbed.metrics()
    [champion, _few] = loop.metrics()
    assert champion["score"] > 90


def _forget_the_lost(loop: Loop) -> None:
    """Its lease would run out in a minute."""
    loop.manage(
        "shell",
        "-c",
        "from mlops.models import Experiment;"
        " Experiment.objects.filter(state='running').update(heartbeat_at=None)",
    )


@pytest.mark.timeout(1800)
def test_only_what_changed_is_run_and_what_passes_is_served(loop: Loop) -> None:
    assert set(loop.run().values()) == {"done"}
    assert "fewer-keypoints" in loop.manage("configurations")
    assert set(loop.run().values()) == {"unchanged"}
    loop.manage("roll_back", "0", "--reason", "a test")
    other_gate = SPEC.replace("min_gain: -100", "min_gain: 50")
    stages = loop.run(other_gate)
    assert [name for name, state in stages.items() if state == "done"] == ["decide"]
    other_option = other_gate.replace("300", "400")
    stages = loop.run(other_option)
    assert [name for name, state in stages.items() if state == "done"] == [
        "run_pipeline",
        "evaluate",
        "decide",
    ]


@pytest.mark.timeout(1800)
def test_a_full_disk_stops_it_and_with_room_it_goes_on(loop: Loop, tmp_path: Path) -> None:
    """At whichever stage there is no room any more; the database lies elsewhere."""
    with small_disk(tmp_path / "var" / "experiments", "200k") as disk:
        for size in ("200k", "4m"):
            disk.resize(size)
            process = loop.start(SPEC)
            said, _ = process.communicate()
            assert (process.returncode, "storage_full: " in said) == (1, True), said
            assert "Traceback" not in said
        assert "fewer-keypoints" not in loop.manage("configurations")
        disk.resize("400m")
        assert set(loop.run()) == set(STAGES)
        assert "fewer-keypoints" in loop.manage("configurations")
        [champion, _few] = loop.metrics()
        assert champion["score"] > 90
