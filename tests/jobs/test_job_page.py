"""The page of a job, in every state a job can be in."""

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from jobs import services
from jobs.files import StoredFile
from jobs.models import Job, JobEvent, Photo
from jobs.rows import write_artifact
from jobs.states import JobStage, JobState
from jobs.worker_models import Worker
from tests.jobs.builders import TRACEBACK, make_done, make_ended, make_in_state, make_job, start
from tests.jobs.pages import Page

ACTIONS = {
    JobState.QUEUED: ["cancel"],
    JobState.RUNNING: ["cancel"],
    JobState.DONE: [
        "delete",
        "mesh_closed",
        "colmap_text",
        "nerfstudio",
        "submission",
        "bundle",
        "shares",
    ],
    JobState.FAILED: ["retry", "delete"],
    JobState.ERRORED: ["retry", "delete"],
    JobState.CANCELLED: ["retry", "delete"],
}


@pytest.fixture
def _worker(db: None) -> None:
    Worker.objects.create(name="w", capabilities={"device": "cpu", "presets": {}})


def page_of(client: Client, job: Job, path: str = "") -> Page:
    return Page(client.get(f"/jobs/{job.pk}/{path}"))


@pytest.mark.parametrize("state", JobState)
def test_every_state_has_a_page_with_what_can_be_done(
    alice: User, alice_portal: Client, state: JobState
) -> None:
    page = page_of(alice_portal, make_in_state(alice, state, name="Altes Tor <b>"))
    assert page.status == 200
    assert "Altes Tor <b>" in page.text
    assert "<b>" not in page.html
    assert page.actions() == ACTIONS[state]
    assert page.one("span", class_=f"chip--{state}")
    assert state.label in page.text
    assert page.all("table", id="photos")
    assert "IMG_0002.jpg" in page.text


@pytest.mark.usefixtures("_worker")
def test_waiting(alice: User, alice_portal: Client) -> None:
    job = make_job(alice)
    page = page_of(alice_portal, job)
    assert "next in the queue" in page.text
    assert "No worker runs" not in page.text
    tracker = page.one("section", id="tracker")
    assert tracker["data-job-url"] == f"/api/v1/jobs/{job.pk}/"
    assert [step["class"] for step in page.all("li", class_="step")] == ["step step--waiting"] * 6


def test_waiting_behind_others_with_an_estimate(alice: User, alice_portal: Client) -> None:
    make_done(alice)
    make_job(alice)
    page = page_of(alice_portal, make_job(alice, queued_at=timezone.now()))
    assert "place 2 in the queue , about 2 min left" in page.text


def test_waiting_without_a_worker_says_so(alice: User, alice_portal: Client) -> None:
    page = page_of(alice_portal, make_job(alice))
    assert "No worker runs at the moment. The job waits until one does." in page.text


@pytest.mark.parametrize(
    ("stage", "title", "unit", "percent"),
    [
        ("checking", "Checking photos", "photos", 1),
        ("extracting", "Finding details", "photos", 18),
        ("matching", "Comparing photos", "comparisons", 44),
        ("mapping", "Placing cameras", "photos", 66),
        ("dense", "Filling in surfaces", "photos", 88),
        ("exporting", "Saving the result", "models", 99),
    ],
)
def test_working(
    alice: User, alice_portal: Client, stage: str, title: str, unit: str, percent: int
) -> None:
    job = make_job(alice)
    lease = start(job)
    services.begin_stage(lease, stage, 4)
    services.record_progress(lease, done=2, counts={})
    page = page_of(alice_portal, job)
    assert f"{title} 2 of 4 {unit}" in page.text
    assert f"{percent} %" in page.text
    assert page.one("progress", id="percent-bar")["value"] == str(percent)
    working = page.one("li", **{"aria-current": "step"})
    assert working["data-stage"] == stage
    position = JobStage.values.index(stage)
    states = [step["class"].removeprefix("step step--") for step in page.all("li", class_="step")]
    assert states == ["done"] * position + ["working"] + ["waiting"] * (5 - position)


def test_a_job_that_stops_says_so_once(alice: User, alice_portal: Client) -> None:
    job = make_in_state(alice, JobState.RUNNING)
    services.request_cancel(job)
    page = page_of(alice_portal, job)
    assert "Stopping …" in page.text
    [button] = [b for b in page.all("button", class_="button") if "disabled" in b]
    assert button["type"] == "submit"


@pytest.mark.parametrize("event_id", [7, 1234, 12_345_678])
def test_the_tracker_follows_from_the_last_event(
    alice: User, alice_portal: Client, event_id: int
) -> None:
    job = make_job(alice)
    JobEvent.objects.create(pk=event_id, job=job, kind="state", data={"state": "queued"})
    tracker = page_of(alice_portal, job).one("section", id="tracker")
    assert tracker["data-events-url"] == f"/api/v1/jobs/{job.pk}/events/?after={event_id}"


def test_photos_show_while_the_rest_goes_on(alice: User, alice_portal: Client) -> None:
    job = make_in_state(alice, JobState.RUNNING)
    Photo.objects.filter(job=job, index=1).update(thumbnail_path="t", status="accepted")
    page = page_of(alice_portal, job)
    url = f"/api/v1/jobs/{job.pk}/photos/1/thumbnail/"
    assert page.one("img", src=url, alt="IMG_0001.jpg")
    assert "Readable" in page.text


def test_done(alice: User, alice_portal: Client) -> None:
    page = page_of(alice_portal, make_done(alice))
    for words in (
        "Photos placed 2 of 3", "Points 12,345", "Sharpness of fit 0.61 px",
        "Photos per point 3.2", "Took 1 s", "2 of 3 photos are in the model.",
        "Point cloud, cleaned (PLY)", "COLMAP models, binary (ZIP)", "Report (JSON)",
        "Not placed 1", "No other photo shows enough of the same place.",
        "Pairs compared 3, of which 1 overlap", "pycolmap 4.2.1", "Finding details 30.0 s",
    ):  # fmt: skip
        assert words in page.text
    assert "places that do not connect" not in page.text
    assert len(page.all("a", download="")) == 10


def test_done_with_two_models(alice: User, alice_portal: Client) -> None:
    page = page_of(alice_portal, make_done(alice, num_models=2))
    assert "The photos show 2 places that do not connect." in page.text


def viewer_config(page: Page) -> Any:
    found = re.search(r'<script id="viewer-config" type="application/json">(.*?)</script>',
                      page.html, re.DOTALL)  # fmt: skip
    assert found
    return json.loads(found[1])


@pytest.mark.parametrize("path", ["", "viewer/"])
def test_the_viewer_is_told_where_everything_lies(
    alice: User, alice_portal: Client, path: str
) -> None:
    job = make_done(alice, num_models=2, name="</script><script>alert(1)")
    Photo.objects.filter(job=job, index=2).update(thumbnail_path=None)
    page = page_of(alice_portal, job, path)
    base = f"/api/v1/jobs/{job.pk}"
    config = viewer_config(page)
    assert config["jobName"] == "</script><script>alert(1)"
    assert config["camerasUrl"] == f"{base}/artifacts/cameras.json?units=model"
    assert (config["scaleUrl"], config["metresPerUnit"]) == (f"{base}/", None)
    assert len(config["csrfToken"]) >= 32
    assert config["models"][1] == {
        "index": 1,
        "numPoints": 12_344,
        "numRegistered": 2,
        "pointsUrl": f"{base}/artifacts/view-1.points.bin",
        "tracksUrl": f"{base}/artifacts/view-1.tracks.bin",
    }
    assert [photo["index"] for photo in config["photos"]] == [0, 1]
    assert config["photos"][0] == {
        "index": 0,
        "name": "IMG_0000.jpg",
        "thumbnailUrl": f"{base}/photos/0/thumbnail/",
        "previewUrl": f"{base}/photos/0/preview/",
    }
    assert "alert(1)" not in page.html.replace("\\u003Cscript\\u003Ealert(1)", "").replace(
        "&lt;script&gt;alert(1)", ""
    )


def test_the_viewer_is_told_of_a_surface(alice: User, alice_portal: Client) -> None:
    job = make_done(alice, num_models=2)
    for kind, num_bytes in (("preview", 40), ("dense", 400), ("mesh", 4000)):
        stored = StoredFile(path=f"{job.pk}/{kind}", num_bytes=num_bytes, sha256="a" * 64)
        write_artifact(job.pk, f"view-0.{kind}.bin", stored, "application/octet-stream")
    largest, other = viewer_config(page_of(alice_portal, job))["models"]
    base = f"/api/v1/jobs/{job.pk}/artifacts/view-0"
    assert {key: largest[key] for key in largest.keys() - other.keys()} == {
        "previewUrl": f"{base}.preview.bin",
        "previewBytes": 40,
        "denseUrl": f"{base}.dense.bin",
        "denseBytes": 400,
        "meshUrl": f"{base}.mesh.bin",
        "meshBytes": 4000,
    }


@pytest.mark.parametrize("state", [state for state in JobState if state != JobState.DONE])
def test_there_is_nothing_to_view_before_the_end(
    alice: User, alice_portal: Client, state: JobState
) -> None:
    assert page_of(alice_portal, make_in_state(alice, state), "viewer/").status == 404


def test_failed(alice: User, alice_portal: Client) -> None:
    page = page_of(alice_portal, make_ended(alice, JobState.FAILED))
    for words in (
        "No model came out of these photos",
        "No two photos show enough of the same place.",
        "What to do: Take more photos between these positions.",
        "Best pair: a.jpg and b.jpg, 7 points in common.",
        "insufficient_overlap",
    ):
        assert words in page.text


@pytest.mark.parametrize("who", ["alice", "operator"])
def test_our_fault_shows_no_traceback(
    alice: User, operator: User, client: Client, who: str
) -> None:
    owner = {"alice": alice, "operator": operator}[who]
    client.force_login(owner)
    page = page_of(client, make_ended(owner, JobState.ERRORED))
    assert "Something broke on our side" in page.text
    assert "native_crash" in page.text
    assert "Try again. If it happens again, tell the operator of this server." in page.text
    assert TRACEBACK not in page.text
    assert "Traceback" not in page.html


def test_cancelled(alice: User, alice_portal: Client) -> None:
    page = page_of(alice_portal, make_ended(alice, JobState.CANCELLED))
    assert "Nothing was kept but the photos." in page.text
    assert "What to do" not in page.text


@pytest.mark.parametrize(
    ("action", "state", "after", "words"),
    [
        ("cancel", "queued", "cancelled", "The job stops within a few seconds; photos"),
        ("cancel", "running", "running", "The job stops within a few seconds; photos"),
        ("retry", "failed", "queued", "The job waits for a worker again."),
        ("cancel", "done", "done", "A job that is done cannot be cancelled. Only waiting and"),
        ("retry", "done", "done", "A job that is done cannot be tried again."),
        ("delete", "running", "running", "A job that is working cannot be deleted. Cancel the"),
    ],
)
def test_buttons(
    alice: User, alice_portal: Client, action: str, state: str, after: str, words: str
) -> None:
    job = make_in_state(alice, JobState(state))
    response = alice_portal.post(f"/jobs/{job.pk}/{action}/")
    assert (response.status_code, response.headers["Location"]) == (302, f"/jobs/{job.pk}/")
    assert words in page_of(alice_portal, job).text
    job.refresh_from_db()
    assert job.state == after


def test_deleting_leads_to_the_list(alice: User, alice_portal: Client) -> None:
    job = make_done(alice)
    response = alice_portal.post(f"/jobs/{job.pk}/delete/")
    assert (response.status_code, response.headers["Location"]) == (302, "/jobs/")
    assert "its photos and its result are deleted." in Page(alice_portal.get("/jobs/")).text
    assert page_of(alice_portal, job).status == 404


def test_buttons_take_a_post_and_the_forms_token(alice: User, alice_portal: Client) -> None:
    job = make_done(alice)
    assert alice_portal.get(f"/jobs/{job.pk}/delete/").status_code == 405
    assert alice_portal.post(f"/jobs/{job.pk}/explode/").status_code == 404
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert strict.post(f"/jobs/{job.pk}/delete/").status_code == 403
    assert Job.objects.filter(pk=job.pk).exists()


def test_a_failed_job_shows_the_photos_that_block_it_first(
    alice: User, alice_portal: Client
) -> None:
    job = make_job(alice)
    row = {
        "index": 2, "name": "IMG_0002.jpg", "reason": "blurred", "explanation": "Is blurred.",
        "action": "Hold still.", "evidence": {"blur_px": 3.5},
    }  # fmt: skip
    services.fail(
        start(job), code="insufficient_overlap", message="No two fit.", next_step="More.",
        evidence={"photos": [row]},
    )  # fmt: skip
    page = page_of(alice_portal, job)
    assert "Photos that stand in the way IMG_0002.jpg Is blurred. Hold still." in page.text
    table = page.text[page.text.index("Details found") :]
    assert table.index("IMG_0002.jpg") < table.index("IMG_0000.jpg")
    services.retry(job)
    assert "stand in the way" not in page_of(alice_portal, job).text


def test_the_first_look_shows_while_the_job_goes_on(alice: User, alice_portal: Client) -> None:
    job = make_job(alice)
    lease = start(job)
    assert page_of(alice_portal, job).one("div", id="preflight").get("hidden") is not None
    advice = {"code": "blurred", "message": "1 photo looks blurred.", "photos": ["IMG_0001.jpg"]}
    first_look = {"num_photos": 3, "advice": [advice], "expected_seconds": 130.0}
    services.record_preflight(lease, first_look)
    text = page_of(alice_portal, job).text
    assert "First look at 3 photos: keep this in mind. Expect about 2 min." in text
    assert "1 photo looks blurred. IMG_0001.jpg" in text
