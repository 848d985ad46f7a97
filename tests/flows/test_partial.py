"""A job that is cancelled while it places cameras, on the real service."""

import io
import json
import re
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live import LiveStack

pytestmark = [pytest.mark.flow, pytest.mark.weights]


def follow(stack: LiveStack, user: str, job_id: str) -> Iterator[tuple[str, Any]]:
    """Kinds and data of a job's events, as they happen."""
    request = urllib.request.Request(  # noqa: S310  # always our own server
        f"{stack.url}/api/v1/jobs/{job_id}/events/",
        headers={"Authorization": f"Bearer {stack.token(user)}"},
    )
    with urllib.request.urlopen(request, timeout=240) as answer:  # noqa: S310  # likewise
        kind = ""
        for line in answer:
            if line.startswith(b"event: "):
                kind = line[7:].decode().strip()
            elif line.startswith(b"data: "):
                yield kind, json.loads(line[6:])


@pytest.mark.long
def test_cancelling_keeps_what_is_placed(stack: LiveStack, slow_photos: Path) -> None:
    """Cancelled at the first sign of a model: over within five seconds, with a result."""
    job_id = stack.upload_folder("alice", slow_photos, name="Half a wall", preset="quick")
    live = f"/api/v1/jobs/{job_id}/artifacts/live.points.bin"
    events = follow(stack, "alice", job_id)
    model = next(data for kind, data in events if kind == "model")
    assert model["num_registered"] >= 3
    preview = stack.request("GET", live, user="alice")
    assert (preview.status, preview.body[:4]) == (200, b"S3DC")
    assert stack.request("GET", live, user="bob").status == 404
    asked_s = time.monotonic()
    assert stack.request("POST", f"/api/v1/jobs/{job_id}/cancel/", user="alice").status == 202
    job = stack.wait_until_over("alice", job_id, timeout_s=30)
    seconds = time.monotonic() - asked_s
    assert (job["state"], job["is_partial"], job["partial_reason"]) == (
        "cancelled", True, "cancelled",
    )  # fmt: skip
    assert seconds < 5
    assert 3 <= job["statistics"]["num_registered"] < 12
    served = {artifact["name"]: artifact["url"] for artifact in job["artifacts"]}
    assert "live.points.bin" not in served
    assert stack.request("GET", live, user="alice").status == 404
    archive = stack.request("GET", served["colmap.zip"].removeprefix(stack.url), user="alice")
    names = zipfile.ZipFile(io.BytesIO(archive.body)).namelist()
    assert "models/0/points3D.bin" in names
    report = stack.request("GET", served["report.json"].removeprefix(stack.url), user="alice")
    assert report.json()["is_partial"] is True
    assert stack.request("POST", f"/api/v1/jobs/{job_id}/retry/", user="alice").status == 202
    whole = stack.wait_until_over("alice", job_id)
    assert (whole["state"], whole["is_partial"]) == ("done", False)
    assert whole["statistics"]["num_registered"] > job["statistics"]["num_registered"]


@pytest.mark.long
def test_no_live_file_is_left(stack: LiveStack, slow_photos: Path) -> None:
    job_id = stack.upload_folder("alice", slow_photos, preset="quick")
    kinds = [kind for kind, _ in follow(stack, "alice", job_id)]
    assert "model" in kinds
    assert kinds[-1] == "state"
    assert not re.search(r"live view was lost", stack.log)
    folder = stack.folder / "data" / "jobs" / job_id
    assert not (folder / "live").exists()
