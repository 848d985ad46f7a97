"""`manage.py mlflow_ui`, as `make mlflow` starts it, seen in a real browser."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from playwright.sync_api import Browser, expect

from mlops.tracker import Artifact
from tests.browser.conftest import browser  # noqa: F401  # a fixture
from tests.mlops.conftest import copy_store
from tests.mlops.live_mlflow import free_port, wait_until_healthy
from tests.mlops.workplace import Workplace, record

ROOT = Path(__file__).resolve().parents[2]


def test_a_server_elsewhere_has_its_own_pages(settings: Any) -> None:
    settings.IS_TRACKER_EMBEDDED = False
    with pytest.raises(CommandError, match="open that address"):
        call_command("mlflow_ui")


def test_a_port_in_use_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"127.0.0.1:{port}: Address already in use"):
            call_command("mlflow_ui", "--port", str(port))


@pytest.mark.long
@pytest.mark.browser
def test_people_see_the_runs(
    empty_store: Path,
    tmp_path: Path,
    browser: Browser,  # noqa: F811  # the fixture
) -> None:
    """Nothing is asked of other machines, and the server ends with the command."""
    uri = copy_store(empty_store, tmp_path / "data" / "mlflow")
    place = Workplace(uri, tmp_path / "experiment", "scene3d")
    place.file("points.ply", "ply\n")
    tracker = place.tracker()
    tracker.publish(record(params={"seeds": [0, 1]}))
    run_id = tracker.publish(
        record(
            "trial:quick/seed0",
            parent="parent",
            metrics={"mAA": 0.875},
            artifacts=[Artifact(place.folder / "out", "clouds")],
        )
    )
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "mlflow_ui", "--port", str(port)],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "scene3d.settings.development",
            "SCENE3D_DATA_DIR": str(tmp_path / "data"),
        },
        start_new_session=True,
    )
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}", process)
        see_the_runs(browser, tracker.url_of(run_id).replace(":5000", f":{port}"))
        os.kill(process.pid, signal.SIGTERM)
        process.wait(30)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def see_the_runs(browser: Browser, url: str) -> None:  # noqa: F811  # an argument
    own, run = url.partition("/#")[0], url.partition("?")[0]
    asked: list[str] = []
    page = browser.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
    expect(page.get_by_text("Run trial:quick/seed0").first).to_be_visible(timeout=60_000)
    expect(page.get_by_text("0.875").first).to_be_visible(timeout=30_000)
    page.goto(f"{own}/#/experiments/1/runs")
    expect(page.get_by_text("Run parent").first).to_be_visible(timeout=30_000)
    page.goto(f"{run}/artifacts/clouds/points.ply")
    expect(page.get_by_text("points.ply").first).to_be_visible(timeout=30_000)
    assert [address for address in asked if not address.startswith((own, "data:", "blob:"))] == []
    page.close()
