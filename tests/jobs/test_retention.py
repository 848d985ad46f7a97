"""Old jobs go with all their files, nothing else does, and people are told before."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from jobs.models import Job
from jobs.reconciler import Reconciler
from jobs.retention import delete_outdated, kept_until, outdated
from jobs.states import JobState
from tests.jobs.builders import make_done, make_ended, make_job, start, stored_files


def aged(job: Job, days: float) -> Job:
    Job.objects.filter(pk=job.pk).update(
        finished_at=timezone.now() - timedelta(days=days), created_at=timezone.now()
    )
    job.refresh_from_db()
    return job


def retention(*arguments: str) -> str:
    out = io.StringIO()
    call_command("retention", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def old(alice: User) -> Job:
    return aged(make_done(alice, name="Old gate"), 91)


def test_a_dry_run_lists_and_deletes_nothing(old: Job) -> None:
    before = stored_files()
    told = retention("--days", "90", "--dry-run")
    assert str(old.pk) in told
    assert "alice  Old gate" in told
    assert told.splitlines()[-1] == "1 would be deleted, 2.9 KB of photos."
    assert stored_files() == before
    assert Job.objects.filter(pk=old.pk).exists()


def test_what_is_old_goes_with_its_files(
    old: Job, alice: User, django_capture_on_commit_callbacks: Any
) -> None:
    young = aged(make_ended(alice, JobState.FAILED), 89)
    waiting, running = make_job(alice), make_job(alice)
    start(running)
    Job.objects.filter(pk__in=[waiting.pk, running.pk]).update(
        created_at=timezone.now() - timedelta(days=400)
    )
    with django_capture_on_commit_callbacks(execute=True):
        assert retention("--days", "90") == "1 deleted.\n"
    assert set(Job.objects.all()) == {young, waiting, running}
    assert not any(str(old.pk) in path for path in stored_files())
    assert retention("--days", "90") == "0 deleted.\n"


def test_the_oldest_come_first(old: Job, alice: User) -> None:
    older = aged(make_ended(alice, JobState.CANCELLED), 200)
    assert list(outdated(90)) == [older, old]


def test_one_that_was_tried_again_meanwhile_stays(old: Job, monkeypatch: Any) -> None:
    Job.objects.filter(pk=old.pk).update(state=JobState.RUNNING)
    monkeypatch.setattr("jobs.retention.outdated", lambda _: [old])
    assert delete_outdated(90) == 0
    assert Job.objects.filter(pk=old.pk).exists()


@pytest.mark.parametrize("arguments", [[], ["--days", "0"]])
def test_without_a_time_nothing_is_deleted(old: Job, arguments: list[str]) -> None:
    with pytest.raises(CommandError, match="Say how many days"):
        retention(*arguments)


@pytest.mark.parametrize("days", [None, 90, 92])
def test_the_reconciler_deletes_only_where_the_operator_wants_it(
    old: Job, limits: Any, days: int | None
) -> None:
    limits(retention_days=days)
    Reconciler()()
    assert Job.objects.filter(pk=old.pk).exists() is (days != 90)


def test_the_page_says_until_when(alice: User, alice_portal: Client, limits: Any) -> None:
    done = aged(make_done(alice), 1)
    page = f"/jobs/{done.pk}/"
    assert "Kept until" not in alice_portal.get(page).content.decode()
    limits(retention_days=90)
    assert done.finished_at is not None
    assert kept_until(done) == done.finished_at + timedelta(days=90)
    assert "Kept until" in alice_portal.get(page).content.decode()
    assert kept_until(make_job(alice)) is None
