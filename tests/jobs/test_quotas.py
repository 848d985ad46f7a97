"""How much each person may send: the exact answers at every limit, also when two come at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from jobs import services
from jobs.models import Job
from jobs.quotas import GB, quota_of
from jobs.upload_models import AcceptedJob, UserLimits
from tests.accounts.people import api_of
from tests.jobs.builders import make_done, make_job, stored_files
from tests.jobs.uploading import JOBS, photos, upload

NAMES = ("a.jpg", "b.jpg", "c.jpg")


def send(client: APIClient) -> Any:
    return upload(client, photos=photos(*NAMES))


def assert_refused(response: Any, status: int, code: str) -> Any:
    body = response.json()
    assert (response.status_code, body["code"]) == (status, code)
    assert body["next_step"]
    return body


def test_jobs_in_flight(alice_api: APIClient, bob_api: APIClient, limits: Any) -> None:
    limits(max_active_jobs=2)
    assert [send(alice_api).status_code for _ in range(2)] == [202, 202]
    body = assert_refused(send(alice_api), 429, "quota_active_jobs")
    assert (body["active_jobs"], body["limit"]) == (2, 2)
    assert send(bob_api).status_code == 202
    services.request_cancel(Job.objects.filter(owner__username="alice")[0])
    assert send(alice_api).status_code == 202


def test_jobs_per_day(alice: User, alice_api: APIClient, limits: Any) -> None:
    limits(max_jobs_per_day=2)
    for _ in range(2):
        job_id = send(alice_api).json()["id"]
        assert alice_api.delete(f"{JOBS}{job_id}/").status_code == 204  # counts nevertheless
    response = send(alice_api)
    assert_refused(response, 429, "quota_jobs_per_day")
    assert 86_000 < int(response.headers["Retry-After"]) <= 86_400
    AcceptedJob.objects.filter(owner=alice).update(accepted_at=timezone.now() - timedelta(days=1))
    assert send(alice_api).status_code == 202
    assert AcceptedJob.objects.count() == 1  # the old ones are forgotten


def test_bytes_stored(alice: User, alice_api: APIClient, limits: Any) -> None:
    job = make_done(alice)
    stored = quota_of(alice).stored_bytes
    assert stored == sum(
        row.num_bytes for rows in (job.photos.all(), job.artifacts.all()) for row in rows
    )
    limits(max_stored_gb=1)
    job.photos.filter(index=0).update(num_bytes=GB)
    before = stored_files()
    body = assert_refused(send(alice_api), 413, "quota_storage")
    assert body["limit_bytes"] == GB
    assert "You keep 1.0 of 1 GB here" in body["detail"]
    assert stored_files() == before
    services.delete(job)
    assert send(alice_api).status_code == 202


def test_zero_is_no_limit(alice: User, alice_api: APIClient, limits: Any) -> None:
    limits(max_active_jobs=0, max_stored_gb=0, max_jobs_per_day=0)
    make_job(alice)
    assert send(alice_api).status_code == 202
    assert quota_of(alice).words == ""


def test_operators_change_one_persons_limits(
    alice: User, alice_api: APIClient, bob_api: APIClient, operator: User, limits: Any
) -> None:
    limits(max_active_jobs=1)
    admin = Client()
    admin.force_login(operator)
    response = admin.post(
        "/admin/jobs/userlimits/add/",
        {"user": alice.pk, "max_active_jobs": 2, "max_stored_gb": "", "max_jobs_per_day": ""},
    )
    assert response.status_code == 302
    limit = UserLimits.objects.get(user=alice)
    assert (limit.max_active_jobs, limit.max_stored_gb) == (2, None)
    assert [send(alice_api).status_code for _ in range(3)] == [202, 202, 429]
    assert [send(bob_api).status_code for _ in range(2)] == [202, 429]


def test_the_upload_page_says_how_much_is_used(alice: User, alice_portal: Client) -> None:
    job = make_done(alice)
    job.photos.filter(index=0).update(num_bytes=2_100_000_000)
    page = alice_portal.get("/jobs/new/").content.decode()
    assert "Your scenes take 2.1 of 10 GB." in page


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_several_at_once_as_many_win_as_may(alice: User, limits: Any) -> None:
    limits(max_active_jobs=2)

    def once(_: int) -> int:
        try:
            return int(send(api_of(alice)).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(once, range(6)))
    assert statuses == [202, 202, 429, 429, 429, 429]
    assert Job.objects.count() == 2
    assert len(stored_files()) == 6  # nothing is left of the others
