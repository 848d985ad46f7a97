"""One job over the API: what it tells, and what can be done with it."""

from typing import Any

import pytest
from rest_framework.test import APIClient
from rq import Queue

from accounts.models import User
from jobs import services
from jobs.models import Job
from jobs.states import JobState
from tests.jobs.builders import (
    OPTIONS,
    STAGE_SECONDS,
    TRACEBACK,
    make_done,
    make_ended,
    make_in_state,
    make_job,
    start,
    stored_files,
)
from tests.jobs.uploading import JOBS


def get(client: APIClient, job: Job, path: str = "") -> Any:
    response = client.get(f"{JOBS}{job.pk}/{path}")
    assert response.status_code == 200
    return response.json()


def test_a_finished_job(alice: User, alice_api: APIClient) -> None:
    job = make_done(alice, num_models=2)
    body = get(alice_api, job)
    assert (body["state"], body["stage"], body["attempt"]) == ("done", None, 1)
    assert (body["queue_position"], body["error"]) == (None, None)
    assert body["progress"] == {
        "stage": None, "done": 0, "total": 0, "counts": {}, "percent": 100, "eta_s": None,
    }  # fmt: skip
    assert body["statistics"] == job.counts
    assert body["stages"] == STAGE_SECONDS
    assert body["options"] == OPTIONS.to_dict()
    assert body["options_fingerprint"] == OPTIONS.fingerprint()
    assert [row["index"] for row in body["models"]] == [0, 1]
    assert [artifact["name"] for artifact in body["artifacts"]] == [
        "cameras.json", "colmap.zip", "mesh.ply", "model.glb", "points.laz", "points.ply",
        "points_full.ply", "points_sparse.ply", "preview.jpg", "report.json",
        "view-0.points.bin", "view-0.tracks.bin", "view-1.points.bin", "view-1.tracks.bin",
    ]  # fmt: skip
    assert (body["exports"], body["metres_per_unit"]) == ([], None)
    first = body["artifacts"][0]
    stored = job.artifacts.get(name="cameras.json")
    assert first == {
        "name": "cameras.json",
        "url": f"http://testserver/api/v1/jobs/{job.pk}/artifacts/cameras.json",
        "size": stored.num_bytes,
        "sha256": stored.sha256,
        "media_type": "application/octet-stream",
    }


def test_a_running_job(alice: User, alice_api: APIClient) -> None:
    job = make_job(alice)
    lease = start(job)
    services.begin_stage(lease, "extracting", 4)
    services.record_progress(lease, done=2, counts={"num_keypoints": 900})
    body = get(alice_api, job)
    assert (body["state"], body["stage"], body["queue_position"]) == ("running", "extracting", None)
    assert body["progress"] == {
        "stage": "extracting", "done": 2, "total": 4, "counts": {"num_keypoints": 900},
        "percent": 18, "eta_s": None,
    }  # fmt: skip
    assert body["started_at"] is not None
    assert (body["statistics"], body["models"], body["artifacts"]) == ({}, [], [])


def test_a_failed_job_says_what_to_do(alice: User, alice_api: APIClient) -> None:
    body = get(alice_api, make_ended(alice, JobState.FAILED))
    assert body["error"] == {
        "code": "insufficient_overlap",
        "message": "No two photos show enough of the same place.",
        "next_step": "Take more photos between these positions.",
        "evidence": {"best_pair": ["a.jpg", "b.jpg"], "best_pair_num_inliers": 7},
    }
    assert body["progress"]["percent"] == 0


def test_our_fault_shows_no_traceback(alice: User, alice_api: APIClient) -> None:
    job = make_ended(alice, JobState.ERRORED)
    assert job.traceback == TRACEBACK
    for path in ("", f"{job.pk}/", f"{job.pk}/photos/"):
        assert "operator's words" not in alice_api.get(JOBS + path).content.decode()
    assert get(alice_api, job)["error"]["code"] == "native_crash"


def test_the_photos_rows(alice: User, alice_api: APIClient) -> None:
    job = make_done(alice)
    placed, _, unplaced = get(alice_api, job, "photos/")
    base = f"http://testserver/api/v1/jobs/{job.pk}/photos"
    assert placed == {
        "index": 0, "name": "IMG_0000.jpg", "status": "registered", "reason": None,
        "explanation": None, "action": None, "evidence": {},
        "width_px": 80, "height_px": 64, "focal_px": 96.0,
        "num_keypoints": 1000, "num_verified_pairs": 1, "model": 0, "num_observations": 1234,
        "mean_error_px": 0.5, "num_bytes": job.photos.get(index=0).num_bytes,
        "thumbnail": f"{base}/0/thumbnail/", "preview": f"{base}/0/preview/",
    }  # fmt: skip
    assert (unplaced["status"], unplaced["reason"]) == ("not_registered", "no_partner")
    assert unplaced["explanation"] == "No other photo shows enough of the same place."


def test_photos_that_nobody_looked_at_have_no_pictures(alice: User, alice_api: APIClient) -> None:
    rows = get(alice_api, make_job(alice), "photos/")
    assert [(row["status"], row["thumbnail"], row["preview"]) for row in rows] == [
        ("uploaded", None, None)
    ] * 3


def test_cancelling(alice: User, alice_api: APIClient) -> None:
    waiting, running = make_job(alice), make_in_state(alice, JobState.RUNNING)
    response = alice_api.post(f"{JOBS}{waiting.pk}/cancel/")
    assert (response.status_code, response.json()["state"]) == (202, "cancelled")
    assert response.headers["Location"] == f"http://testserver{JOBS}{waiting.pk}/"
    response = alice_api.post(f"{JOBS}{running.pk}/cancel/")
    assert (response.status_code, response.json()["state"]) == (202, "running")
    running.refresh_from_db()
    assert running.cancel_requested_at is not None


def test_trying_again(
    alice: User, alice_api: APIClient, broker: Queue, django_capture_on_commit_callbacks: Any
) -> None:
    job = make_ended(alice, JobState.FAILED)
    with django_capture_on_commit_callbacks(execute=True):
        response = alice_api.post(f"{JOBS}{job.pk}/retry/")
    body = response.json()
    assert (response.status_code, body["state"], body["error"]) == (202, "queued", None)
    assert body["queue_position"] == 1
    assert broker.job_ids == [f"{job.pk}_1"]


def test_deleting(
    alice: User, alice_api: APIClient, django_capture_on_commit_callbacks: Any
) -> None:
    job = make_done(alice)
    with django_capture_on_commit_callbacks(execute=True):
        response = alice_api.delete(f"{JOBS}{job.pk}/")
    assert (response.status_code, response.content) == (204, b"")
    assert alice_api.get(f"{JOBS}{job.pk}/").status_code == 404
    assert stored_files() == []


REFUSED = [
    *(("cancel", state) for state in ("done", "failed", "errored", "cancelled")),
    *(("retry", state) for state in ("queued", "running", "done")),
    ("delete", "running"),
]


@pytest.mark.parametrize(("action", "state"), REFUSED)
def test_what_the_state_forbids_is_a_conflict(
    alice: User, alice_api: APIClient, action: str, state: str
) -> None:
    job = make_in_state(alice, JobState(state))
    path = f"{JOBS}{job.pk}/"
    answer = alice_api.delete(path) if action == "delete" else alice_api.post(f"{path}{action}/")
    body = answer.json()
    assert (answer.status_code, body["code"]) == (409, f"cannot_{action}")
    assert (body["state"], body["status"], body["title"]) == (state, 409, "Conflict")
    assert body["next_step"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("put", "", "GET, PATCH, DELETE, HEAD, OPTIONS"),
        ("get", "cancel/", "POST, OPTIONS"),
        ("delete", "photos/", "GET, HEAD, OPTIONS"),
    ],
)
def test_other_methods_are_refused(
    alice: User, alice_api: APIClient, method: str, path: str, allowed: str
) -> None:
    response = getattr(alice_api, method)(f"{JOBS}{make_job(alice).pk}/{path}")
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert response.headers["Allow"] == allowed
