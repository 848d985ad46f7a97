"""Models in the making, and results that end where mapping was stopped."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from jobs import services
from jobs.artifacts import DOWNLOADS
from jobs.errors import StateForbids
from jobs.exports import request_export
from jobs.files import LIVE, exports_prefix, storage
from jobs.models import Export, Job, StageRun
from jobs.recorder import Recorder
from jobs.states import JobState
from scene3d.engine.export.columns import read_columns
from scene3d.engine.public import PRESETS
from scene3d.engine.types import PartialReason, PhotoSet
from scene3d.engine.workspace import Workspace
from tests.engine.builders import make_model, make_photo
from tests.http.streaming import body_of
from tests.jobs.builders import make_done, make_job, make_report, start, stored_files
from tests.jobs.pages import Page

REASONS: list[PartialReason] = ["cancelled", "time_limit", "native_crash"]


def live_files() -> list[str]:
    return [path.partition("/live/")[2] for path in stored_files() if "/live/" in path]


def grow(recorder: Recorder, num_photos: int) -> None:
    """Tell of a model of so many photos, with ten points a photo."""
    xyz = [[n, 0.0, 5.0] for n in range(10 * num_photos)]
    recorder.grown([make_model(xyz, photo_indices=range(num_photos))])


@pytest.fixture
def mapping(alice: User, tmp_path: Path) -> tuple[Job, Recorder]:
    """A job that places cameras, and its recorder."""
    job = make_job(alice)
    workspace = Workspace(tmp_path / "work")
    workspace.prepare()
    recorder = Recorder(start(job), workspace, PRESETS["quick"].options)
    for index in range(3):
        workspace.thumbnail(index).write_bytes(b"t")
        workspace.preview(index).write_bytes(b"p")
    photos = tuple(make_photo(index, name=f"{index}.jpg") for index in range(3))
    recorder.checked(PhotoSet(accepted=photos, rejected=()))
    return job, recorder


def test_growth_is_served_to_its_owner_alone(
    mapping: tuple[Job, Recorder], alice_api: APIClient, bob_api: APIClient, tmp_path: Path
) -> None:
    job, recorder = mapping
    url = f"/api/v1/jobs/{job.pk}/artifacts/{LIVE}"
    assert alice_api.get(url).status_code == 404
    grow(recorder, 2)
    first = alice_api.get(url)
    grow(recorder, 3)
    second = alice_api.get(url)
    content = body_of(second)
    (tmp_path / "live.bin").write_bytes(content)
    columns, meta = read_columns(tmp_path / "live.bin")
    assert len(columns["xyz"]) == 30
    assert [camera["photo"] for camera in meta["cameras"]] == ["0.jpg", "1.jpg", "2.jpg"]
    assert second.headers["ETag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    assert second.headers["ETag"] != first.headers["ETag"]
    assert second.headers["Cache-Control"] == "private, max-age=0, must-revalidate"
    assert alice_api.get(url, headers={"If-None-Match": second.headers["ETag"]}).status_code == 304
    assert bob_api.get(url).status_code == 404


def test_growth_is_told_and_two_files_are_kept(mapping: tuple[Job, Recorder]) -> None:
    """The one before may be on its way to a browser."""
    job, recorder = mapping
    for num_photos in (2, 2, 3, 3):
        grow(recorder, num_photos)
    told = [event.data for event in job.events.filter(kind="model")]
    assert told == [{"num_registered": n, "num_points": 10 * n} for n in (2, 2, 3, 3)]
    assert live_files() == ["1/000003.bin", "1/000004.bin"]


def test_work_does_not_fail_over_a_picture(
    mapping: tuple[Job, Recorder], caplog: pytest.LogCaptureFixture
) -> None:
    job, recorder = mapping
    grow(recorder, 2)
    recorder._num_previews = 0  # so that the next one finds its place taken
    grow(recorder, 3)
    assert f"job {job.pk}: a live view was lost" in caplog.messages
    assert job.artifacts.get().path.endswith("live/1/000001.bin")


@pytest.mark.parametrize("end", ["cancelled", "failed", "released", "done", "lost"])
def test_growth_ends_with_the_attempt(
    mapping: tuple[Job, Recorder], end: str, django_capture_on_commit_callbacks: Any
) -> None:
    job, recorder = mapping
    lease = services.Lease(job_id=job.pk, attempt=1)
    grow(recorder, 3)
    with django_capture_on_commit_callbacks(execute=True):
        if end == "cancelled":
            services.mark_cancelled(lease)
        elif end == "failed":
            services.fail(lease, code="x", message="", next_step="", evidence={})
        elif end == "released":
            services.release(lease)
        elif end == "done":
            services.finish(lease, make_report().model_dump(mode="json"), {})
        else:
            Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED)
            assert services.claim(job.pk)
    assert not job.artifacts.exists()
    assert not job.events.filter(kind="model").exists()
    assert live_files() == []


def test_the_page_of_a_growing_model_shows_it(
    mapping: tuple[Job, Recorder], alice_portal: Client
) -> None:
    job, recorder = mapping
    before = Page(alice_portal.get(f"/jobs/{job.pk}/")).one("figure", id="live")
    assert before["data-url"] == f"/api/v1/jobs/{job.pk}/artifacts/{LIVE}"
    assert "hidden" in before
    assert "data-has-model" not in before
    grow(recorder, 2)
    assert "data-has-model" in Page(alice_portal.get(f"/jobs/{job.pk}/")).one("figure", id="live")


@pytest.mark.parametrize("reason", REASONS)
def test_a_partial_result_says_so(
    alice: User, alice_api: APIClient, alice_portal: Client, reason: PartialReason
) -> None:
    job = make_done(alice, partial_reason=reason)
    assert job.state == (JobState.CANCELLED if reason == "cancelled" else JobState.DONE)
    told = alice_api.get(f"/api/v1/jobs/{job.pk}/").json()
    assert (told["is_partial"], told["partial_reason"]) == (True, reason)
    assert len(told["artifacts"]) == len(DOWNLOADS) + 2
    assert told["stages"]["mapping"] == 12.0
    assert not StageRun.objects.exists()  # estimates learn from whole runs alone
    page = Page(alice_portal.get(f"/jobs/{job.pk}/"))
    assert "Partial result: stopped after 2 of 3 photos." in page.text
    assert page.actions()[:2] == ["retry", "delete"]
    assert "bundle" in page.actions()
    assert json.loads(
        page.html.partition('id="viewer-config"')[2].partition(">")[2].partition("<")[0]
    )
    assert alice_portal.get(f"/jobs/{job.pk}/viewer/").status_code == 200
    cards = Page(alice_portal.get("/jobs/"))
    assert cards.one("span", class_="chip--partial")
    assert "2 of 3 photos" in cards.text


@pytest.mark.parametrize("reason", REASONS)
def test_trying_again_gives_the_partial_result_up(
    alice: User, reason: PartialReason, django_capture_on_commit_callbacks: Any
) -> None:
    job = make_done(alice, partial_reason=reason)
    services.set_scale(job, 0.5)
    request_export(job, "bundle.zip")
    storage().save(f"{exports_prefix(job.pk)}/1/points.ply", ContentFile(b"in metres"))
    with django_capture_on_commit_callbacks(execute=True):
        services.retry(job)
    assert (job.state, job.report, job.is_partial) == (JobState.QUEUED, None, False)
    assert not job.artifacts.exists()
    assert job.metres_per_unit is None  # the next model has units of its own
    assert not Export.objects.exists()
    assert not [path for path in stored_files() if "/exports/" in path]
    assert set(job.photos.values_list("status", "model", "reason")) == {("uploaded", None, None)}
    assert not [path for path in stored_files() if "/results/" in path]
    assert [path for path in stored_files() if "/photos/" in path]


@pytest.mark.parametrize("reason", REASONS)
def test_a_partial_result_is_scaled_and_exported_like_any_other(
    alice: User, alice_api: APIClient, reason: PartialReason
) -> None:
    url = f"/api/v1/jobs/{make_done(alice, partial_reason=reason).pk}/"
    scaled = alice_api.patch(url, {"metres_per_unit": 0.5}, format="json")
    assert (scaled.status_code, scaled.json()["metres_per_unit"]) == (200, 0.5)
    answer = alice_api.post(f"{url}exports/bundle/")
    assert (answer.status_code, answer.json()["status"]) == (202, "waiting")


def test_an_export_asked_for_while_the_result_is_given_up_is_refused(alice: User) -> None:
    job = make_done(alice, partial_reason="time_limit")
    seen_before = Job.objects.get(pk=job.pk)
    services.retry(job)
    with pytest.raises(StateForbids):
        request_export(seen_before, "bundle.zip")
    assert not Export.objects.exists()
