"""How far a job is, and how long it will still take."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from jobs.estimates import estimate, learned_seconds, queue_wait_s, stage_units
from jobs.models import Job, StageRun
from jobs.states import JobState
from tests.jobs.builders import make_done, make_job
from tests.jobs.uploading import JOBS

LEARNED = {"checking": 1.0, "extracting": 10.0, "matching": 2.0, "mapping": 4.0, "exporting": 1.0}
"""Seconds per unit; with 4 photos: 4, 40, 12, 16 and 4 seconds."""
TOTAL_S = 76


def job_in(stage: str | None, done: int = 0, total: int = 4, elapsed_s: float | None = None) -> Job:
    started = None if elapsed_s is None else timezone.now() - timedelta(seconds=elapsed_s)
    return Job(
        state=JobState.RUNNING,
        num_photos=4,
        stage=stage,
        stage_done=done,
        stage_total=total,
        stage_started_at=started,
    )


@pytest.mark.parametrize(
    ("num_photos", "strategy", "pairs"),
    [
        (0, "auto", 1),
        (1, "auto", 1),
        (2, "auto", 1),
        (3, "auto", 3),
        (20, "auto", 190),
        (60, "auto", 1770),
        (61, "auto", 1525),  # 25 each
        (61, "exhaustive", 1830),
        (61, "sequential", 305),
        (61, "similar", 1220),
    ],
)
def test_units_are_photos_and_pairs(num_photos: int, strategy: str, pairs: int) -> None:
    others = dict.fromkeys(("checking", "extracting", "mapping", "exporting"), num_photos)
    job = Job(num_photos=num_photos, options={"pairs": {"strategy": strategy}})
    assert stage_units(job) == {**others, "matching": pairs}


@pytest.mark.parametrize(
    ("stage", "done", "total", "percent", "eta_s"),
    [
        (None, 0, 0, 0, 76),
        ("checking", 0, 4, 0, 76),
        ("extracting", 0, 4, 5, 72),  # 4 / 76
        ("matching", 0, 6, 57, 32),  # 44 / 76
        ("mapping", 0, 4, 73, 20),  # 56 / 76
        ("exporting", 0, 1, 94, 4),  # 72 / 76
        ("exporting", 1, 1, 99, 0),  # never 100 before the end
    ],
)
def test_what_was_learned_tells_where_a_job_is(
    stage: str | None, done: int, total: int, percent: int, eta_s: int
) -> None:
    known = estimate(job_in(stage, done, total), LEARNED)
    assert (known.percent, known.eta_s) == (percent, eta_s)


@pytest.mark.parametrize(
    ("stage", "done", "total", "percent"),
    [("checking", 2, 4, 1), ("extracting", 2, 4, 23), ("matching", 3, 6, 55), ("mapping", 4, 4, 98),
     ("exporting", 0, 0, 98)],
)  # fmt: skip
def test_before_anything_was_learned_there_is_a_share_but_no_time(
    stage: str, done: int, total: int, percent: int
) -> None:
    known = estimate(job_in(stage, done, total), {})
    assert (known.percent, known.eta_s) == (percent, None)


@pytest.mark.parametrize(
    ("done", "elapsed_s", "eta_s"),
    [
        (0, 10, 30 + 32),  # nothing done: what was learned, less what has passed
        (0, 100, 0 + 32),  # slower than learned: it cannot take less than nothing
        (4, 30, 30 + 32),  # half done in 30 s: as long again
        (6, 30, 10 + 32),  # three quarters done in 30 s
        (8, 30, 0 + 32),
    ],
)
def test_a_stages_own_pace_counts_once_it_says_enough(
    done: int, elapsed_s: int, eta_s: int
) -> None:
    known = estimate(job_in("extracting", done, 8, elapsed_s), LEARNED)
    assert known.eta_s == pytest.approx(eta_s, abs=1)


def test_more_done_than_there_was_is_all_of_it() -> None:
    assert estimate(job_in("extracting", 9, 4), LEARNED).percent == 57


def test_a_waiting_job_takes_the_whole_time() -> None:
    known = estimate(Job(state=JobState.QUEUED, num_photos=4), LEARNED)
    assert (known.percent, known.eta_s) == (0, TOTAL_S)


def test_nothing_is_learned_from_nothing(db: None) -> None:
    assert learned_seconds("f") == {}


def add_runs(owner: User, seconds: float, fingerprint: str = "f", **fields: Any) -> None:
    values: dict[str, Any] = {
        "state": JobState.DONE, "finished_at": timezone.now(), "num_photos": 0,
    }  # fmt: skip
    job = make_job(owner, **values | fields, options_fingerprint=fingerprint)
    StageRun.objects.create(job=job, stage="extracting", seconds=seconds, num_units=10)


def test_the_median_is_learned_per_unit(alice: User) -> None:
    for seconds in (10.0, 20.0, 90.0):
        add_runs(alice, seconds)
    assert learned_seconds("f") == {"extracting": 2.0}


def test_jobs_with_the_same_options_count_first(alice: User) -> None:
    add_runs(alice, 10.0, "mine")
    add_runs(alice, 500.0, "other")
    assert learned_seconds("mine") == {"extracting": 1.0}
    assert learned_seconds("new") == {"extracting": 25.5}


def test_only_the_last_twenty_jobs_count(alice: User) -> None:
    long_ago = timezone.now() - timedelta(days=1)
    for _ in range(3):
        add_runs(alice, 999.0, finished_at=long_ago)
    for _ in range(20):
        add_runs(alice, 10.0)
    assert learned_seconds("f") == {"extracting": 1.0}


def test_a_stage_without_units_does_not_divide_by_zero(alice: User) -> None:
    job = make_job(alice, state=JobState.DONE, num_photos=0, options_fingerprint="f")
    StageRun.objects.create(job=job, stage="mapping", seconds=3.0, num_units=0)
    assert learned_seconds("f") == {"mapping": 3.0}


def test_waiting_is_the_time_of_all_that_come_before(alice: User) -> None:
    make_done(alice)  # 61.5 s for three photos: 3 + 30 + 6 + 12 + 9 + 1.5
    now = timezone.now()
    first = make_job(alice, queued_at=now)
    second = make_job(alice, queued_at=now + timedelta(seconds=1))
    third = make_job(alice, queued_at=now + timedelta(seconds=2))
    assert [queue_wait_s(job) for job in (first, second, third)] == [0, 62, 124]
    Job.objects.filter(pk=first.pk).update(
        state=JobState.RUNNING, stage="mapping", stage_done=0, stage_total=3
    )
    assert [queue_wait_s(job) for job in (second, third)] == [22, 84]


def test_without_experience_the_wait_is_unknown(alice: User) -> None:
    first = make_job(alice)
    second = make_job(alice, queued_at=timezone.now() + timedelta(seconds=1))
    assert (queue_wait_s(first), queue_wait_s(second)) == (0, None)


def test_people_see_their_wait_and_their_work(alice: User, alice_api: APIClient) -> None:
    make_done(alice)
    make_job(alice, name="before")
    job = make_job(alice, queued_at=timezone.now() + timedelta(seconds=1))
    progress = alice_api.get(f"{JOBS}{job.pk}/").json()["progress"]
    assert (progress["percent"], progress["eta_s"]) == (0, 62 + 62)
