"""Uploads in pieces: tus 1.0, and what becomes of them."""

import fcntl
import hashlib
from base64 import b64encode
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from accounts.models import User
from jobs import partial_uploads
from jobs.models import Job
from jobs.quotas import GB, quota_of
from jobs.upload_models import PartialUpload
from tests.jobs.builders import jpeg, stored_files, zip_of
from tests.jobs.uploading import JOBS, upload

UPLOADS = "/api/v1/uploads/"
PIECE = "application/offset+octet-stream"
ARCHIVE = zip_of(["a.jpg", "b.jpg", "c.jpg"])
TUS = {"Tus-Resumable": "1.0.0"}


def begin(client: APIClient, size: int, name: str = "photos.zip", **headers: str) -> Any:
    metadata = f"filename {b64encode(name.encode()).decode()},filetype YQ=="
    return client.post(
        UPLOADS,
        headers=TUS | {"Upload-Length": str(size), "Upload-Metadata": metadata} | headers,
    )


def announced(client: APIClient, size: int, name: str = "photos.zip") -> str:
    response = begin(client, size, name)
    assert response.status_code == 201, response.content
    return str(response.headers["Location"])


def send(client: APIClient, url: str, offset: int, piece: bytes, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.patch(
        url, piece, content_type=PIECE, headers=TUS | {"Upload-Offset": str(offset)} | named
    )


def offset(client: APIClient, url: str) -> int:
    response = client.head(url, headers=TUS)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    return int(response.headers["Upload-Offset"])


def finished(client: APIClient, content: bytes, name: str) -> str:
    """The id of an upload that is complete."""
    url = announced(client, len(content), name)
    assert send(client, url, 0, content).status_code == 204
    return url.rstrip("/").rpartition("/")[2]


def submit(client: APIClient, *ids: str, **fields: str) -> Any:
    return client.post(JOBS, {"uploads": list(ids), **fields}, format="multipart")


def assert_problem(response: Any, status: int, code: str) -> Any:
    assert response.status_code == status, response.content
    body = response.json()
    assert body["code"] == code
    assert body["next_step"]
    return body


def test_the_server_says_what_it_can(alice_api: APIClient) -> None:
    response = alice_api.options(UPLOADS)
    assert response.status_code == 204
    assert {name: response.headers[name] for name in response.headers if "us-" in name} == {
        "Tus-Resumable": "1.0.0",
        "Tus-Version": "1.0.0",
        "Tus-Extension": "creation,expiration,checksum,termination",
        "Tus-Max-Size": str(settings.MAX_UPLOAD_BYTES),
        "Tus-Checksum-Algorithm": "sha1,sha256",
    }


def test_an_archive_in_pieces_becomes_a_job(alice: User, alice_api: APIClient) -> None:
    url = announced(alice_api, len(ARCHIVE))
    assert offset(alice_api, url) == 0
    for start in range(0, len(ARCHIVE), 700):
        response = send(alice_api, url, start, ARCHIVE[start : start + 700])
        assert response.status_code == 204
        assert int(response.headers["Upload-Offset"]) == min(start + 700, len(ARCHIVE))
        assert response.headers["Upload-Expires"].endswith("GMT")
    row = PartialUpload.objects.get()
    assert (row.owner, row.name) == (alice, "photos.zip")
    assert partial_uploads.path_of(row).read_bytes() == ARCHIVE


def test_a_finished_archive_becomes_a_job_and_goes(
    alice_api: APIClient, django_capture_on_commit_callbacks: Any
) -> None:
    upload_id = finished(alice_api, ARCHIVE, "photos.zip")
    with django_capture_on_commit_callbacks(execute=True):
        response = submit(alice_api, upload_id, name="Gate")
    assert response.status_code == 202
    assert [photo.name for photo in Job.objects.get().photos.all()] == ["a.jpg", "b.jpg", "c.jpg"]
    assert not PartialUpload.objects.exists()
    assert len(stored_files()) == 3


def test_a_request_whose_answer_was_lost_gives_the_same_job(
    alice_api: APIClient, django_capture_on_commit_callbacks: Any
) -> None:
    upload_id = finished(alice_api, ARCHIVE, "photos.zip")
    with django_capture_on_commit_callbacks(execute=True):
        first = upload(alice_api, key="k", uploads=[upload_id])
    again = upload(alice_api, key="k", uploads=[upload_id])
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]


def test_finished_photos_become_a_job(alice_api: APIClient) -> None:
    ids = [finished(alice_api, jpeg(n), f"{n}.jpg") for n in range(4)]
    assert submit(alice_api, *ids).status_code == 202
    assert [photo.name for photo in Job.objects.get().photos.all()] == [
        "0.jpg", "1.jpg", "2.jpg", "3.jpg"
    ]  # fmt: skip


def test_a_refused_job_leaves_the_upload_for_another_try(alice_api: APIClient) -> None:
    upload_id = finished(alice_api, ARCHIVE, "photos.zip")
    assert_problem(submit(alice_api, upload_id, preset="best"), 422, "options_invalid")
    assert submit(alice_api, upload_id).status_code == 202


def test_what_is_not_finished_becomes_no_job(alice_api: APIClient, bob_api: APIClient) -> None:
    url = announced(alice_api, len(ARCHIVE))
    send(alice_api, url, 0, ARCHIVE[:100])
    upload_id = url.rstrip("/").rpartition("/")[2]
    assert_problem(submit(alice_api, upload_id), 422, "upload_incomplete")
    theirs = finished(bob_api, ARCHIVE, "photos.zip")
    assert_problem(submit(alice_api, theirs), 422, "upload_not_found")
    assert_problem(submit(alice_api, theirs, theirs, upload_id), 422, "upload_not_found")
    two = [finished(alice_api, ARCHIVE, f"{n}.zip") for n in range(2)]
    assert_problem(submit(alice_api, *two), 422, "upload_ambiguous")
    assert not Job.objects.exists()


def test_a_piece_in_the_wrong_place_is_refused(alice_api: APIClient) -> None:
    url = announced(alice_api, 10)
    assert send(alice_api, url, 0, b"12345").status_code == 204
    for wrong in (0, 4, 6, 10):
        body = assert_problem(send(alice_api, url, wrong, b"x"), 409, "upload_offset_conflict")
        assert body["offset"] == 5
    assert offset(alice_api, url) == 5


def test_more_than_was_announced_is_refused(alice_api: APIClient) -> None:
    url = announced(alice_api, 10)
    send(alice_api, url, 0, b"12345")
    assert_problem(send(alice_api, url, 5, b"123456"), 413, "upload_longer_than_announced")
    assert offset(alice_api, url) == 5


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_pieces_with_a_checksum(alice_api: APIClient, algorithm: str) -> None:
    url = announced(alice_api, 10)
    digest = b64encode(hashlib.new(algorithm, b"12345").digest()).decode()
    wrong = send(alice_api, url, 0, b"12344", Upload_Checksum=f"{algorithm} {digest}")
    assert_problem(wrong, 460, "checksum_mismatch")
    assert offset(alice_api, url) == 0
    assert send(alice_api, url, 0, b"12345",
                Upload_Checksum=f"{algorithm} {digest}").status_code == 204  # fmt: skip
    assert offset(alice_api, url) == 5


def test_one_request_at_a_time(alice_api: APIClient) -> None:
    url = announced(alice_api, 10)
    with partial_uploads.path_of(PartialUpload.objects.get()).open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert_problem(send(alice_api, url, 0, b"1"), 423, "upload_locked")
    assert send(alice_api, url, 0, b"1").status_code == 204


def test_an_upload_is_its_owners(alice_api: APIClient, bob_api: APIClient, api: APIClient) -> None:
    url = announced(alice_api, 10)
    assert bob_api.head(url, headers=TUS).status_code == 404
    assert_problem(send(bob_api, url, 0, b"1"), 404, "not_found")
    assert bob_api.delete(url, headers=TUS).status_code == 404
    for response in (begin(api, 10), send(api, url, 0, b"1"), api.delete(url, headers=TUS)):
        assert_problem(response, 401, "not_authenticated")
    assert offset(alice_api, url) == 0


def test_an_upload_can_be_given_up(alice_api: APIClient) -> None:
    url = announced(alice_api, 10)
    assert alice_api.delete(url, headers=TUS).status_code == 204
    assert alice_api.head(url, headers=TUS).status_code == 404
    assert stored_files() == []


BAD = {
    "no-version": ({"Tus-Resumable": ""}, 412, "tus_version_unsupported"),
    "old-version": ({"Tus-Resumable": "0.2.2"}, 412, "tus_version_unsupported"),
    "no-length": ({"Upload-Length": ""}, 400, "header_invalid"),
    "negative": ({"Upload-Length": "-1"}, 400, "header_invalid"),
    "endless": ({"Upload-Length": "9" * 30}, 400, "header_invalid"),
    "too-large": ({"Upload-Length": str(10**15)}, 413, "upload_too_large"),
    "no-name": ({"Upload-Metadata": "filetype YQ=="}, 400, "header_invalid"),
    "no-base64": ({"Upload-Metadata": "filename %%%"}, 400, "header_invalid"),
    "no-utf8": ({"Upload-Metadata": "filename /////w=="}, 400, "header_invalid"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_announcements(alice_api: APIClient, case: str) -> None:
    headers, status, code = BAD[case]
    assert_problem(begin(alice_api, 10, **headers), status, code)
    assert not PartialUpload.objects.exists()


def test_a_piece_of_another_type_is_refused(alice_api: APIClient) -> None:
    url = announced(alice_api, 10)
    headers = TUS | {"Upload-Offset": "0"}
    response = alice_api.patch(url, b"{}", content_type="application/json", headers=headers)
    assert_problem(response, 415, "unsupported_media_type")


def test_names_are_names(alice_api: APIClient) -> None:
    announced(alice_api, 10, "../..\\C:\\a\x1bb.zip")
    assert PartialUpload.objects.get().name == "ab.zip"


def test_uploads_under_way_count(alice: User, alice_api: APIClient, limits: Any) -> None:
    limits(max_stored_gb=1)
    PartialUpload.objects.create(owner=alice, name="x", num_bytes=GB - 10,
                                 expires_at=timezone.now())  # fmt: skip
    assert begin(alice_api, 10).status_code == 201
    assert_problem(begin(alice_api, 1), 413, "quota_storage")
    assert quota_of(alice).words == "1.0 of 1 GB"


def test_what_has_expired_goes(alice_api: APIClient) -> None:
    old, new = announced(alice_api, 10), announced(alice_api, 10)
    send(alice_api, old, 0, b"12345")
    pk = old.rstrip("/").rpartition("/")[2]
    PartialUpload.objects.filter(pk=pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert alice_api.head(old, headers=TUS).status_code == 404
    (Path(settings.UPLOAD_DIR) / "parts" / "young.part").touch()
    assert partial_uploads.sweep() == 1
    assert partial_uploads.sweep() == 0
    assert offset(alice_api, new) == 0
    assert len(stored_files()) == 2


@hypothesis_settings(max_examples=25, derandomize=True, deadline=None,
                     suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(cuts=st.lists(st.integers(0, len(ARCHIVE)), max_size=6), wrong=st.integers(-9, 9))
def test_however_it_is_cut_it_arrives_whole(
    alice_api: APIClient, cuts: list[int], wrong: int
) -> None:
    url = announced(alice_api, len(ARCHIVE))
    for end in [*sorted(cuts), len(ARCHIVE)]:
        at = offset(alice_api, url)
        if wrong and at + wrong >= 0:
            assert send(alice_api, url, at + wrong, b"zz").status_code == 409
        assert send(alice_api, url, at, ARCHIVE[at:end]).status_code == 204
    row = PartialUpload.objects.get(pk=url.rstrip("/").rpartition("/")[2])
    assert partial_uploads.path_of(row).read_bytes() == ARCHIVE
