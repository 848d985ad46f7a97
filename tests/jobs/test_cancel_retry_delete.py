"""What people do with their jobs, and what is left of them."""

from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from rq import Queue

from accounts.models import User
from jobs import services
from jobs.errors import StateForbids
from jobs.models import Artifact, Job, JobEvent, Photo, StageRun
from jobs.services import TASK
from jobs.states import JobState
from tests.jobs.builders import make_done, make_ended, make_job, start, stored_files


def test_cancelling_a_waiting_job_ends_it_at_once(alice: User) -> None:
    job = make_job(alice)
    services.request_cancel(job)
    assert job.state == JobState.CANCELLED
    assert job.finished_at == job.cancel_requested_at is not None
    assert job.events.latest("id").data == {"state": "cancelled"}
    assert services.claim(job.pk) is None


def test_cancelling_a_running_job_asks_its_worker(alice: User) -> None:
    job = make_job(alice)
    lease = start(job)
    services.request_cancel(job)
    assert (job.state, job.finished_at) == (JobState.RUNNING, None)
    assert job.cancel_requested_at is not None
    services.mark_cancelled(lease)
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert (job.stage, job.heartbeat_at) == (None, None)
    assert job.finished_at is not None


def test_cancelling_twice_is_no_error_while_the_worker_stops(alice: User) -> None:
    job = make_job(alice)
    start(job)
    services.request_cancel(job)
    services.request_cancel(job)
    assert job.state == JobState.RUNNING


def test_a_worker_that_must_go_cancels_what_is_to_be_cancelled(alice: User) -> None:
    """Back in the queue it could never be claimed."""
    job = make_job(alice)
    lease = start(job)
    services.request_cancel(job)
    services.release(lease)
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


def test_a_released_job_waits_for_the_next_worker(
    alice: User, broker: Queue, django_capture_on_commit_callbacks: Any
) -> None:
    job = make_job(alice)
    queued_at = job.queued_at
    lease = start(job)
    services.begin_stage(lease, "extracting", 3)
    with django_capture_on_commit_callbacks(execute=True):
        services.release(lease)
    job.refresh_from_db()
    assert (job.state, job.stage, job.heartbeat_at) == (JobState.QUEUED, None, None)
    assert (job.attempt, job.lost_attempts, job.delivery) == (1, 0, 1)
    assert job.queued_at == queued_at  # it keeps its place in the queue
    assert broker.job_ids == [f"{job.pk}_1"]


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.ERRORED, JobState.CANCELLED])
def test_trying_again_starts_over(alice: User, state: JobState) -> None:
    job = make_ended(alice, state)
    Job.objects.filter(pk=job.pk).update(
        lost_attempts=2, stage_done=4, stage_total=5, stage_counts={"num_points": 3}
    )
    before = timezone.now()
    services.retry(job)
    assert job.state == JobState.QUEUED
    for field in ("started_at", "finished_at", "heartbeat_at", "cancel_requested_at", "stage",
                  "error_code", "error_message", "error_next_step", "traceback"):  # fmt: skip
        assert getattr(job, field) is None, field
    assert (job.error_evidence, job.lost_attempts) == ({}, 0)
    assert (job.stage_done, job.stage_total, job.stage_counts) == (0, 0, {})
    assert job.queued_at >= before
    assert job.attempt == 1  # the fence never goes back
    assert job.events.latest("id").data == {"state": "queued"}
    assert services.claim(job.pk) is not None


def test_trying_again_is_delivered_after_commit(
    alice: User, broker: Queue, django_capture_on_commit_callbacks: Any
) -> None:
    job = make_ended(alice, JobState.FAILED)
    with django_capture_on_commit_callbacks(execute=True):
        services.retry(job)
        assert broker.job_ids == []
    assert broker.job_ids == [f"{job.pk}_1"]
    [delivered] = broker.jobs
    assert (delivered.func_name, list(delivered.args), delivered.kwargs) == (
        TASK, [str(job.pk)], {},
    )  # fmt: skip


def test_deleting_removes_rows_and_files(
    alice: User, django_capture_on_commit_callbacks: Any
) -> None:
    job, other = make_done(alice), make_done(alice, name="Other")
    files = stored_files()
    with django_capture_on_commit_callbacks(execute=True):
        services.delete(job)
        assert stored_files() == files  # not before the rows are gone for good
    assert not Job.objects.filter(pk=job.pk).exists()
    for model in (Photo, Artifact, StageRun, JobEvent):
        assert set(model.objects.values_list("job", flat=True)) == {other.pk}
    assert stored_files() == [path for path in files if not path.startswith(str(job.pk))]
    folders = [path.name for path in settings.DATA_DIR.joinpath("jobs").iterdir()]
    assert folders == [str(other.pk)]


def test_deleting_a_waiting_job_takes_it_from_the_workers(
    alice: User, django_capture_on_commit_callbacks: Any
) -> None:
    job = make_job(alice)
    with django_capture_on_commit_callbacks(execute=True):
        services.delete(job)
    assert services.claim(job.pk) is None
    assert stored_files() == []


def test_deleting_a_running_job_is_refused_and_touches_no_file(
    alice: User, django_capture_on_commit_callbacks: Any
) -> None:
    job = make_job(alice)
    start(job)
    files = stored_files()
    with (
        django_capture_on_commit_callbacks(execute=True) as callbacks,
        pytest.raises(StateForbids),
    ):
        services.delete(job)
    assert callbacks == []
    assert stored_files() == files
    assert len(files) == 3
