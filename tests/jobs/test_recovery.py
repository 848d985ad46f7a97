"""Lost workers, lost messages, lost brokers: every accepted job comes to an end."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rq import Queue
from rq.job import JobStatus

from accounts.models import User
from jobs import services
from jobs.models import Job
from jobs.reconciler import UNSEEN, recover_jobs
from jobs.states import JobState
from tests.jobs.builders import make_ended, make_job, start

LONG_AGO = services.LEASE + timedelta(seconds=1)
JUST_NOW = services.LEASE - timedelta(seconds=5)
BARELY_SEEN = UNSEEN - timedelta(seconds=5)


def without_heartbeat(job: Job, since: timedelta = LONG_AGO) -> None:
    Job.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - since)
    job.refresh_from_db()


def waiting(job: Job, since: timedelta = LONG_AGO) -> None:
    Job.objects.filter(pk=job.pk).update(queued_at=timezone.now() - since)
    job.refresh_from_db()


@pytest.fixture
def recover(django_capture_on_commit_callbacks: Any) -> Any:
    """What a worker does between jobs, with everything that follows the commit."""

    def run() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            recover_jobs()

    return run


def test_a_job_that_lost_its_worker_is_delivered_again(
    alice: User, broker: Queue, recover: Any
) -> None:
    job = make_job(alice)
    lost = start(job)
    without_heartbeat(job)
    recover()
    job.refresh_from_db()
    assert (job.state, job.attempt, job.lost_attempts, job.delivery) == (JobState.QUEUED, 1, 1, 1)
    assert broker.job_ids == [f"{job.pk}_1"]
    assert not services.heartbeat(lost)
    assert start(job).attempt == 2


def test_a_worker_that_beats_keeps_its_job(alice: User, broker: Queue, recover: Any) -> None:
    job = make_job(alice)
    start(job)
    without_heartbeat(job, JUST_NOW)
    recover()
    job.refresh_from_db()
    assert (job.state, job.lost_attempts, broker.job_ids) == (JobState.RUNNING, 0, [])


def test_the_third_loss_ends_the_job(alice: User, broker: Queue, recover: Any) -> None:
    job = make_job(alice)
    for lost in (1, 2):
        start(job)
        without_heartbeat(job)
        recover()
        job.refresh_from_db()
        assert (job.state, job.lost_attempts) == (JobState.QUEUED, lost)
    start(job)
    without_heartbeat(job)
    recover()
    job.refresh_from_db()
    assert (job.state, job.error_code) == (JobState.ERRORED, "worker_lost")
    assert job.error_message == "The worker was lost 3 times while it worked on this job."
    assert broker.job_ids == [f"{job.pk}_1", f"{job.pk}_2"]


def test_a_loss_counts_once_however_many_see_it(alice: User, broker: Queue) -> None:
    job = make_job(alice)
    start(job)
    without_heartbeat(job)
    seen_by_two = [Job.objects.get(pk=job.pk) for _ in range(2)]
    for seen in seen_by_two:
        services.recover_lost(seen)
    job.refresh_from_db()
    assert (job.state, job.lost_attempts, job.delivery) == (JobState.QUEUED, 1, 1)


def test_trying_again_forgives_losses(alice: User, broker: Queue, recover: Any) -> None:
    job = make_job(alice, lost_attempts=2)
    start(job)
    without_heartbeat(job)
    recover()
    job.refresh_from_db()
    services.retry(job)
    start(job)
    without_heartbeat(job)
    recover()
    job.refresh_from_db()
    assert (job.state, job.lost_attempts) == (JobState.QUEUED, 1)


def test_a_lost_job_that_was_to_be_cancelled_is(alice: User, broker: Queue, recover: Any) -> None:
    job = make_job(alice)
    start(job)
    services.request_cancel(job)
    without_heartbeat(job)
    recover()
    job.refresh_from_db()
    assert (job.state, job.lost_attempts, broker.job_ids) == (JobState.CANCELLED, 0, [])


def test_what_the_broker_lost_is_delivered_again(
    alice: User, broker: Queue, recover: Any, caplog: pytest.LogCaptureFixture
) -> None:
    job = make_job(alice, delivery=4)
    waiting(job)
    with caplog.at_level(logging.WARNING, "jobs"):
        recover()
    job.refresh_from_db()
    assert (job.state, job.delivery) == (JobState.QUEUED, 5)
    assert broker.job_ids == [f"{job.pk}_5"]
    assert f"job {job.pk} waits, but the queue has lost it: delivered again" in caplog.messages


def test_what_the_broker_still_has_is_left_alone(
    alice: User, broker: Queue, recover: Any, django_capture_on_commit_callbacks: Any
) -> None:
    job = make_job(alice)
    with django_capture_on_commit_callbacks(execute=True):
        services.deliver(job)
    waiting(job)
    recover()
    recover()
    job.refresh_from_db()
    assert (job.delivery, broker.job_ids) == (1, [f"{job.pk}_1"])


def test_a_wiped_broker_gets_everything_back_once(
    alice: User, broker: Queue, recover: Any, django_capture_on_commit_callbacks: Any
) -> None:
    jobs = [make_job(alice) for _ in range(3)]
    with django_capture_on_commit_callbacks(execute=True):
        for job in jobs:
            services.deliver(job)
            waiting(job)
    broker.connection.flushall()
    recover()
    recover()
    assert sorted(broker.job_ids) == sorted(f"{job.pk}_2" for job in jobs)


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.FINISHED, JobStatus.STOPPED])
def test_a_delivery_that_came_to_nothing_is_repeated(
    alice: User, broker: Queue, recover: Any, django_capture_on_commit_callbacks: Any, status: Any
) -> None:
    """A worker that died between the queue and the claim leaves a row that waits and an entry
    that nobody will take."""
    job = make_job(alice)
    with django_capture_on_commit_callbacks(execute=True):
        services.deliver(job)
    waiting(job)
    [entry] = broker.jobs
    broker.remove(entry)
    entry.set_status(status)
    recover()
    job.refresh_from_db()
    assert (job.delivery, broker.job_ids) == (2, [f"{job.pk}_2"])


@pytest.mark.parametrize("status", [JobStatus.STARTED, JobStatus.QUEUED])
def test_a_delivery_under_way_is_not_repeated(
    alice: User, broker: Queue, recover: Any, django_capture_on_commit_callbacks: Any, status: Any
) -> None:
    job = make_job(alice)
    with django_capture_on_commit_callbacks(execute=True):
        services.deliver(job)
    waiting(job)
    broker.jobs[0].set_status(status)
    recover()
    job.refresh_from_db()
    assert job.delivery == 1


def test_a_job_that_just_came_is_not_asked_for(alice: User, broker: Queue, recover: Any) -> None:
    job = make_job(alice)
    waiting(job, BARELY_SEEN)
    recover()
    job.refresh_from_db()
    assert (job.delivery, broker.job_ids) == (0, [])


@pytest.mark.parametrize("state", [JobState.DONE, JobState.FAILED, JobState.CANCELLED])
def test_what_is_over_stays_over(alice: User, broker: Queue, recover: Any, state: JobState) -> None:
    job = make_ended(alice, state)
    waiting(job)
    without_heartbeat(job)
    recover()
    job.refresh_from_db()
    assert (job.state, broker.job_ids) == (state, [])


def test_without_a_broker_nothing_is_counted_as_delivered_twice(
    alice: User, recover: Any, caplog: pytest.LogCaptureFixture
) -> None:
    job = make_job(alice, delivery=1)
    waiting(job)
    with caplog.at_level(logging.WARNING, "scene3d"):
        recover()
    job.refresh_from_db()
    assert job.delivery == 1
    assert caplog.messages == ["the broker does not answer"]
