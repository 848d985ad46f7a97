"""Two real web processes behind one port: what they count adds up, whoever is asked."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client.multiprocess import MultiProcessCollector

ROOT = Path(__file__).resolve().parents[2]
COUNTER = "django_http_responses_total_by_status_view_method_total"
NUM_REQUESTS = 60


@dataclass
class Web:
    process: "subprocess.Popen[bytes]"
    url: str
    folder: Path

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(self.url + path, timeout=20) as answer:  # noqa: S310  # ours
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, ""

    def count(self, view: str, status: int) -> float:
        _, page = self.get("/metrics")
        sample = f'{COUNTER}{{method="GET",status="{status}",view="{view}"}} '
        return sum(float(line[len(sample) :]) for line in page.splitlines() if sample in line)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "tmp").mkdir()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "scene3d.settings.development",
        "SCENE3D_DATA_DIR": str(tmp_path / "data"),
        "SCENE3D_WEB_PROCESSES": "2",
        "TMPDIR": str(tmp_path / "tmp"),
    }
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
    process = subprocess.Popen([*manage, "run_web", "--port", str(port)], cwd=ROOT, env=environment)
    running = Web(process, f"http://127.0.0.1:{port}", tmp_path / "tmp")
    try:
        _wait(running)
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait(web: Web) -> None:
    deadline_s = time.monotonic() + 60
    while time.monotonic() < deadline_s:
        try:
            if web.get("/healthz")[0] == 200:
                return
        except OSError:
            time.sleep(0.3)
    raise AssertionError("the web processes do not answer")


def of_each_process(web: Web) -> list[float]:
    """Requests that each has answered, by the files that they share."""
    [folder] = web.folder.glob("scene3d-metrics-*")
    found = []
    for path in folder.glob("counter_*.db"):
        merged = MultiProcessCollector.merge([str(path)], accumulate=True)  # type: ignore[no-untyped-call]
        found += [
            sum(sample.value for sample in family.samples)
            for family in merged
            if re.fullmatch("django_http_requests_before_middlewares", family.name)
        ]
    return found


@pytest.mark.slow
def test_requests_to_either_process_are_counted_together(web: Web) -> None:
    deadline_s = time.monotonic() + 60
    num_asked = 0
    before = web.count("healthz", 200)
    while num_asked == 0 or min(of_each_process(web)) < 5 or len(of_each_process(web)) < 2:
        assert time.monotonic() < deadline_s, "one process gets no requests"
        with ThreadPoolExecutor(8) as pool:
            statuses = [status for status, _ in pool.map(web.get, ["/healthz"] * NUM_REQUESTS)]
        assert set(statuses) == {200}
        num_asked += NUM_REQUESTS
    assert web.get("/api/v1/jobs/")[0] == 401
    assert web.get("/api/v1/jobs/")[0] == 401
    assert web.get("/nowhere")[0] == 404
    for _ in range(6):  # whichever process answers
        assert web.count("healthz", 200) == before + num_asked
        assert web.count("api:job-list", 401) == 2
        assert web.count("<unnamed view>", 404) == 1
    _, page = web.get("/metrics")
    assert 'scene3d_jobs{state="queued"} 0.0' in page.splitlines()
    assert page.count("# TYPE scene3d_jobs gauge") == 1

    web.process.send_signal(signal.SIGTERM)
    assert web.process.wait(30) == 0
    assert list(web.folder.glob("scene3d-metrics-*")) == []
