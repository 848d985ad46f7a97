"""Every action in every state: what is legal happens, anything else changes nothing."""

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import pytest

from accounts.models import User
from jobs import services
from jobs.errors import StateForbids
from jobs.files import StoredFile
from jobs.models import Job
from jobs.services import Lease
from jobs.states import ACTIVE, RETRYABLE, TERMINAL, JobState
from tests.jobs.builders import make_in_state, make_report, stored_files

QUEUED, RUNNING, DONE, FAILED, ERRORED, CANCELLED = JobState
GONE = "gone"


def lease_of(job: Job) -> Lease:
    return Lease(job_id=job.pk, attempt=job.attempt)


WORKERS_ACTIONS: Mapping[str, Callable[[Job], object]] = {
    "claim": lambda job: services.claim(job.pk),
    "finish": lambda job: services.finish(lease_of(job), make_report().model_dump(mode="json"), {}),
    "fail": lambda job: services.fail(
        lease_of(job), code="x", message="m", next_step="n", evidence={}
    ),
    "mark_errored": lambda job: services.mark_errored(
        lease_of(job), code="x", message="m", traceback="t"
    ),
    "mark_cancelled": lambda job: services.mark_cancelled(lease_of(job)),
    "release": lambda job: services.release(lease_of(job)),
    "begin_stage": lambda job: services.begin_stage(lease_of(job), "mapping", 5),
    "record_progress": lambda job: services.record_progress(lease_of(job), done=2, counts={}),
    "record_growth": lambda job: services.record_growth(
        lease_of(job),
        StoredFile(path="live/1.bin", num_bytes=4, sha256="c" * 64),
        num_registered=3,
        num_points=40,
    ),
    "record_checked_photos": lambda job: services.record_checked_photos(
        lease_of(job), [{"index": 0, "status": "accepted"}]
    ),
}
PEOPLES_ACTIONS: Mapping[str, Callable[[Job], None]] = {
    "cancel": services.request_cancel,
    "retry": services.retry,
    "delete": services.delete,
}
AFTER: Mapping[str, Mapping[JobState, str]] = {
    "claim": {QUEUED: RUNNING},
    "finish": {RUNNING: DONE},
    "fail": {RUNNING: FAILED},
    "mark_errored": {RUNNING: ERRORED},
    "mark_cancelled": {RUNNING: CANCELLED},
    "release": {RUNNING: QUEUED},
    "begin_stage": {RUNNING: RUNNING},
    "record_progress": {RUNNING: RUNNING},
    "record_growth": {RUNNING: RUNNING},
    "record_checked_photos": {RUNNING: RUNNING},
    "cancel": {QUEUED: CANCELLED, RUNNING: RUNNING},
    "retry": dict.fromkeys((FAILED, ERRORED, CANCELLED), QUEUED),
    "delete": dict.fromkeys((QUEUED, DONE, FAILED, ERRORED, CANCELLED), GONE),
}
LEGAL = [(action, before) for action, edges in AFTER.items() for before in edges]
ILLEGAL = [pair for pair in product(AFTER, JobState) if pair not in LEGAL]


def everything_about(job: Job) -> dict[str, Any]:
    return {
        "job": Job.objects.filter(pk=job.pk).values().get(),
        "events": list(job.events.values()),
        "photos": list(job.photos.values()),
        "artifacts": list(job.artifacts.values()),
        "stage_runs": list(job.stage_runs.values()),
        "files": stored_files(),
    }


def test_the_table_names_every_action() -> None:
    assert set(AFTER) == set(WORKERS_ACTIONS) | set(PEOPLES_ACTIONS)
    assert len(LEGAL) == 20
    assert len(ILLEGAL) == 13 * 6 - 20


def test_states_are_active_or_over() -> None:
    assert {QUEUED, RUNNING} == ACTIVE
    assert {DONE, FAILED, ERRORED, CANCELLED} == TERMINAL
    assert {FAILED, ERRORED, CANCELLED} == RETRYABLE


@pytest.mark.parametrize(("action", "before"), LEGAL)
def test_legal(alice: User, action: str, before: JobState) -> None:
    job = make_in_state(alice, before)
    (WORKERS_ACTIONS | PEOPLES_ACTIONS)[action](job)  # type: ignore[operator]  # both are mappings
    state = Job.objects.filter(pk=job.pk).values_list("state", flat=True).first()
    assert (state or GONE) == AFTER[action][before]


@pytest.mark.parametrize("before", JobState)
def test_a_worker_without_the_right_changes_nothing(alice: User, before: JobState) -> None:
    job = make_in_state(alice, before)
    known = everything_about(job)
    for action, act in WORKERS_ACTIONS.items():
        if (action, before) in ILLEGAL:
            assert not act(job), action
            assert everything_about(job) == known, action


@pytest.mark.parametrize(("action", "before"), [p for p in ILLEGAL if p[0] in PEOPLES_ACTIONS])
def test_people_are_told_what_a_state_forbids(alice: User, action: str, before: JobState) -> None:
    job = make_in_state(alice, before)
    known = everything_about(job)
    with pytest.raises(StateForbids) as refused:
        PEOPLES_ACTIONS[action](job)
    assert (refused.value.status, refused.value.code) == (409, f"cannot_{action}")
    assert refused.value.extra == {"state": before}
    assert refused.value.next_step
    assert JobState(before).label.lower() in refused.value.detail
    assert everything_about(job) == known


def test_a_refusal_names_the_state_that_the_job_has_now(alice: User) -> None:
    """The page that the button was on may be older."""
    seen = make_in_state(alice, QUEUED)
    services.request_cancel(Job.objects.get(pk=seen.pk))
    assert seen.state == QUEUED
    with pytest.raises(StateForbids) as refused:
        services.request_cancel(seen)
    assert refused.value.extra == {"state": CANCELLED}
