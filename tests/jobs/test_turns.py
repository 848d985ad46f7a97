"""People take turns: nobody starves, and a delivery only says that something waits."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rq import Queue

from accounts.models import User
from jobs import services
from jobs.models import Job
from jobs.states import JobState
from jobs.turns import ahead_of, waiting_in_turn
from tests.jobs.builders import make_job, start

START = timezone.now() - timedelta(hours=1)


def queue(owner: User, count: int, after_s: int = 0) -> list[Job]:
    """Jobs of one person, a second apart."""
    seconds = range(after_s, after_s + count)
    return [make_job(owner, queued_at=START + timedelta(seconds=s)) for s in seconds]


def served() -> Iterator[Job]:
    """Jobs in the order in which one worker takes them, each done before the next."""
    while order := waiting_in_turn():
        lease = services.claim(order[0])
        assert lease is not None
        services.mark_cancelled(lease)
        yield Job.objects.get(pk=lease.job_id)


def test_one_job_waits_for_one_of_a_hundred(alice: User, bob: User) -> None:
    queue(alice, 100)
    [lonely] = queue(bob, 1, after_s=200)
    owners = [job.owner_id for job in served()]
    assert owners.index(bob.pk) <= 1
    assert len(owners) == 101
    assert lonely.pk not in waiting_in_turn()


def test_two_people_alternate_and_each_keeps_their_order(alice: User, bob: User) -> None:
    hers, his = queue(alice, 3), queue(bob, 3, after_s=10)
    expected = [job.pk for pair in zip(hers, his, strict=True) for job in pair]
    assert waiting_in_turn() == expected
    assert [job.pk for job in served()] == expected


def test_who_was_served_longest_ago_comes_first(alice: User, bob: User) -> None:
    hers, his = queue(alice, 2), queue(bob, 1, after_s=10)
    services.mark_cancelled(start(hers[0]))
    assert waiting_in_turn() == [his[0].pk, hers[1].pk]


def test_what_runs_counts(alice: User, bob: User) -> None:
    hers = queue(alice, 4)
    start(hers[0])
    start(hers[1])
    his = queue(bob, 3, after_s=10)
    assert waiting_in_turn() == [his[0].pk, his[1].pk, hers[2].pk, his[2].pk, hers[3].pk] or (
        waiting_in_turn() == [his[0].pk, his[1].pk, his[2].pk, hers[2].pk, hers[3].pk]
    )


def test_the_page_counts_by_turns(alice: User, bob: User) -> None:
    hers, his = queue(alice, 3), queue(bob, 1, after_s=10)
    assert [ahead_of(job).count() for job in (*hers, *his)] == [0, 2, 3, 1]
    assert ahead_of(make_job(bob, state=JobState.DONE)).count() == 0


def test_one_who_is_to_be_cancelled_has_no_turn(alice: User) -> None:
    make_job(alice, cancel_requested_at=timezone.now())
    assert waiting_in_turn() == []


def test_a_delivery_wakes_a_worker_for_whose_turn_it_is(
    alice: User, bob: User, broker: Queue, django_capture_on_commit_callbacks: Any
) -> None:
    """And what it was meant for stays in the queue: every waiting job is, always."""
    hers, his = queue(alice, 2), queue(bob, 1, after_s=10)
    services.mark_cancelled(start(hers[0]))
    with django_capture_on_commit_callbacks(execute=True):
        lease = services.claim_next(hers[1].pk)
    assert lease is not None
    assert lease.job_id == his[0].pk
    assert broker.job_ids == [f"{hers[1].pk}_1"]
    with django_capture_on_commit_callbacks(execute=True):
        lease = services.claim_next(his[0].pk)  # its own delivery, late
    assert lease is not None
    assert lease.job_id == hers[1].pk
    assert broker.job_ids == [f"{hers[1].pk}_1"]
    assert services.claim_next(hers[1].pk) is None


@pytest.mark.parametrize("num_jobs", [0, 1])
def test_a_delivery_too_many_does_nothing(alice: User, num_jobs: int) -> None:
    for job in queue(alice, num_jobs):
        start(job)
    assert services.claim_next(make_job(alice, state=JobState.DONE).pk) is None
