"""What Prometheus sees, for rows of which every number is known."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from jobs.metrics import JobCollector
from jobs.models import Photo, Worker
from jobs.states import JobState, PhotoStatus
from tests.jobs.builders import STAGE_SECONDS, make_done, make_in_state, make_job

pytestmark = pytest.mark.django_db

Samples = dict[tuple[str, tuple[str, ...]], float]


def samples() -> Samples:
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in JobCollector().collect()
        for sample in family.samples
    }


def of(family: str) -> dict[tuple[str, ...], float]:
    return {labels: value for (name, labels), value in samples().items() if name == family}


def test_a_new_server_shows_zeros_not_gaps() -> None:
    expected: Samples = {("scene3d_jobs", (state,)): 0 for state in JobState.values}
    expected |= {("scene3d_photos", (status,)): 0 for status in PhotoStatus.values}
    expected |= {
        ("scene3d_queue_oldest_seconds", ()): 0,
        ("scene3d_reprojection_error_pixels", ()): 0,
        ("scene3d_workers", ()): 0,
    }
    assert samples() == expected


def test_jobs_by_state(alice: User, bob: User) -> None:
    for owner, state, count in ((alice, "queued", 2), (bob, "queued", 1), (bob, "failed", 2)):
        for _ in range(count):
            make_in_state(owner, JobState(state))
    assert of("scene3d_jobs") == {
        ("queued",): 3, ("running",): 0, ("done",): 0, ("failed",): 2, ("errored",): 0,
        ("cancelled",): 0,
    }  # fmt: skip


def test_errors_by_code(alice: User) -> None:
    for state, code in (("failed", "no_images"), ("failed", "no_images"),
                        ("errored", "native_crash"), ("cancelled", None)):  # fmt: skip
        make_job(alice, state=state, error_code=code, num_photos=0)
    assert of("scene3d_job_errors") == {
        ("failed", "no_images"): 2,
        ("errored", "native_crash"): 1,
    }


def test_how_long_the_oldest_job_has_waited(alice: User) -> None:
    for state, age_s in (("queued", 100), ("queued", 40), ("running", 900)):
        make_job(alice, state=state, queued_at=timezone.now() - timedelta(seconds=age_s))
    assert of("scene3d_queue_oldest_seconds")[()] == pytest.approx(100, abs=5)


def test_photos_and_their_error(alice: User) -> None:
    job = make_job(alice, num_photos=5)
    for index, (status, error_px) in enumerate(
        [("registered", 0.4), ("registered", 0.8), ("not_registered", None), ("rejected", None)]
    ):
        Photo.objects.filter(job=job, index=index).update(status=status, mean_error_px=error_px)
    assert of("scene3d_photos") == {
        ("uploaded",): 1, ("accepted",): 0, ("rejected",): 1, ("registered",): 2,
        ("not_registered",): 1,
    }  # fmt: skip
    assert of("scene3d_reprojection_error_pixels")[()] == pytest.approx(0.6)


def test_time_in_stages(alice: User) -> None:
    for _ in range(2):
        make_done(alice, num_photos=4)
    assert of("scene3d_stage_seconds_sum") == {
        (stage,): 2 * seconds for stage, seconds in STAGE_SECONDS.items()
    }
    assert of("scene3d_stage_units_sum") == {
        ("checking",): 8, ("extracting",): 8, ("matching",): 12, ("mapping",): 8,
        ("dense",): 8, ("exporting",): 8,
    }  # fmt: skip


def test_workers_that_beat_and_what_they_loaded() -> None:
    Worker.objects.create(name="a", network_loads={"aliked-n16": 1, "lightglue": 2})
    Worker.objects.create(name="b", network_loads={"aliked-n16": 1})
    Worker.objects.create(
        name="gone", network_loads={"x": 1}, heartbeat_at=timezone.now() - timedelta(minutes=1)
    )
    assert of("scene3d_workers") == {(): 2}
    assert of("scene3d_network_loads_total") == {
        ("a", "aliked-n16"): 1, ("a", "lightglue"): 2, ("b", "aliked-n16"): 1,
    }  # fmt: skip


def test_without_a_database_there_are_no_numbers_and_no_error() -> None:
    def away(*_: Any) -> Any:
        raise DatabaseError("the database is away")

    with connection.execute_wrapper(away):
        assert list(JobCollector().collect()) == []


def test_the_scrape_has_our_families(alice: User, client: Client) -> None:
    make_done(alice)
    make_in_state(alice, JobState.FAILED)
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    lines = response.content.decode().splitlines()
    for line in (
        "# TYPE scene3d_jobs gauge",
        'scene3d_jobs{state="done"} 1.0',
        'scene3d_jobs{state="failed"} 1.0',
        'scene3d_jobs{state="queued"} 0.0',
        'scene3d_job_errors{code="insufficient_overlap",state="failed"} 1.0',
        'scene3d_photos{status="registered"} 2.0',
        'scene3d_photos{status="uploaded"} 3.0',
        "scene3d_reprojection_error_pixels 0.5",
        'scene3d_stage_seconds_sum{stage="extracting"} 30.0',
        "scene3d_workers 0.0",
    ):
        assert line in lines
    assert any(line.startswith("django_http_requests_total_by_method_total") for line in lines)
