"""The corpus of bad uploads: for each the exact status and code, in seconds, and nothing left.

Rows are numbered as in the table that they come from; a note beside a case says where the answer
differs from it.
"""

import io
import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import ExifTags, Image
from rest_framework.test import APIClient

from accounts.models import User
from jobs import runner
from jobs.files import storage
from jobs.models import Job, Photo
from jobs.runner import run_job
from jobs.states import JobState, PhotoStatus
from scene3d.engine import checking
from scene3d.engine.checking import prepare_photos
from scene3d.engine.host import Host
from scene3d.engine.options import ReconstructionOptions
from scene3d.engine.progress import Progress
from scene3d.engine.public import Cancelled, PhotoSource
from scene3d.engine.report import Report
from scene3d.engine.workspace import Workspace
from tests.accounts.people import api_of
from tests.engine.photo_files import Pixels, jpeg, smooth_rgb
from tests.engine.zip_forge import forge
from tests.http.application import Server
from tests.http.streaming import body_of
from tests.jobs.builders import stored_files, zip_of
from tests.jobs.corpus.archives import ARCHIVES, EICAR, GOOD, declares_much
from tests.jobs.corpus.images import IMAGES, SECRET, black, noise
from tests.jobs.test_upload_refused import assert_refused
from tests.jobs.uploading import JOBS, archive, upload

PATIENCE_S = 10
_MAX_GROWTH_KB = 64 << 10
THREE = zip_of(["a.jpg", "b.jpg", "c.jpg"])


@pytest.mark.parametrize("name", ARCHIVES)
def test_archives(alice_api: APIClient, name: str) -> None:
    case = ARCHIVES[name]
    content = case.make()
    memory_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started_s = time.monotonic()
    response = upload(alice_api, archive=archive(content))
    assert time.monotonic() - started_s < PATIENCE_S
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory_kb < _MAX_GROWTH_KB
    if case.code is None:
        assert response.status_code == case.status, response.content
        assert len(stored_files()) == Job.objects.get().num_photos
    else:
        body = assert_refused(response, case.status, case.code)
        assert body["detail"].isprintable()


def test_the_corrupt_entry_is_named(alice_api: APIClient) -> None:
    response = upload(alice_api, archive=archive(ARCHIVES["10-crc"].make()))
    assert "'odd.jpg'" in response.json()["detail"]


def test_the_comment_is_stored_nowhere(alice_api: APIClient) -> None:
    upload(alice_api, archive=archive(ARCHIVES["32-eicar"].make()))
    for photo in Photo.objects.all():
        assert EICAR not in content_of(photo.stored_path)


def test_03_the_content_type_of_the_part_is_ignored_and_of_the_request_is_not(
    alice_api: APIClient,
) -> None:
    part = SimpleUploadedFile("photos.zip", THREE, "text/html")
    assert upload(alice_api, archive=part).status_code == 202
    Job.objects.all().delete()
    response = alice_api.post(JOBS, THREE, content_type="text/html")
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


def test_04_a_declared_length_over_the_limit(server: Server, settings: Any) -> None:
    length = settings.MAX_UPLOAD_BYTES + (2 << 20)
    answer = server.ask(JOBS, "POST", b"x", content_length=str(length))
    assert answer.status == 413
    assert b'"upload_too_large"' in answer.body
    assert stored_files() == []


def test_05_a_body_without_a_length_that_is_over_the_limit(server: Server, settings: Any) -> None:
    status, body = async_to_sync(_send_pieces)(
        server.application, [bytes(1 << 20)] * ((settings.MAX_UPLOAD_BYTES >> 20) + 3), ends=True
    )
    assert (status, b'"upload_too_large"' in body) == (413, True)
    assert stored_files() == []


def test_06_a_body_that_breaks_off(server: Server, alice: User) -> None:
    async_to_sync(_send_pieces)(server.application, [b"--x\r\n", bytes(1 << 20)], ends=False)
    assert not Job.objects.exists()
    assert stored_files() == []


async def _send_pieces(application: Any, pieces: list[bytes], *, ends: bool) -> tuple[int, bytes]:
    """Status and body of the answer; 0 where there is none."""
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": JOBS, "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", b"multipart/form-data; boundary=x")],
    }  # fmt: skip
    talk = ApplicationCommunicator(application, scope)  # type: ignore[no-untyped-call]  # has no types
    for piece in pieces:
        await talk.send_input({"type": "http.request", "body": piece, "more_body": True})  # type: ignore[no-untyped-call]
    if not ends:
        await talk.send_input({"type": "http.disconnect"})  # type: ignore[no-untyped-call]
        await talk.wait(PATIENCE_S)  # type: ignore[no-untyped-call]
        return 0, b""
    start = await talk.receive_output(PATIENCE_S)  # type: ignore[no-untyped-call]
    answer = await talk.receive_output(PATIENCE_S)  # type: ignore[no-untyped-call]
    return start["status"], answer["body"]


def test_07_another_checksum(alice_api: APIClient) -> None:
    response = upload(alice_api, archive=archive(THREE), archive_sha256="0" * 64)
    assert_refused(response, 422, "checksum_mismatch")


def test_16_more_than_may_be_unpacked(alice_api: APIClient, settings: Any) -> None:
    assert_refused(upload(alice_api, archive=archive(declares_much())), 422,
                   "archive_ratio_exceeded")  # fmt: skip
    settings.MAX_UPLOAD_BYTES = 300  # unpacked, four times as much is allowed
    assert_refused(upload(alice_api, archive=archive(forge(*GOOD))), 422,
                   "archive_too_large_unpacked")  # fmt: skip


def content_of(path: str) -> bytes:
    with storage().open(path) as file:
        return bytes(file.read())


def check_only(
    sources: Sequence[PhotoSource],
    options: ReconstructionOptions,
    workspace: Workspace,
    progress: Progress,
    host: Host,
) -> Report:
    """The first stage of every run; nobody wants the others here."""
    workspace.prepare()
    prepare_photos(sources, options.photos, workspace, progress, host)
    raise Cancelled


@dataclass
class Judged:
    """What became of a job of all images."""

    seconds: float = 0.0
    status: int = 0
    rows: dict[str, Photo] = field(default_factory=dict)
    stored: dict[str, bytes] = field(default_factory=dict)
    previews: dict[str, Pixels] = field(default_factory=dict)
    served: dict[str, bytes] = field(default_factory=dict)
    num_files_after: int = -1


@pytest.fixture(scope="module")
def judged(django_db_setup: None, django_db_blocker: Any) -> Iterator[Judged]:
    """All images in one archive, uploaded and checked once."""
    result = Judged()
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "reconstruct", check_only)
        patch.setattr(checking, "DECODE_TIMEOUT_S", 3.0)
        patch.setattr("jobs.recorder.look_over", lambda *_: NO_ADVICE)
        user = User.objects.create_user("corpus")
        try:
            _judge(api_of(user), result)
        finally:
            Job.objects.filter(owner=user).delete()
            user.delete()
        yield result


class _NoAdvice:
    def model_dump(self, **_: Any) -> dict[str, Any]:
        return {"advice": []}


NO_ADVICE = _NoAdvice()


def _judge(client: APIClient, result: Judged) -> None:
    files = {name: photo.make() for name, photo in IMAGES.items()}
    response = upload(client, archive=archive(zip_of(files)))
    result.status = response.status_code
    assert result.status == 202, response.content
    job_id = response.json()["id"]
    started_s = time.monotonic()
    run_job(Job.objects.get(pk=job_id).pk)
    result.seconds = time.monotonic() - started_s
    for photo in Photo.objects.filter(job_id=job_id):
        result.rows[photo.name] = photo
        result.stored[photo.name] = content_of(photo.stored_path)
        for kind in ("thumbnail", "preview"):
            answer = client.get(f"{JOBS}{job_id}/photos/{photo.index}/{kind}/")
            if answer.status_code == 200:
                result.served[f"{photo.name} {kind}"] = body_of(answer)
        if photo.preview_path:
            with Image.open(io.BytesIO(content_of(photo.preview_path))) as image:
                result.previews[photo.name] = np.asarray(image.copy())
    assert client.delete(f"{JOBS}{job_id}/").status_code == 204
    result.num_files_after = len(stored_files())


def test_images_are_accepted_as_a_whole_and_leave_nothing(judged: Judged) -> None:
    assert judged.status == 202
    assert judged.rows.keys() == IMAGES.keys()
    assert judged.num_files_after == 0


@pytest.mark.parametrize("name", IMAGES)
def test_images(judged: Judged, name: str) -> None:
    photo, expected = judged.rows[name], IMAGES[name]
    assert photo.reason == expected.reason
    assert photo.status == (PhotoStatus.ACCEPTED if expected.reason is None
                            else PhotoStatus.REJECTED)  # fmt: skip
    assert (expected.reason is None) == (name in judged.previews)
    if expected.is_smooth:
        assert judged.previews[name].shape == smooth_rgb().shape
        assert np.abs(judged.previews[name].astype(int) - smooth_rgb()).mean() < 4


def test_nothing_of_places_and_people_is_stored_or_served(judged: Judged) -> None:
    assert len(judged.served) == 2 * len(judged.previews) > 40
    for name, content in {**judged.stored, **judged.served}.items():
        assert SECRET.encode() not in content, name
        assert b"GPS" not in content, name
        if name in judged.previews or name in judged.served:
            with Image.open(io.BytesIO(content)) as image:
                assert not image.getexif().get_ifd(ExifTags.IFD.GPSInfo), name


POOR = {
    "black": ([black()] * 3, "insufficient_features"),
    "noise": ([noise(seed) for seed in range(3)], "insufficient_features"),
    "copies": ([jpeg(smooth_rgb(320, 240))] * 30, "insufficient_features"),
}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("kind", POOR)
def test_43_photos_that_show_nothing_new(alice_api: APIClient, kind: str) -> None:
    contents, code = POOR[kind]
    files = {f"{n:02}.jpg": content for n, content in enumerate(contents)}
    response = upload(alice_api, archive=archive(zip_of(files)), preset="quick")
    assert response.status_code == 202
    job = Job.objects.get()
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error_code) == (JobState.FAILED, code)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_where_too_few_remain_the_job_says_so(
    alice: User, alice_api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.recorder.look_over", lambda *_: NO_ADVICE)
    files = {"a.jpg": jpeg(), "b.jpg": jpeg(), "c.jpg": b"text", "d.jpg": b""}
    assert upload(alice_api, archive=archive(zip_of(files))).status_code == 202
    job = Job.objects.get()
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error_code) == (JobState.FAILED, "too_few_images")
    assert job.error_evidence == {
        "rejected": {"c.jpg": "image_type_mismatch", "d.jpg": "image_empty"}
    }
    page = Client()
    page.force_login(alice)
    assert page.get(f"/jobs/{job.pk}/").status_code == 200
