"""What Prometheus sees, for rows of which every number is known."""

from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from jobs import services, tallies
from jobs.machine import read_gpus, read_machine
from jobs.metrics import JobCollector
from jobs.models import Job, Photo
from jobs.reconciler import recover_jobs
from jobs.states import TERMINAL, JobStage, JobState, PhotoStatus
from jobs.worker_models import Worker
from mlops import lifecycle
from mlops.models import Experiment
from tests.jobs.builders import (
    STAGE_SECONDS,
    make_done,
    make_in_state,
    make_job,
    make_report,
    start,
)
from tests.mlops.experiments import waiting

pytestmark = pytest.mark.django_db

Samples = dict[tuple[str, tuple[str, ...]], float]
PHOTO_KINDS = ("uploaded", "valid", "registered")
BOUNDS = ["10", "30", "60", "120", "180", "300", "600", "900", "+Inf"]
DISK = ("scene3d_data_free_bytes", "scene3d_data_total_bytes")


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
    for queue in ("reconstruction", "experiments"):
        expected |= {
            ("scene3d_queue_depth", (queue,)): 0,
            ("scene3d_queue_oldest_seconds", (queue,)): 0,
        }
    expected |= {("scene3d_jobs_ended_total", (state,)): 0 for state in TERMINAL}
    expected |= {("scene3d_job_photos_total", (kind,)): 0 for kind in PHOTO_KINDS}
    for stage in JobStage.values:
        expected |= {
            ("scene3d_stage_seconds_total", (stage,)): 0,
            ("scene3d_stage_units_total", (stage,)): 0,
        }
    expected |= {("scene3d_job_seconds_bucket", (bound,)): 0 for bound in BOUNDS}
    expected |= {
        ("scene3d_job_seconds_count", ()): 0,
        ("scene3d_job_seconds_sum", ()): 0,
        ("scene3d_reprojection_error_pixels", ()): 0,
        ("scene3d_workers", ()): 0,
        ("scene3d_model_server_ready", ()): 0,
        ("scene3d_reconciler_heartbeat_timestamp_seconds", ()): 0,
        ("scene3d_fenced_publishes_total", ()): 0,
    }
    found = samples()
    disk = {name: found.pop((name, ())) for name in DISK}
    assert found == expected
    assert 0 < disk["scene3d_data_free_bytes"] <= disk["scene3d_data_total_bytes"]


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
    experiment = waiting()
    Experiment.objects.update(created_at=timezone.now() - timedelta(days=9))
    lifecycle.request_cancel(experiment.pk)
    lifecycle.requeue(experiment.pk)  # waits anew, however old it is
    assert of("scene3d_queue_oldest_seconds") == {
        ("reconstruction",): pytest.approx(100, abs=5), ("experiments",): pytest.approx(0, abs=5),
    }  # fmt: skip
    assert of("scene3d_queue_depth") == {("reconstruction",): 2, ("experiments",): 1}


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
    assert of("scene3d_stage_seconds_total") == {
        (stage,): 2 * seconds for stage, seconds in STAGE_SECONDS.items()
    }
    assert of("scene3d_stage_units_total") == {
        ("checking",): 8, ("extracting",): 8, ("matching",): 12, ("mapping",): 8,
        ("dense",): 8, ("exporting",): 8,
    }  # fmt: skip


def test_counters_outlive_the_jobs_that_they_count(alice: User) -> None:
    """Prometheus would take a fall for a new beginning, and add everything once more."""
    done = make_done(alice, num_photos=4)
    failed = make_in_state(alice, JobState.FAILED)
    growing = {name for name, _ in samples() if name.endswith(("_total", "_bucket", "_sum"))}
    before = {key: value for key, value in samples().items() if key[0] in growing}
    assert before["scene3d_jobs_ended_total", ("done",)] == 1
    assert before["scene3d_job_photos_total", ("registered",)] == 3
    assert before["scene3d_job_photos_total", ("valid",)] == 4
    assert before["scene3d_job_photos_total", ("uploaded",)] == 7
    services.delete(done)
    services.retry(failed)
    assert {key: value for key, value in samples().items() if key[0] in growing} == before
    start(failed)
    services.mark_cancelled(services.Lease(job_id=failed.pk, attempt=2))
    assert of("scene3d_jobs_ended_total") == {
        ("done",): 1, ("failed",): 1, ("errored",): 0, ("cancelled",): 1,
    }  # fmt: skip
    assert of("scene3d_registered_ratio") == {(): 0.75}


@pytest.mark.parametrize(
    ("seconds", "bound"), [(0.2, "10"), (10, "10"), (10.5, "30"), (900, "900"), (901, "+Inf")]
)
def test_how_long_jobs_take(alice: User, seconds: float, bound: str) -> None:
    job = make_job(alice)
    lease = start(job)
    Job.objects.update(started_at=timezone.now() - timedelta(seconds=seconds))
    with patch_now(Job.objects.get().started_at, seconds):
        services.finish(lease, make_report().model_dump(mode="json"), {})
    place = BOUNDS.index(bound)
    assert list(of("scene3d_job_seconds_bucket").values()) == [
        float(index >= place) for index in range(len(BOUNDS))
    ]
    assert of("scene3d_job_seconds_sum")[()] == pytest.approx(seconds, abs=1e-3)
    assert of("scene3d_job_seconds_count") == {(): 1}


def patch_now(start_at: datetime | None, seconds: float) -> Any:
    """The clock shows so many seconds after the start."""
    assert start_at is not None
    return patch("django.utils.timezone.now", lambda: start_at + timedelta(seconds=seconds))


def test_ready_is_who_can_run_a_preset() -> None:
    Worker.objects.create(name="starting")
    Worker.objects.create(name="bare", capabilities={"presets": {"quick": False}})
    assert of("scene3d_model_server_ready") == {(): 0}
    Worker.objects.create(name="able", capabilities={"presets": {"quick": True, "x": False}})
    assert of("scene3d_model_server_ready") == {(): 1}


def test_graphics_cards_where_a_worker_sees_some() -> None:
    card = {
        "index": 0, "name": "H100", "memory_used_bytes": 2e9, "memory_total_bytes": 8e10,
        "utilization": None,
    }  # fmt: skip
    Worker.objects.create(name="bare")
    assert not any(name.startswith("scene3d_gpu") for name, _ in samples())
    cards = [card, {**card, "index": 1, "utilization": 0.5}]
    Worker.objects.create(name="a", machine={"gpus": cards})
    assert of("scene3d_gpu_memory_used_bytes") == {
        ("a", "0", "H100"): 2e9, ("a", "1", "H100"): 2e9,
    }  # fmt: skip
    assert of("scene3d_gpu_utilization_ratio") == {("a", "1", "H100"): 0.5}


def test_what_this_machine_says_is_plausible() -> None:
    machine = read_machine()
    assert 0 < machine["memory_available_bytes"] < machine["memory_total_bytes"] < 1e14
    assert 0 <= machine["load"] < 100
    Worker.objects.create(name="a", machine=machine)
    assert of("scene3d_worker_memory_total_bytes") == {("a",): machine["memory_total_bytes"]}
    assert of("scene3d_worker_load_ratio") == {("a",): machine["load"]}
    for card in read_gpus():
        assert 0 <= card["memory_used_bytes"] <= card["memory_total_bytes"]
        assert card["utilization"] is None or 0 <= card["utilization"] <= 1


def test_results_that_came_too_late_are_counted() -> None:
    tallies.count_fenced()
    tallies.count_fenced()
    assert of("scene3d_fenced_publishes_total") == {(): 2}


def test_whoever_looks_after_lost_jobs_leaves_a_time() -> None:
    before = timezone.now().timestamp()
    recover_jobs()
    [beat] = of("scene3d_reconciler_heartbeat_timestamp_seconds").values()
    assert before <= beat <= timezone.now().timestamp()


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
        'scene3d_stage_seconds_total{stage="extracting"} 30.0',
        'scene3d_experiments{state="queued"} 0.0',
        "scene3d_configuration_version 0.0",
        "scene3d_workers 0.0",
    ):
        assert line in lines
    assert any(line.startswith("django_http_requests_total_by_method_total") for line in lines)
    types = [line for line in lines if line.startswith("# TYPE")]
    assert len(types) == len(set(types))


def test_with_a_token_only_who_knows_it_reads_metrics(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = "prometheus-knows"
    for given in (None, "Bearer", "Bearer wrong", "Basic prometheus-knows", "Bearer prometheus"):
        response = client.get("/metrics", headers={"Authorization": given} if given else {})
        assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
        assert response.json()["code"] == "metrics_token_needed"
        assert b"scene3d_jobs" not in response.content
    response = client.get("/metrics", headers={"Authorization": "bearer prometheus-knows"})
    assert response.status_code == 200
