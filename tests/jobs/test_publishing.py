"""Ends of an attempt: a whole result or none, and what people and operators learn."""

from typing import Any

import pytest
from django.db import IntegrityError

from accounts.models import User
from jobs import services
from jobs.files import StoredFile
from jobs.models import Artifact, Job, Photo
from jobs.states import JobState
from tests.jobs.builders import STAGE_SECONDS, TRACEBACK, make_ended, make_job, make_report, start

FILES = {
    "points.ply": (StoredFile(path="p/points.ply", num_bytes=7, sha256="a" * 64), "model/ply"),
    "report.json": (StoredFile(path="p/report.json", num_bytes=9, sha256="b" * 64), "text/json"),
}


@pytest.fixture
def running(alice: User) -> Job:
    job = make_job(alice)
    start(job)
    return job


def finish(job: Job, report: dict[str, Any] | None = None, attempt: int | None = None) -> bool:
    lease = services.Lease(job_id=job.pk, attempt=attempt or job.attempt)
    return services.finish(lease, report or make_report().model_dump(mode="json"), FILES)


def test_finishing_publishes_everything(running: Job) -> None:
    services.begin_stage(services.Lease(job_id=running.pk, attempt=1), "exporting", 1)
    assert finish(running)
    running.refresh_from_db()
    assert (running.state, running.stage, running.heartbeat_at) == (JobState.DONE, None, None)
    assert running.finished_at is not None
    assert running.report == make_report().model_dump(mode="json")
    assert running.counts["num_points"] == 12_345
    assert [row["index"] for row in running.model_rows] == [0]
    assert list(running.artifacts.values_list("name", "path", "num_bytes", "sha256")) == [
        ("points.ply", "p/points.ply", 7, "a" * 64),
        ("report.json", "p/report.json", 9, "b" * 64),
    ]


def test_finishing_fills_the_photos_rows(running: Job) -> None:
    finish(running)
    fields = ("index", "status", "reason", "num_observations", "mean_error_px", "focal_px", "model")
    assert list(running.photos.values_list(*fields)) == [
        (0, "registered", None, 1234, 0.5, 96.0, 0),
        (1, "registered", None, 1234, 0.5, 96.0, 0),
        (2, "not_registered", "no_partner", None, None, 96.0, None),
    ]
    assert set(running.photos.values_list("width_px", "height_px", "num_keypoints")) == {
        (80, 64, 1000)
    }


def test_finishing_keeps_stage_times_with_their_units(running: Job) -> None:
    finish(running)
    units = {
        "checking": 3,
        "extracting": 3,
        "matching": 3,
        "mapping": 3,
        "dense": 3,
        "exporting": 3,
    }
    assert list(running.stage_runs.values_list("stage", "seconds", "num_units")) == [
        (stage, seconds, units[stage]) for stage, seconds in STAGE_SECONDS.items()
    ]


def test_units_are_photos_pairs_and_readable_photos(alice: User) -> None:
    job = make_job(alice, num_photos=5)
    start(job)
    report = make_report(5).model_dump(mode="json")
    report["counts"] |= {"num_accepted": 4, "num_pairs": 6}
    finish(job, report)
    assert dict(job.stage_runs.values_list("stage", "num_units")) == {
        "checking": 5, "extracting": 4, "matching": 6, "mapping": 4, "dense": 4, "exporting": 4,
    }  # fmt: skip


BREAKS: dict[str, tuple[str, int, str, Any]] = {
    "in-the-photos": ("photos", 1, "num_observations", -1),
    "in-the-stages": ("stages", 5, "seconds", None),
}


@pytest.mark.parametrize("part", BREAKS)
def test_an_error_half_way_publishes_nothing(running: Job, part: str) -> None:
    row = Job.objects.filter(pk=running.pk).values().get()
    report = make_report().model_dump(mode="json")
    name, index, field, refused_by_the_database = BREAKS[part]
    report[name][index][field] = refused_by_the_database
    with pytest.raises(IntegrityError):
        finish(running, report)
    assert Job.objects.filter(pk=running.pk).values().get() == row
    assert not running.artifacts.exists()
    assert not running.stage_runs.exists()
    assert set(running.photos.values_list("status", flat=True)) == {"uploaded"}
    assert list(running.events.values_list("data__state", flat=True)) == ["running"]
    assert finish(running)  # and the attempt can still be brought to its end


def test_a_second_result_replaces_the_first_ones_rows(running: Job) -> None:
    """As when a row is put back by hand; two results never mix."""
    finish(running)
    Job.objects.filter(pk=running.pk).update(state=JobState.RUNNING)
    lease = services.Lease(job_id=running.pk, attempt=1)
    only = {"points.ply": FILES["points.ply"]}
    assert services.finish(lease, make_report().model_dump(mode="json"), only)
    assert [artifact.name for artifact in Artifact.objects.all()] == ["points.ply"]
    assert running.stage_runs.count() == len(STAGE_SECONDS)
    assert Photo.objects.count() == 3


def test_a_failure_tells_people_what_to_do(alice: User) -> None:
    job = make_ended(alice, JobState.FAILED)
    assert job.error_code == "insufficient_overlap"
    assert job.error_message == "No two photos show enough of the same place."
    assert job.error_next_step == "Take more photos between these positions."
    assert job.error_evidence == {"best_pair": ["a.jpg", "b.jpg"], "best_pair_num_inliers": 7}
    assert (job.traceback, job.report) == (None, None)


def test_a_fault_of_ours_keeps_its_traceback(alice: User) -> None:
    job = make_ended(alice, JobState.ERRORED)
    assert (job.error_code, job.traceback) == ("native_crash", TRACEBACK)
    assert job.error_next_step is not None
    assert "tell the operator" in job.error_next_step
    assert job.error_evidence == {}


def test_events_come_in_order_and_progress_goes_at_the_end(running: Job) -> None:
    lease = services.Lease(job_id=running.pk, attempt=1)
    services.begin_stage(lease, "checking", 3)
    services.record_progress(lease, done=1, counts={"num_accepted": 1})
    services.record_checked_photos(lease, [{"index": 0, "status": "accepted"}])
    services.begin_stage(lease, "extracting", 3)
    services.record_progress(lease, done=2, counts={})
    assert [(event.kind, event.data) for event in running.events.all()] == [
        ("state", {"state": "running", "attempt": 1}),
        ("stage", {"stage": "checking", "total": 3}),
        ("progress", {"done": 1, "counts": {"num_accepted": 1}}),
        ("photos", {"num_checked": 1}),
        ("stage", {"stage": "extracting", "total": 3}),
        ("progress", {"done": 2, "counts": {}}),
    ]
    services.fail(lease, code="no_images", message="", next_step="", evidence={})
    assert [(event.kind, event.data) for event in running.events.all()] == [
        ("state", {"state": "running", "attempt": 1}),
        ("stage", {"stage": "checking", "total": 3}),
        ("photos", {"num_checked": 1}),
        ("stage", {"stage": "extracting", "total": 3}),
        ("state", {"state": "failed", "error_code": "no_images"}),
    ]
    ids = list(running.events.values_list("pk", flat=True))
    assert ids == sorted(ids)
