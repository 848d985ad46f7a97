"""The whole service: real broker, real worker, real server, real photos of a known scene."""

import hashlib
import io
import json
import os
import re
import signal
import struct
import time
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest

from scene3d.engine.synthetic import TINY, render_unrelated
from tests.live import LiveStack

pytestmark = [pytest.mark.flow, pytest.mark.weights]

QUICK = {"preset": "quick"}


@pytest.fixture(scope="module")
def done(stack: LiveStack, tiny_photos: Path) -> Any:
    """A job of alice's that is done."""
    job_id = stack.upload_folder("alice", tiny_photos, name="A wall", **QUICK)
    return stack.wait_until_over("alice", job_id)


def test_photos_become_a_model(done: Any) -> None:
    assert done["state"] == "done"
    assert done["error"] is None
    assert done["progress"]["percent"] == 100
    assert done["statistics"]["num_registered"] == TINY.num_photos
    assert list(done["stages"]) == ["checking", "extracting", "matching", "mapping", "exporting"]


def test_every_file_is_what_it_says(stack: LiveStack, done: Any) -> None:
    assert {artifact["name"] for artifact in done["artifacts"]} == {
        "cameras.json", "colmap.zip", "model.glb", "points.laz", "points.ply", "points_full.ply",
        "preview.jpg", "report.json", "view-0.points.bin", "view-0.tracks.bin",
    }  # fmt: skip
    for artifact in done["artifacts"]:
        answer = stack.request("GET", artifact["url"].removeprefix(stack.url), user="alice")
        assert answer.status == 200
        assert len(answer.body) == artifact["size"]
        assert hashlib.sha256(answer.body).hexdigest() == artifact["sha256"]


def test_a_range_is_a_part_of_the_file(stack: LiveStack, done: Any) -> None:
    path = f"/api/v1/jobs/{done['id']}/artifacts/points.ply"
    whole = stack.request("GET", path, user="alice")
    part = stack.request("GET", path, user="alice", headers={"Range": "bytes=4-13"})
    unchanged = stack.request(
        "GET", path, user="alice", headers={"If-None-Match": whole.headers["ETag"]}
    )
    assert (part.status, part.body) == (206, whole.body[4:14])
    assert (unchanged.status, unchanged.body) == (304, b"")


def test_a_stranger_sees_nothing(stack: LiveStack, done: Any) -> None:
    for path in ("", "photos/", "events/", "artifacts/points.ply", "photos/0/thumbnail/"):
        assert stack.request("GET", f"/api/v1/jobs/{done['id']}/{path}", user="bob").status == 404
        assert stack.request("GET", f"/api/v1/jobs/{done['id']}/{path}").status == 401


def test_events_tell_the_stages_in_order(stack: LiveStack, tiny_photos: Path) -> None:
    job_id = stack.upload_folder("alice", tiny_photos, **QUICK)
    answer = stack.request("GET", f"/api/v1/jobs/{job_id}/events/", user="alice")
    messages = [
        (event, json.loads(data))
        for event, data in re.findall(r"event: (\w+)\ndata: (.*)\n", answer.body.decode())
    ]
    stages = [data["stage"] for event, data in messages if event == "stage"]
    states = [data["state"] for event, data in messages if event == "state"]
    percents = [data["job"]["progress"]["percent"] for _, data in messages]
    assert stages == ["checking", "extracting", "matching", "mapping", "exporting"]
    assert states == ["queued", "running", "done"]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    assert any("num_registered" in data.get("counts", {}) for _, data in messages)


@pytest.mark.long
def test_networks_are_loaded_once(stack: LiveStack, tiny_photos: Path) -> None:
    options = json.dumps({"features": {"max_keypoints": 512}})
    for _ in range(2):
        job_id = stack.upload_folder("alice", tiny_photos, preset="standard", options=options)
        assert stack.wait_until_over("alice", job_id)["state"] == "done"
    metrics = stack.request("GET", "/metrics").body.decode()
    loads = dict(
        re.findall(
            r'scene3d_network_loads_total\{network="([\w-]+)",worker="[^"]+"\} (\S+)', metrics
        )
    )
    assert loads == {"aliked-n16": "1.0", "aliked-lightglue": "1.0"}
    assert stack.log.count("loaded network aliked-n16") == 1


def test_cancel_stops_a_running_job_within_seconds(stack: LiveStack, tiny_photos: Path) -> None:
    job_id = stack.upload_folder("alice", tiny_photos, preset="thorough")
    stack.wait("alice", job_id, lambda job: job["stage"] == "matching")
    asked_s = time.monotonic()
    assert stack.request("POST", f"/api/v1/jobs/{job_id}/cancel/", user="alice").status == 202
    job = stack.wait_until_over("alice", job_id, timeout_s=30)
    assert job["state"] == "cancelled"
    assert time.monotonic() - asked_s < 10
    assert stack.request("POST", f"/api/v1/jobs/{job_id}/cancel/", user="alice").status == 409


def test_a_lost_worker_does_not_lose_the_job(stack: LiveStack, tiny_photos: Path) -> None:
    """Killed while it works: the stack starts another one, which finishes the job."""
    options = json.dumps({"features": {"max_keypoints": 512}})
    job_id = stack.upload_folder("alice", tiny_photos, preset="standard", options=options)
    stack.wait("alice", job_id, lambda job: job["stage"] == "extracting")
    [worker] = stack.children("run_worker")
    os.kill(worker, signal.SIGKILL)
    job = stack.wait_until_over("alice", job_id)
    assert job["state"] == "done"
    assert job["attempt"] == 2


def test_bad_photos_fail_with_a_next_step_and_the_worker_lives_on(
    stack: LiveStack, tiny_photos: Path, tmp_path: Path
) -> None:
    [before] = stack.children("run_worker")
    render_unrelated(TINY, tmp_path, 3)
    job_id = stack.upload_folder("alice", tmp_path, **QUICK)
    job = stack.wait_until_over("alice", job_id)
    assert job["state"] == "failed"
    assert job["error"]["code"] == "insufficient_overlap"
    assert job["error"]["next_step"]
    again = stack.upload_folder("alice", tiny_photos, **QUICK)
    assert stack.wait_until_over("alice", again)["state"] == "done"
    assert stack.children("run_worker") == [before]


def test_damaged_photos_are_named_and_the_others_used(
    stack: LiveStack, tiny_photos: Path, tmp_path: Path
) -> None:
    photos = sorted(tiny_photos.iterdir())
    for path in photos:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    half = photos[0].read_bytes()
    (tmp_path / "half.jpg").write_bytes(half[: len(half) // 2])
    (tmp_path / "page.jpg").write_bytes(b"<html>not a photo</html>")
    (tmp_path / "bomb.png").write_bytes(huge_png())
    job_id = stack.upload_folder("alice", tmp_path, **QUICK)
    assert stack.wait_until_over("alice", job_id)["state"] == "done"
    rows = stack.request("GET", f"/api/v1/jobs/{job_id}/photos/", user="alice").json()
    reasons = {row["name"]: row["reason"] for row in rows if row["status"] == "rejected"}
    assert reasons == {
        "half.jpg": "image_truncated",
        "page.jpg": "image_type_mismatch",
        "bomb.png": "image_too_many_pixels",
    }
    assert sum(row["status"] == "registered" for row in rows) == len(photos)


def test_a_bomb_is_refused_and_leaves_nothing(stack: LiveStack) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jpg", b"\0" * (30 << 20))
    answer = stack.upload("alice", [("archive", "bomb.zip", content.getvalue())])
    assert answer.status == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "archive_ratio_exceeded"
    uploads = stack.folder / "data" / "uploads"

    def left() -> list[Path]:
        return [path for path in uploads.iterdir() if path.name != "parts"]  # of resumable ones

    deadline_s = time.monotonic() + 5  # Django closes its files after the answer has gone
    while left() and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert left() == []


def test_a_body_over_the_limit_is_refused_early(stack: LiveStack) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": str(60 << 20)}
    answer = stack.request("POST", "/api/v1/jobs/", user="alice", body=b"-", headers=headers)
    assert answer.status == 413
    assert answer.json()["code"] == "upload_too_large"


def huge_png() -> bytes:
    """A few hundred bytes that claim 50,000 x 50,000 pixels."""
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
