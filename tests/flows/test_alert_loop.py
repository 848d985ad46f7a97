"""The closed loop with the real Prometheus and Alertmanager: drift, alert, experiment, all clear.

`make test-stack` installs both and runs this. Prometheus and Alertmanager run what
`manage.py monitoring_config` writes, with every duration made shorter and nothing else changed.
"""

import json
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from scene3d.engine.host import Host
from scene3d.monitoring.local import Addresses, write_local
from tests.conftest import MODEL_STORE
from tests.live import PASSWORD, LiveStack, live_stack

pytestmark = [pytest.mark.stack, pytest.mark.weights, pytest.mark.timeout(1500)]

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
CALM = {"scene3d_drift_status": 0.0, 'scene3d_drift_z{feature="brightness"}': 0.0,
        'scene3d_drift_verdict{feature="brightness"}': 0.0}  # fmt: skip
DARK = {"scene3d_drift_status": 2.0, 'scene3d_drift_z{feature="brightness"}': -6.5,
        'scene3d_drift_verdict{feature="brightness"}': 2.0}  # fmt: skip


@dataclass
class Gauges:
    """Stands in for the room drift: serves its gauges as /metrics of a second target."""

    values: dict[str, float] = field(default_factory=lambda: dict(CALM))

    def page(self) -> bytes:
        return "".join(f"{name} {value}\n" for name, value in self.values.items()).encode()


@dataclass(frozen=True)
class Drift:
    """What the test asks of whatever makes photos drift."""

    begin: Callable[[], None]
    end: Callable[[], None]
    target: str | None
    """host:port of a second target, where the portal does not serve the gauges itself."""


@pytest.fixture
def make_it_drift() -> Iterator[Drift]:
    """Until the room drift watches uploads: its gauges, set by hand. Afterwards `begin` uploads
    dark photos, `end` normal ones, and there is no other target."""
    gauges = Gauges()

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # http.server's name
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(gauges.page())

        def log_message(self, *_: Any) -> None:
            """Scrapes are no news."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Drift(
        begin=lambda: gauges.values.update(DARK),
        end=lambda: gauges.values.update(CALM),
        target=f"127.0.0.1:{server.server_port}",
    )
    server.shutdown()
    server.server_close()


@dataclass(frozen=True)
class Loop:
    """The service, watched."""

    stack: LiveStack
    addresses: Addresses

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
    make_it_drift: Drift,
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
        if make_it_drift.target is not None:
            add_target(config / "prometheus.yml", make_it_drift.target)
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


def add_target(path: Path, target: str) -> None:
    config = yaml.safe_load(path.read_text())
    config["scrape_configs"].append(
        {
            "job_name": "drift",
            "scrape_interval": "1s",
            "static_configs": [{"targets": [target]}],
        }
    )
    path.write_text(yaml.safe_dump(config))


def is_firing(loop: Loop, name: str) -> bool:
    address = f"http://{loop.addresses.prometheus}/api/v1/alerts"
    with urllib.request.urlopen(address, timeout=10) as answer:
        rows = json.load(answer)["data"]["alerts"]
    return any(row["labels"]["alertname"] == name and row["state"] == "firing" for row in rows)


def subjects(loop: Loop) -> list[str]:
    """Of all e-mail, which the stack prints."""
    return [line for line in loop.stack.log.splitlines() if line.startswith("Subject: ")]


def test_drift_starts_one_experiment_and_passes(loop: Loop, make_it_drift: Drift) -> None:
    assert loop.alerts("InputBrightnessDrift") == loop.experiments() == []

    make_it_drift.begin()
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

    make_it_drift.end()
    loop.wait(lambda: not is_firing(loop, "InputBrightnessDrift"))
    loop.wait(lambda: loop.alerts("InputBrightnessDrift")[0]["state"] == "resolved")

    def is_over() -> bool:
        [only] = loop.experiments()
        return bool(only["state"] == "done")

    loop.wait(is_over, timeout_s=900)
    loop.wait(lambda: len(subjects(loop)) == 2)
    assert subjects(loop) == [
        "Subject: [Scene3D] Experiment answer-brightness has started",
        "Subject: [Scene3D] Experiment answer-brightness: done",
    ]
    assert f"To: {OPERATOR}" in loop.stack.log
    assert len(loop.experiments()) == 1
