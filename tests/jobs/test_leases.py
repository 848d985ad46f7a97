"""Claiming a job, and the fence around an attempt."""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from jobs import services
from jobs.models import Job, JobEvent, Photo
from jobs.services import Lease
from jobs.states import JobState
from tests.jobs.builders import make_in_state, make_job, make_report, start

NUM_WORKERS = 4

LATE_ACTIONS: Mapping[str, Callable[[Lease], object]] = {
    "begin_stage": lambda lease: services.begin_stage(lease, "mapping", 9),
    "progress": lambda lease: services.record_progress(lease, done=9, counts={"num_points": 9}),
    "photos": lambda lease: services.record_checked_photos(
        lease, [{"index": 0, "status": "rejected"}]
    ),
    "heartbeat": services.heartbeat,
    "finish": lambda lease: services.finish(lease, make_report().model_dump(mode="json"), {}),
    "fail": lambda lease: services.fail(lease, code="x", message="", next_step="", evidence={}),
    "errored": lambda lease: services.mark_errored(lease, code="x", message="", traceback=""),
    "cancelled": services.mark_cancelled,
    "release": services.release,
}


def taken_over(job: Job) -> Lease:
    """The lease of a worker that was thought dead while another took its job."""
    lost = start(job)
    services.release(lost)
    start(job)
    services.begin_stage(Lease(job_id=job.pk, attempt=job.attempt), "extracting", 3)
    return lost


def test_claiming_starts_an_attempt(alice: User) -> None:
    job = make_job(alice, stage="mapping", stage_done=4, stage_total=5, stage_counts={"x": 1})
    before = timezone.now()
    lease = services.claim(job.pk)
    assert lease == Lease(job_id=job.pk, attempt=1)
    job.refresh_from_db()
    assert (job.state, job.attempt) == (JobState.RUNNING, 1)
    assert (job.stage, job.stage_done, job.stage_total, job.stage_counts) == (None, 0, 0, {})
    assert job.started_at is not None
    assert before <= job.started_at <= timezone.now()
    assert job.heartbeat_at is not None
    assert abs(job.heartbeat_at - job.started_at) < timedelta(seconds=1)


def test_what_is_not_there_cannot_be_claimed(db: None) -> None:
    assert services.claim(uuid4()) is None


def test_a_job_that_is_to_be_cancelled_is_not_claimed(alice: User) -> None:
    job = make_job(alice, cancel_requested_at=timezone.now())
    assert services.claim(job.pk) is None


def test_every_attempt_has_a_number_of_its_own(alice: User) -> None:
    job = make_job(alice)
    first = start(job)
    services.fail(first, code="x", message="", next_step="", evidence={})
    services.retry(job)
    second = services.claim(job.pk)
    assert second == Lease(job_id=job.pk, attempt=2)


@pytest.mark.parametrize("action", LATE_ACTIONS)
def test_an_older_lease_changes_nothing(alice: User, action: str) -> None:
    job = make_job(alice)
    lost = taken_over(job)
    row = Job.objects.filter(pk=job.pk).values().get()
    events, photos = list(job.events.values()), list(job.photos.values())
    assert not LATE_ACTIONS[action](lost)
    assert Job.objects.filter(pk=job.pk).values().get() == row
    assert list(job.events.values()) == events
    assert list(job.photos.values()) == photos


@pytest.mark.parametrize("action", [name for name in LATE_ACTIONS if name != "heartbeat"])
def test_the_newer_lease_changes_something(alice: User, action: str) -> None:
    """The same actions with the right lease, so that the test before can fail."""
    job = make_job(alice)
    lost = taken_over(job)
    row = Job.objects.filter(pk=job.pk).values().get()
    num_events = job.events.count()
    LATE_ACTIONS[action](Lease(job_id=job.pk, attempt=lost.attempt + 1))
    assert Job.objects.filter(pk=job.pk).values().get() != row or action == "photos"
    assert job.events.count() > num_events


def test_a_fenced_result_is_told_to_the_operator(
    alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    lost = taken_over(make_job(alice))
    with caplog.at_level(logging.WARNING, "jobs"):
        assert not services.finish(lost, make_report().model_dump(mode="json"), {})
    assert f"job {lost.job_id}: attempt 1 lost its lease" in caplog.messages


def test_a_heartbeat_keeps_the_lease_and_tells_of_a_wish_to_stop(alice: User) -> None:
    job = make_job(alice)
    lease = start(job)
    old = timezone.now() - timedelta(seconds=50)
    Job.objects.filter(pk=job.pk).update(heartbeat_at=old)
    assert services.heartbeat(lease) is True
    job.refresh_from_db()
    assert job.heartbeat_at is not None
    assert job.heartbeat_at > old + timedelta(seconds=49)
    services.request_cancel(job)
    assert services.heartbeat(lease) is False


@pytest.mark.parametrize("state", [state for state in JobState if state != JobState.RUNNING])
def test_without_a_running_job_there_is_no_heartbeat(alice: User, state: JobState) -> None:
    job = make_in_state(alice, state)
    assert services.heartbeat(Lease(job_id=job.pk, attempt=job.attempt)) is False


def test_stage_and_progress_are_written(alice: User) -> None:
    job = make_job(alice)
    lease = start(job)
    services.begin_stage(lease, "extracting", 3)
    services.record_progress(lease, done=2, counts={"num_keypoints": 800})
    job.refresh_from_db()
    assert (job.stage, job.stage_done, job.stage_total) == ("extracting", 2, 3)
    assert job.stage_counts == {"num_keypoints": 800}
    assert job.stage_started_at is not None
    services.begin_stage(lease, "matching", 3)
    job.refresh_from_db()
    assert (job.stage, job.stage_done, job.stage_counts) == ("matching", 0, {})


def test_checked_photos_are_written_by_index(alice: User) -> None:
    job = make_job(alice)
    services.record_checked_photos(
        start(job),
        [
            {"index": 2, "status": "rejected", "reason": "image_empty", "explanation": "Empty."},
            {"index": 0, "status": "accepted", "width_px": 80, "thumbnail_path": "t"},
        ],
    )
    rows = Photo.objects.filter(job=job).values_list("status", "reason", "width_px")
    assert list(rows) == [
        ("accepted", None, 80), ("uploaded", None, None), ("rejected", "image_empty", None),
    ]  # fmt: skip
    assert job.events.latest("id").data == {"num_checked": 2}


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_one_of_many_workers_gets_the_job(alice: User) -> None:
    job = make_job(alice)
    together = threading.Barrier(NUM_WORKERS)
    leases: list[Lease | None] = []

    def claim() -> None:
        together.wait()
        try:
            leases.append(services.claim(job.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=claim) for _ in range(NUM_WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [lease for lease in leases if lease is not None]
    assert (len(leases), won) == (NUM_WORKERS, [Lease(job_id=job.pk, attempt=1)])
    assert JobEvent.objects.filter(job=job, data__state="running").count() == 1
