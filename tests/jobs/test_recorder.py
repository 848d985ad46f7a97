"""Progress into the database, requests to stop out of it."""

import time
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from jobs import recorder as recorder_module
from jobs import services
from jobs.models import Job
from jobs.recorder import LeaseLost, Recorder, WorkerStopping
from jobs.services import Lease
from scene3d.background.workers import stop_requested
from scene3d.engine.public import PRESETS, Cancelled, TimeLimitReached
from scene3d.engine.workspace import Workspace
from tests.jobs.builders import make_job, start

PATIENCE_S = 5.0


def recorder_of(lease: Lease, folder: Path) -> Recorder:
    return Recorder(lease, Workspace(folder), PRESETS["quick"].options)


def progress_events(job: Job) -> list[int]:
    return list(job.events.filter(kind="progress").values_list("data__done", flat=True))


def test_progress_is_written_twice_a_second_at_most(alice: User, tmp_path: Path) -> None:
    job = make_job(alice)
    recorder = recorder_of(start(job), tmp_path)
    recorder.begin("extracting", 100)
    for done in range(1, 20):
        recorder.update(done, num_keypoints=done)
    assert progress_events(job) == [1]
    recorder._written_s -= 0.5
    recorder.update(20)
    assert progress_events(job) == [1, 20]


def test_a_new_stages_first_step_shows_at_once(alice: User, tmp_path: Path) -> None:
    job = make_job(alice)
    recorder = recorder_of(start(job), tmp_path)
    for stage in ("checking", "extracting"):
        recorder.begin(stage, 3)
        recorder.update(1)
    assert progress_events(job) == [1, 1]


def test_nothing_stops_a_job_that_is_wanted(alice: User, tmp_path: Path) -> None:
    recorder_of(start(make_job(alice)), tmp_path).check()


def test_a_worker_that_must_go_stops_the_job(alice: User, tmp_path: Path) -> None:
    recorder = recorder_of(start(make_job(alice)), tmp_path)
    stop_requested.set()
    try:
        with pytest.raises(WorkerStopping):
            recorder.check()
    finally:
        stop_requested.clear()


def test_a_job_over_its_time_is_stopped(alice: User, tmp_path: Path, limits: Any) -> None:
    limits(job_time_limit_min=2)
    recorder = recorder_of(start(make_job(alice)), tmp_path)
    recorder._started_s = time.monotonic() - 119
    recorder.check()
    recorder._started_s -= 2
    with pytest.raises(TimeLimitReached, match="longer than 2 minutes"):
        recorder.check()


def until_cancelled(recorder: Recorder) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline_s:
        recorder.check()
        time.sleep(0.01)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("reason", ["cancel", "taken-over", "deleted"])
def test_the_heartbeat_notices_that_a_job_is_not_wanted(
    alice: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    monkeypatch.setattr(recorder_module, "_HEARTBEAT_S", 0.02)
    job = make_job(alice)
    with recorder_of(start(job), tmp_path) as recorder:
        time.sleep(0.1)
        recorder.check()
        if reason == "cancel":
            services.request_cancel(job)
        elif reason == "taken-over":
            Job.objects.filter(pk=job.pk).update(attempt=2)
        else:
            Job.objects.filter(pk=job.pk).delete()
        with pytest.raises(Cancelled if reason == "cancel" else LeaseLost):
            until_cancelled(recorder)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_heartbeat_keeps_the_lease_while_one_stage_takes_long(
    alice: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "_HEARTBEAT_S", 0.02)
    job = make_job(alice)
    lease = start(job)
    first = job.heartbeat_at
    assert first is not None
    with recorder_of(lease, tmp_path):
        time.sleep(0.2)
    job.refresh_from_db()
    assert job.heartbeat_at is not None
    assert job.heartbeat_at > first
