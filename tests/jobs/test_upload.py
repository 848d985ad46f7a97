"""Uploads that become jobs."""

import hashlib
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.test import APIClient
from rq import Queue

from accounts.models import User
from jobs.files import storage
from jobs.models import Job
from jobs.states import JobState
from tests.jobs.builders import OPTIONS, jpeg, stored_files, zip_of
from tests.jobs.uploading import JOBS, archive, photos, upload

NAMES = ("a.jpg", "b.jpg", "c.jpg")


def the_job() -> Job:
    return Job.objects.get()


def assert_photos_are_stored(job: Job, names: list[str], contents: list[bytes]) -> None:
    rows = list(job.photos.all())
    assert [row.name for row in rows] == names
    assert [row.index for row in rows] == list(range(len(names)))
    for row, content in zip(rows, contents, strict=True):
        with storage().open(row.stored_path) as file:
            assert file.read() == content
        assert (row.num_bytes, row.status) == (len(content), "uploaded")
        assert row.sha256 == hashlib.sha256(content).hexdigest()
    assert len(stored_files()) == len(names)  # and nothing is left of the upload


def test_an_archive_becomes_a_job(alice: User, alice_api: APIClient) -> None:
    files = {"trip/b.jpg": jpeg(1), "trip/a.jpg": jpeg(2), "trip/notes.txt": b"x",
             "trip/sub/c.png": jpeg(3), "__MACOSX/trip/._a.jpg": b"x"}  # fmt: skip
    response = upload(alice_api, archive=archive(zip_of(files)))
    assert response.status_code == 202
    job = the_job()
    assert (job.owner, job.state, job.num_photos, job.num_ignored_files) == (
        alice, JobState.QUEUED, 3, 2,
    )  # fmt: skip
    assert job.input_bytes == sum(len(jpeg(n)) for n in (1, 2, 3))
    assert_photos_are_stored(job, ["a.jpg", "b.jpg", "sub/c.png"], [jpeg(2), jpeg(1), jpeg(3)])


def test_single_photos_become_a_job(alice_api: APIClient) -> None:
    response = upload(alice_api, photos=photos("b.JPG", "a.jpg", "ü – 1.heic", "readme.txt"))
    assert response.status_code == 202
    assert the_job().num_ignored_files == 1
    assert_photos_are_stored(
        the_job(), ["b.JPG", "a.jpg", "ü – 1.heic"], [jpeg(0), jpeg(1), jpeg(2)]
    )


def test_names_that_come_twice_are_told_apart(alice_api: APIClient) -> None:
    upload(alice_api, photos=photos("a.jpg", "a.jpg", "A.JPG", "a (2).jpg", "b.jpg"))
    names = [photo.name for photo in the_job().photos.all()]
    assert names == ["a.jpg", "a (2).jpg", "A (3).JPG", "a (2) (2).jpg", "b.jpg"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd.jpg", "passwd.jpg"),
        ("C:\\photos\\a.jpg", "a.jpg"),
        ("a\x1b[2J\u202eb.jpg", "a[2Jb.jpg"),
        ("x" * 300 + ".jpeg", "x" * 195 + ".jpeg"),
    ],
    ids=["folders", "windows", "control", "long"],
)
def test_odd_names_of_photos_are_tamed(alice_api: APIClient, sent: str, kept: str) -> None:
    odd = SimpleUploadedFile("placeholder.jpg", jpeg(), "image/jpeg")
    odd._name = sent  # type: ignore[attr-defined]  # its setter would tame the name first
    assert upload(alice_api, photos=[odd, *photos("b.jpg", "c.jpg")]).status_code == 202
    assert [photo.name for photo in the_job().photos.all()] == [kept, "b.jpg", "c.jpg"]


def test_the_answer_is_the_job(alice_api: APIClient) -> None:
    response = upload(alice_api, photos=photos(*NAMES), name=" Old gate ", preset="quick")
    job = the_job()
    url = f"http://testserver/api/v1/jobs/{job.pk}/"
    assert response.headers["Location"] == url
    body = response.json()
    assert {name: body[name] for name in (
        "id", "url", "name", "state", "stage", "preset", "num_photos", "queue_position", "error",
        "statistics", "started_at", "finished_at", "attempt", "num_ignored_files", "stages",
        "models", "artifacts",
    )} == {
        "id": str(job.pk), "url": url, "name": "Old gate", "state": "queued", "stage": None,
        "preset": "quick", "num_photos": 3, "queue_position": 1, "error": None, "statistics": {},
        "started_at": None, "finished_at": None, "attempt": 0, "num_ignored_files": 0,
        "stages": {}, "models": [], "artifacts": [],
    }  # fmt: skip
    assert body["progress"] == {
        "stage": None, "done": 0, "total": 0, "counts": {}, "percent": 0, "eta_s": None,
    }  # fmt: skip
    assert body["created_at"].endswith("Z")
    assert alice_api.get(url).json() == body


def test_options_are_frozen_with_their_fingerprint(alice_api: APIClient) -> None:
    wishes = {"seed": 7, "features": {"max_keypoints": 1000}}
    upload(alice_api, photos=photos(*NAMES), options=json.dumps(wishes))
    job, wanted = the_job(), OPTIONS.merged(wishes)
    assert (job.preset, job.options) == ("standard", wanted.to_dict())
    assert job.options_fingerprint == wanted.fingerprint() != OPTIONS.fingerprint()


@pytest.mark.parametrize("name", ["", "   "])
def test_a_job_without_a_name_gets_one(alice_api: APIClient, name: str) -> None:
    upload(alice_api, photos=photos(*NAMES), name=name, preset="", options="")
    assert (the_job().name, the_job().preset) == ("3 photos", "standard")


def test_the_job_is_delivered_once_it_is_committed(
    alice_api: APIClient, broker: Queue, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        upload(alice_api, photos=photos(*NAMES))
        assert broker.job_ids == []
    assert broker.job_ids == [f"{the_job().pk}_1"]
    assert [event.data for event in the_job().events.all()] == [{"state": "queued"}]


def test_without_a_broker_the_upload_is_kept(
    alice_api: APIClient, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        response = upload(alice_api, photos=photos(*NAMES))
    assert response.status_code == 202
    assert (the_job().state, the_job().delivery) == (JobState.QUEUED, 1)


def test_a_browser_uploads_with_its_session_and_the_forms_token(alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    browser.get("/jobs/new/")
    token = browser.cookies["csrftoken"].value
    refused = browser.post(JOBS, {"photos": photos(*NAMES)})
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    assert stored_files() == []
    response = browser.post(JOBS, {"photos": photos(*NAMES)}, headers={"X-CSRFToken": token})
    assert response.status_code == 202
    assert_photos_are_stored(the_job(), list(NAMES), [jpeg(0), jpeg(1), jpeg(2)])


def test_as_many_photos_as_are_allowed(alice_api: APIClient, limits: Any) -> None:
    limits(max_photos=3)
    assert upload(alice_api, photos=photos(*NAMES)).status_code == 202
    assert upload(alice_api, archive=archive(zip_of(NAMES))).status_code == 202
