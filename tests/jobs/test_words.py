"""Times in words, and the tracker's steps."""

from datetime import timedelta

import pytest

from accounts.models import User
from jobs import services
from jobs.stage_view import stage_steps
from jobs.states import STAGE_UNITS, JobStage, JobState
from jobs.templatetags.job_words import duration, seconds
from scene3d.engine.public import STAGES
from tests.jobs.builders import STAGE_SECONDS, make_done, make_ended, make_job, start


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "1 s"), (0.4, "1 s"), (1.6, "2 s"), (59.4, "59 s"), (59.9, "1 min"),
        (60, "1 min"), (89, "1 min"),
        (91, "2 min"), (3569, "59 min"), (3600, "1 h 0 min"), (11_100, "3 h 5 min"),
    ],
)  # fmt: skip
def test_seconds(value: float, words: str) -> None:
    assert seconds(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "–"),
        (timedelta(), "1 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(seconds=61), "1 min 1 s"),
        (timedelta(seconds=599.4), "9 min 59 s"),
        (timedelta(seconds=600), "10 min"),
        (timedelta(hours=2, minutes=30), "2 h 30 min"),
    ],
)
def test_duration(value: timedelta | None, words: str) -> None:
    assert duration(value) == words


def test_stages_are_the_engines() -> None:
    assert tuple(JobStage.values) == STAGES
    assert set(STAGE_UNITS) == set(STAGES)


def test_steps_have_titles_and_units(alice: User) -> None:
    assert [(step.stage, step.title, step.unit) for step in stage_steps(make_job(alice))] == [
        ("checking", "Checking photos", "photos"),
        ("extracting", "Finding details", "photos"),
        ("matching", "Comparing photos", "comparisons"),
        ("mapping", "Placing cameras", "photos"),
        ("dense", "Filling in surfaces", "photos"),
        ("exporting", "Saving the result", "models"),
    ]


@pytest.mark.parametrize(
    ("stage", "states"),
    [
        (None, ["waiting"] * 6),
        ("checking", ["working", *["waiting"] * 5]),
        ("matching", ["done", "done", "working", *["waiting"] * 3]),
        ("exporting", [*["done"] * 5, "working"]),
    ],
)
def test_steps_of_a_running_job(alice: User, stage: str | None, states: list[str]) -> None:
    job = make_job(alice)
    lease = start(job)
    if stage:
        services.begin_stage(lease, stage, 3)
        job.refresh_from_db()
    assert [step.state for step in stage_steps(job)] == states


def test_steps_of_a_finished_job_tell_their_time(alice: User) -> None:
    steps = stage_steps(make_done(alice))
    assert {step.stage: step.seconds for step in steps} == STAGE_SECONDS
    assert {step.state for step in steps} == {"done"}


def test_a_job_that_waits_again_shows_no_old_times(alice: User) -> None:
    steps = stage_steps(make_ended(alice, JobState.FAILED))
    assert {step.seconds for step in steps} == {None}


def test_where_a_job_stopped(alice: User) -> None:
    """A row that still names its stage, as one does that was put aside by hand."""
    job = make_job(alice, state=JobState.FAILED, stage="matching")
    assert [step.state for step in stage_steps(job)] == [
        "done", "done", "stopped", "waiting", "waiting", "waiting",
    ]  # fmt: skip
