"""The same request sent again gives the same job; anything else is another one."""

import threading
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from rest_framework.test import APIClient
from rq import Queue

from accounts.models import User
from jobs.models import Job
from jobs.states import JobState
from jobs.submission import Request, submit
from jobs.uploads import Upload
from scene3d.engine.public import PhotoSource
from scene3d.http.problem import Problem
from tests.jobs.builders import jpeg, stored_files, zip_of
from tests.jobs.uploading import archive, photos, upload

NAMES = ("a.jpg", "b.jpg", "c.jpg")
NUM_SENDERS = 3


def send(client: APIClient, key: str | None = "k-1", **parts: Any) -> Any:
    return upload(client, key=key, **({"photos": photos(*NAMES)} | parts))


def test_a_request_sent_again_gives_the_same_job(
    alice_api: APIClient, broker: Queue, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        first, second = send(alice_api), send(alice_api)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert first.headers["Location"] == second.headers["Location"]
    assert Job.objects.count() == 1
    assert len(broker.job_ids) == 1
    assert len(stored_files()) == len(NAMES)


def test_a_job_that_is_over_is_still_the_answer(alice_api: APIClient) -> None:
    first = send(alice_api)
    Job.objects.update(state=JobState.CANCELLED)
    second = send(alice_api)
    assert second.json()["id"] == first.json()["id"]
    assert second.json()["state"] == "cancelled"


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Other"},
        {"options": '{"seed": 1}'},
        {"preset": "quick"},
        {"photos": photos("a.jpg", "b.jpg", "d.jpg")},
        {"photos": photos("b.jpg", "a.jpg", "c.jpg")},
        {"photos": photos(*NAMES, "d.jpg")},
    ],
    ids=["name", "options", "preset", "file-name", "order", "one-more"],
)
def test_another_request_with_the_key_is_refused(
    alice_api: APIClient, change: dict[str, Any]
) -> None:
    send(alice_api)
    for file in change.get("photos", []):
        file.seek(0)
    response = send(alice_api, **change)
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")
    assert response.json()["next_step"] == "Use a new key for a new request."
    assert Job.objects.count() == 1
    assert len(stored_files()) == len(NAMES)


def test_an_archive_of_the_same_photos_is_the_same_request(alice_api: APIClient) -> None:
    content = zip_of({name: jpeg(n) for n, name in enumerate(NAMES)})
    first = send(alice_api)
    second = upload(alice_api, key="k-1", archive=archive(content))
    assert second.json()["id"] == first.json()["id"]


def test_keys_belong_to_people(alice_api: APIClient, bob_api: APIClient) -> None:
    first, second = send(alice_api), send(bob_api, name="Bob's own")
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["id"] != second.json()["id"]


@pytest.mark.parametrize("keys", [(None, None), ("", ""), ("k-1", "k-2")])
def test_without_the_same_key_there_are_two_jobs(
    alice_api: APIClient, keys: tuple[str | None, str | None]
) -> None:
    assert [send(alice_api, key).status_code for key in keys] == [202, 202]
    assert Job.objects.count() == 2


def test_a_key_is_free_again_when_its_job_is_deleted(alice_api: APIClient) -> None:
    first = send(alice_api)
    Job.objects.update(state=JobState.CANCELLED)
    assert alice_api.delete(first.json()["url"]).status_code == 204
    assert send(alice_api, name="Other").status_code == 202


def test_a_refused_upload_does_not_use_its_key_up(alice_api: APIClient) -> None:
    assert send(alice_api, photos=photos("a.jpg")).status_code == 422
    assert send(alice_api).status_code == 202


@pytest.mark.parametrize(("length", "status"), [(255, 202), (256, 400)])
def test_keys_have_a_length(alice_api: APIClient, length: int, status: int) -> None:
    response = send(alice_api, key="k" * length)
    assert response.status_code == status
    if status == 400:
        assert response.json()["code"] == "idempotency_key_invalid"
        assert stored_files() == []


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_sent_at_the_same_instant_it_is_still_one_job(alice: User, tmp_path: Path) -> None:
    together = threading.Barrier(NUM_SENDERS)
    answers: list[Job | Problem] = []

    def send_it(number: int) -> None:
        folder = tmp_path / str(number)
        folder.mkdir()
        for shade, name in enumerate(NAMES):
            (folder / name).write_bytes(jpeg(shade))
        sources = [PhotoSource(name=name, path=folder / name) for name in NAMES]
        together.wait()
        try:
            answers.append(
                submit(
                    alice,
                    Upload(photos=sources, num_ignored_files=0),
                    Request(idempotency_key="k-1"),
                )
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=send_it, args=[number]) for number in range(NUM_SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    job = Job.objects.get()
    assert [answer.pk for answer in answers if isinstance(answer, Job)] == [job.pk] * NUM_SENDERS
    assert len(stored_files()) == len(NAMES)
    assert [path.name for path in (settings.DATA_DIR / "jobs").iterdir()] == [str(job.pk)]
