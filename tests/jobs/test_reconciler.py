"""One reconciler acts at a time, whatever becomes of the others, and nothing ends it."""

import logging
import os
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone
from rq import Queue

from accounts.models import User
from jobs import duty, orphans, reconciler, services
from jobs.duty import is_on_duty
from jobs.models import Job
from jobs.reconciler import Reconciler
from jobs.states import JobState
from jobs.worker_models import Duty
from tests.jobs.builders import make_job, start

As = Callable[[int], None]


@pytest.fixture
def as_process(monkeypatch: pytest.MonkeyPatch) -> As:
    """Be another process of this machine."""
    return lambda pid: monkeypatch.setattr(os, "getpid", lambda: pid)


def lose(job: Job) -> None:
    start(job)
    long_ago = timezone.now() - services.LEASE - timedelta(seconds=1)
    Job.objects.filter(pk=job.pk).update(heartbeat_at=long_ago)


def state_of(job: Job) -> str:
    job.refresh_from_db()
    return job.state


def test_one_is_on_duty_until_it_says_nothing_for_a_term(db: None, as_process: As) -> None:
    as_process(1)
    assert is_on_duty("watch")
    as_process(2)
    assert not is_on_duty("watch")
    assert is_on_duty("another watch")
    as_process(1)
    assert is_on_duty("watch")
    Duty.objects.update(until=timezone.now() - timedelta(seconds=1))
    as_process(2)
    assert is_on_duty("watch")
    as_process(1)
    assert not is_on_duty("watch")


def test_a_term_is_by_the_databases_clock(db: None) -> None:
    assert is_on_duty("watch")
    left = Duty.objects.get().until - timezone.now()
    assert duty.TERM - timedelta(seconds=5) < left <= duty.TERM + timedelta(seconds=1)


def test_only_the_one_on_duty_acts(alice: User, broker: Queue, as_process: As) -> None:
    job = make_job(alice)
    as_process(1)
    assert is_on_duty("reconciler")
    lose(job)
    as_process(2)
    Reconciler()()
    assert state_of(job) == JobState.RUNNING
    as_process(1)
    Reconciler()()
    assert state_of(job) == JobState.QUEUED


def test_a_database_that_is_away_ends_nothing(
    alice: User, broker: Queue, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    job, look = make_job(alice), Reconciler()
    lose(job)

    def away(_: str) -> bool:
        raise DatabaseError("gone for lunch")

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING, "jobs"):
        patch.setattr(reconciler, "is_on_duty", away)
        look()
    assert "the database does not answer" in caplog.messages
    look()
    assert state_of(job) == JobState.QUEUED


def test_it_sweeps_at_first_and_then_every_hour(
    db: None, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    swept: list[timedelta] = []
    monkeypatch.setattr(orphans, "sweep", swept.append)
    look = Reconciler()
    look()
    look()
    assert swept == [settings.ORPHAN_GRACE]
    monkeypatch.setattr(time, "monotonic", lambda: 1e9)
    look()
    assert len(swept) == 2


def test_what_a_worker_took_and_never_claimed_is_delivered_again(
    alice: User, broker: Queue, django_capture_on_commit_callbacks: Any
) -> None:
    """As when it dies between the queue and the claim: the entry says "queued", in no list."""
    job = make_job(alice)
    with django_capture_on_commit_callbacks(execute=True):
        services.deliver(job)
    Job.objects.update(queued_at=timezone.now() - reconciler.UNSEEN - timedelta(seconds=1))
    broker.connection.lpop(broker.key)
    with django_capture_on_commit_callbacks(execute=True):
        reconciler.recover_jobs()
    assert broker.job_ids == [f"{job.pk}_2"]
