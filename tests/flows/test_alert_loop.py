"""The closed loop with the real Prometheus and Alertmanager: drift, alert, experiment, all clear.

`make test-stack` installs both and runs this. Prometheus and Alertmanager run what
`manage.py monitoring_config` writes, with every duration made shorter and nothing else changed.
"""

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageEnhance

from scene3d.engine.host import Host
from scene3d.monitoring.local import Addresses, write_local
from tests.conftest import MODEL_STORE
from tests.live import PASSWORD, LiveStack, live_stack

pytestmark = [pytest.mark.stack, pytest.mark.weights, pytest.mark.timeout(2400)]

SPEED_UP = 3600
OPERATOR = "operators@example.org"
SPEC = """
name: answer-brightness
trials:
  preset: quick
  fixed:
    - name: few
      options: {features: {max_keypoints: 300}}
gates: {min_gain: -100, significant: false, max_dataset_loss: 100, max_time_ratio: 100}
"""

LEVELS = (0.8, 0.9, 1.0, 1.1, 1.2)
"""How bright the scenes are that the service was tuned on; 1 is as rendered."""
DARK = 0.25
DARK_UPLOADS, NORMAL_UPLOADS = 30, 20
"""A window is the last twenty jobs, every ten of them; two in a row make an alert, one ends it."""


def lit(photos: Path, target: Path, level: float) -> Path:
    """Copies of the first five, brighter or darker."""
    target.mkdir(parents=True)
    for path in sorted(photos.iterdir())[:5]:
        with Image.open(path) as photo:
            ImageEnhance.Brightness(photo).enhance(level).save(target / path.name, quality=95)
    return target


@dataclass(frozen=True)
class Loop:
    """The service, watched."""

    stack: LiveStack
    addresses: Addresses

    def upload(self, photos: Sequence[Path]) -> None:
        """One job for each folder, to its end."""
        jobs = [self.stack.upload_folder("alice", folder, preset="quick") for folder in photos]
        for job in jobs:
            self.stack.wait_until_over("alice", job, timeout_s=600)

    def alerts(self, name: str) -> list[dict[str, Any]]:
        answer = self.stack.request("GET", f"/api/v1/alerts/?name={name}", user="olga")
        assert answer.status == 200, answer.body
        rows: list[dict[str, Any]] = answer.json()["results"]
        return rows

    def experiments(self) -> list[dict[str, Any]]:
        answer = self.stack.request("GET", "/api/v1/experiments/?trigger=alert", user="olga")
        rows: list[dict[str, Any]] = answer.json()["results"]
        return rows

    def wait(self, what: Callable[[], Any], *, timeout_s: float = 120) -> Any:
        """What is true first."""
        deadline_s = time.monotonic() + timeout_s
        while time.monotonic() < deadline_s:
            if found := what():
                return found
            time.sleep(0.5)
        raise AssertionError(f"not within {timeout_s} s\n{self.stack.log[-4000:]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is not installed; `make test-stack` installs it")
    return found


@contextmanager
def process(*command: str, log: Path) -> Iterator[None]:
    with log.open("wb") as file:
        running = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
        try:
            yield
        finally:
            running.terminate()
            running.wait(30)


@pytest.fixture
def loop(
    tmp_path: Path,
    host: Host,
    labelled_photos: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Loop]:
    config = tmp_path / "monitoring"
    token = write_local(config, Addresses(), metrics_token=None)
    for variable, value in {
        "SCENE3D_ALERTS_TOKEN_FILE": token,
        "SCENE3D_ALERT_SPECS": write_specs(tmp_path / "specs"),
        "SCENE3D_TRAIN_DATA": labelled_photos,
        "SCENE3D_OPERATORS": OPERATOR,
        "EMAIL_URL": "consolemail://",
    }.items():
        monkeypatch.setenv(variable, str(value))
    with live_stack(tmp_path, MODEL_STORE) as stack:
        make_operator(stack)
        addresses = Addresses(
            portal=f"127.0.0.1:{stack.port}",
            prometheus=f"127.0.0.1:{free_port()}",
            alertmanager=f"127.0.0.1:{free_port()}",
        )
        write_local(config, addresses, metrics_token=None, speed_up=SPEED_UP)
        with watching(config, addresses):
            yield Loop(stack, addresses)


@contextmanager
def watching(config: Path, addresses: Addresses) -> Iterator[None]:
    """Alertmanager and Prometheus, as `manage.py monitoring_config` says how to start them."""
    alertmanager = process(
        tool("prometheus-alertmanager"),
        f"--config.file={config}/alertmanager.yml",
        f"--storage.path={config}/alertmanager",
        f"--web.listen-address={addresses.alertmanager}",
        "--cluster.listen-address=",
        log=config / "alertmanager.log",
    )
    prometheus = process(
        tool("prometheus"),
        f"--config.file={config}/prometheus.yml",
        f"--storage.tsdb.path={config}/prometheus",
        f"--web.listen-address={addresses.prometheus}",
        log=config / "prometheus.log",
    )
    with alertmanager, prometheus:
        yield


def write_specs(folder: Path) -> Path:
    folder.mkdir()
    for name in ("InputBrightnessDrift", "FeatureDriftDetected"):
        (folder / f"{name}.yaml").write_text(SPEC)
    return folder


def make_operator(stack: LiveStack) -> None:
    stack.manage(
        "shell",
        code="from accounts.public import User, ensure_user\n"
        f"ensure_user(username='olga', password={PASSWORD!r})\n"
        "User.objects.filter(username='olga').update(is_staff=True)\n",
    )


def is_firing(loop: Loop, name: str) -> bool:
    address = f"http://{loop.addresses.prometheus}/api/v1/alerts"
    with urllib.request.urlopen(address, timeout=10) as answer:
        rows = json.load(answer)["data"]["alerts"]
    return any(row["labels"]["alertname"] == name and row["state"] == "firing" for row in rows)


def subjects(loop: Loop) -> list[str]:
    """Of all e-mail, which the stack prints."""
    return [line for line in loop.stack.log.splitlines() if line.startswith("Subject: ")]


def two_kinds(photos: Path, root: Path) -> tuple[list[Path], list[Path]]:
    """Folders of usual photos, all in `root`/usual, and of dark ones."""
    usual = [lit(photos, root / "usual" / str(level), level) for level in LEVELS]
    return usual, [lit(photos, root / "dark" / str(level), DARK * level) for level in LEVELS]


def test_dark_uploads_start_one_experiment_and_normal_ones_end_the_alert(
    loop: Loop, tiny_photos: Path, tmp_path: Path
) -> None:
    usual, dark = two_kinds(tiny_photos, tmp_path)
    loop.stack.manage("build_baseline", str(tmp_path / "usual"), "--activate", "For this test")
    assert loop.alerts("InputBrightnessDrift") == loop.experiments() == []

    loop.upload([dark[number % len(dark)] for number in range(DARK_UPLOADS)])
    loop.wait(lambda: is_firing(loop, "InputBrightnessDrift"))
    [fired] = loop.wait(lambda: loop.alerts("InputBrightnessDrift"))
    [experiment] = loop.wait(loop.experiments)
    assert experiment["name"] == "answer-brightness"
    assert fired["state"] == "firing"

    def told_ten_times() -> Any:
        [row] = loop.alerts("InputBrightnessDrift")
        return row if row["num_notifications"] >= 10 else None

    row = loop.wait(told_ten_times, timeout_s=180)
    assert row["experiment"] == experiment["id"]
    assert [event["kind"] for event in row["events"]] == ["fired", "answered"]
    [other] = loop.alerts("FeatureDriftDetected")  # of the same group: the same answer
    assert other["experiment"] == experiment["id"]

    loop.upload([usual[number % len(usual)] for number in range(NORMAL_UPLOADS)])
    loop.wait(lambda: not is_firing(loop, "InputBrightnessDrift"))
    loop.wait(lambda: loop.alerts("InputBrightnessDrift")[0]["state"] == "resolved")

    def is_over() -> bool:
        [only] = loop.experiments()
        return bool(only["state"] == "done")

    loop.wait(is_over, timeout_s=900)
    check_mail(loop)
    assert len(loop.experiments()) == 1


def check_mail(loop: Loop) -> None:
    loop.wait(lambda: len(subjects(loop)) == 2)
    assert subjects(loop) == [
        "Subject: [Scene3D] Experiment answer-brightness has started",
        "Subject: [Scene3D] Experiment answer-brightness: done",
    ]
    assert f"To: {OPERATOR}" in loop.stack.log
