"""The door to the broker: deliveries after commit, by id alone, and never an error for people."""

import json
import logging
import zlib
from typing import Any

import pytest
from django.db import transaction
from redis.exceptions import RedisError
from rq import Queue

from scene3d.background.queue import count_workers, enqueue_on_commit, is_delivered, ping

TASK = "jobs.tasks.run_reconstruction"


@pytest.mark.django_db
def test_a_delivery_carries_the_id_and_is_forgotten_after_success(
    broker: Queue, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        enqueue_on_commit(TASK, "some-job", delivery=3)
        assert broker.job_ids == []
    [entry] = broker.jobs
    assert (entry.id, entry.func_name, list(entry.args)) == ("some-job_3", TASK, ["some-job"])
    assert (entry.result_ttl, entry.failure_ttl, entry.timeout) == (0, 86_400, -1)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_is_rolled_back_is_not_delivered(broker: Queue) -> None:
    with transaction.atomic():
        enqueue_on_commit(TASK, "some-job", delivery=1)
        transaction.set_rollback(True)
    assert broker.job_ids == []


@pytest.mark.django_db
def test_entries_are_json_not_pickles(
    broker: Queue, django_capture_on_commit_callbacks: Any
) -> None:
    """Who can write to the broker must not be able to run code in a worker."""
    with django_capture_on_commit_callbacks(execute=True):
        enqueue_on_commit(TASK, "some-job", delivery=1)
    stored: Any = broker.connection.hget("rq:job:some-job_1", "data")
    assert json.loads(zlib.decompress(stored)) == [TASK, None, ["some-job"], {}]


@pytest.mark.django_db
def test_one_delivery_is_known_and_another_is_not(
    broker: Queue, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        enqueue_on_commit(TASK, "some-job", delivery=1)
    assert is_delivered("some-job", delivery=1)
    assert not is_delivered("some-job", delivery=2)
    assert not is_delivered("other-job", delivery=1)


def test_a_broker_answers(broker: Queue) -> None:
    ping()
    assert count_workers() == 0


@pytest.mark.django_db
def test_without_a_broker_a_delivery_is_only_logged(
    django_capture_on_commit_callbacks: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.WARNING, "scene3d"),
        django_capture_on_commit_callbacks(execute=True) as callbacks,
    ):
        enqueue_on_commit(TASK, "some-job", delivery=1)
    assert len(callbacks) == 1
    [line] = caplog.messages
    assert line.startswith("some-job waits in the database: the broker is away: ")


def test_without_a_broker_nobody_can_tell_what_was_delivered() -> None:
    assert is_delivered("some-job", delivery=1)
    with pytest.raises(RedisError):
        ping()
