"""Artifacts and pictures over HTTP."""

import hashlib
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from jobs.artifacts import DOWNLOADS
from jobs.models import Job
from tests.http.streaming import body_of
from tests.jobs.builders import content_of, jpeg, make_done, make_job
from tests.jobs.uploading import JOBS


def fetch(client: APIClient, job: Job, path: str, **headers: str) -> Any:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(f"{JOBS}{job.pk}/{path}", headers=names)


@pytest.fixture
def job(alice: User) -> Job:
    return make_done(alice, name="Altes Tor – 2 “é”")


@pytest.mark.parametrize("name", [*DOWNLOADS, "view-0.points.bin", "view-0.tracks.bin"])
def test_artifacts_come_whole(alice_api: APIClient, job: Job, name: str) -> None:
    response = fetch(alice_api, job, f"artifacts/{name}")
    content = content_of(name)
    assert response.status_code == 200
    assert body_of(response) == content
    assert response.headers["Content-Length"] == str(len(content))
    assert response.headers["ETag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    assert response.headers["Cache-Control"] == "private, max-age=0, must-revalidate"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "sandbox"


def test_a_download_is_named_after_its_job(alice_api: APIClient, job: Job) -> None:
    disposition = fetch(alice_api, job, "artifacts/points.ply").headers["Content-Disposition"]
    assert disposition == (
        "attachment; filename*=utf-8''"
        "Altes%20Tor%20%E2%80%93%202%20%E2%80%9C%C3%A9%E2%80%9D%20-%20points.ply"
    )


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("Old gate", 'attachment; filename="Old gate - points.ply"'),
        ('a"b', r'attachment; filename="a\"b - points.ply"'),
        ("a\r\nSet-Cookie: x=1", "attachment; filename*=utf-8''a%0D%0ASet-Cookie%3A%20x%3D1%20-"
                                 "%20points.ply"),
    ],
    ids=["plain", "quote", "newline"],
)  # fmt: skip
def test_names_cannot_break_the_header(
    alice: User, alice_api: APIClient, name: str, disposition: str
) -> None:
    response = fetch(alice_api, make_done(alice, name=name), "artifacts/points.ply")
    assert response.headers["Content-Disposition"] == disposition
    assert "Set-Cookie" not in response.headers


def test_the_viewers_own_files_are_no_downloads(alice_api: APIClient, job: Job) -> None:
    headers = fetch(alice_api, job, "artifacts/view-0.points.bin").headers
    assert "Content-Disposition" not in headers


def test_what_one_has_is_not_sent_again(alice_api: APIClient, job: Job) -> None:
    tag = fetch(alice_api, job, "artifacts/points.ply").headers["ETag"]
    response = fetch(alice_api, job, "artifacts/points.ply", If_None_Match=tag)
    assert (response.status_code, body_of(response)) == (304, b"")
    assert response.headers["ETag"] == tag


def test_a_part_can_be_fetched(alice_api: APIClient, job: Job) -> None:
    content = content_of("points.ply")
    response = fetch(alice_api, job, "artifacts/points.ply", Range="bytes=10-19")
    assert (response.status_code, body_of(response)) == (206, content[10:20])
    assert response.headers["Content-Range"] == f"bytes 10-19/{len(content)}"
    outside = fetch(alice_api, job, "artifacts/points.ply", Range=f"bytes={len(content)}-")
    assert outside.status_code == 416
    assert outside.headers["Content-Range"] == f"bytes */{len(content)}"


@pytest.mark.parametrize("name", ["points.obj", "..", "view-1.points.bin", "%2e%2e", "POINTS.PLY"])
def test_unknown_artifacts_are_not_found(alice_api: APIClient, job: Job, name: str) -> None:
    response = fetch(alice_api, job, f"artifacts/{name}")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_a_job_that_is_not_done_has_no_artifacts(alice: User, alice_api: APIClient) -> None:
    assert fetch(alice_api, make_job(alice), "artifacts/points.ply").status_code == 404


@pytest.mark.parametrize(("kind", "content"), [("thumbnail", jpeg()), ("preview", jpeg(1))])
def test_pictures(alice_api: APIClient, job: Job, kind: str, content: bytes) -> None:
    response = fetch(alice_api, job, f"photos/1/{kind}/")
    assert (response.status_code, body_of(response)) == (200, content)
    assert response.headers["Content-Type"] == "image/jpeg"
    assert response.headers["Content-Length"] == str(len(content))
    again = fetch(alice_api, job, f"photos/1/{kind}/", If_None_Match=response.headers["ETag"])
    assert again.status_code == 304


def test_the_two_sizes_have_tags_of_their_own(alice_api: APIClient, job: Job) -> None:
    tags = {
        fetch(alice_api, job, f"photos/{index}/{kind}/").headers["ETag"]
        for index in (0, 1)
        for kind in ("thumbnail", "preview")
    }
    assert len(tags) == 4


@pytest.mark.parametrize("path", ["photos/3/thumbnail/", "photos/-1/preview/", "photos/0/full/"])
def test_unknown_pictures_are_not_found(alice_api: APIClient, job: Job, path: str) -> None:
    response = fetch(alice_api, job, path)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_a_photo_without_a_picture_is_not_found(alice: User, alice_api: APIClient) -> None:
    assert fetch(alice_api, make_job(alice), "photos/0/thumbnail/").status_code == 404
