"""The schedule against a real broker: every moment starts a thing once, whoever else looks."""

import json
import logging
import threading
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils.module_loading import import_string
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.cron import CronScheduler
from rq.serializers import JSONSerializer

from scene3d.background.schedule import Scheduler, is_anything_scheduled, run_schedule
from tests.jobs.broker import broker, valkey_socket

__all__ = ["broker", "valkey_socket"]

NIGHT = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
TASK = "mlops.tasks.start_scheduled_experiment"
Schedule = Callable[..., None]


@pytest.fixture
def schedule(settings: Any) -> Schedule:
    """Switch entries on: `schedule(shadow="0 2 * * *")`."""

    def switch(**lines: str) -> None:
        settings.SCHEDULE = tuple(
            {**entry, "cron": lines.get(entry["name"], "")} for entry in settings.SCHEDULE
        )

    return switch


@pytest.fixture
def experiments(broker: Queue) -> Queue:
    return Queue("experiments", connection=broker.connection, serializer=JSONSerializer)


def due(moment: datetime = NIGHT) -> Scheduler:
    """A scheduler whose entries were to start at `moment`, long ago."""
    scheduler = Scheduler()
    for job in scheduler.get_jobs():
        job.next_enqueue_time = moment
    return scheduler


def test_nothing_is_scheduled_by_default(settings: Any, schedule: Schedule) -> None:
    assert {entry["name"]: entry["cron"] for entry in settings.SCHEDULE} == {
        "experiment": "",
        "shadow": "",
    }
    assert not is_anything_scheduled()
    with pytest.raises(CommandError, match="Nothing is scheduled"):
        call_command("run_schedule")
    schedule(shadow="0 2 * * *")
    assert is_anything_scheduled()


def test_every_task_is_there(settings: Any) -> None:
    """RQ imports them by name, in a worker."""
    for entry in settings.SCHEDULE:
        assert callable(import_string(entry["task"]))


def test_what_is_not_due_waits(experiments: Queue, schedule: Schedule) -> None:
    schedule(experiment="0 2 * * *")
    scheduler = Scheduler()
    [job] = scheduler.get_jobs()
    assert job.next_enqueue_time is not None
    assert (job.next_enqueue_time.hour, job.next_enqueue_time.minute) == (2, 0)
    ahead = job.next_enqueue_time - datetime.now(UTC)
    assert timedelta(0) < ahead <= timedelta(days=1)
    assert 0 <= scheduler.step() <= 60
    assert experiments.job_ids == []


def test_what_is_due_is_delivered_once_and_then_waits(
    experiments: Queue, schedule: Schedule
) -> None:
    schedule(experiment="0 2 * * *")
    scheduler = due()
    scheduler.step()
    scheduler.step()
    [entry] = experiments.jobs
    assert (entry.id, entry.func_name) == ("experiment_20260301T0200", TASK)
    assert (entry.ttl, entry.result_ttl, entry.failure_ttl) == (86_400, 86_400, 86_400)
    [job] = scheduler.get_jobs()
    assert job.next_enqueue_time is not None
    assert job.next_enqueue_time > datetime.now(UTC)


def test_the_broker_holds_no_pickle(experiments: Queue, schedule: Schedule) -> None:
    schedule(experiment="0 2 * * *")
    due().step()
    stored: Any = experiments.connection.hget("rq:job:experiment_20260301T0200", "data")
    assert json.loads(zlib.decompress(stored)) == [TASK, None, [], {}]


def test_two_schedulers_start_a_moment_once(experiments: Queue, schedule: Schedule) -> None:
    """Also when the second comes after a worker has done the work."""
    schedule(experiment="0 2 * * *", shadow="0 2 * * *")
    first, second, late = due(), due(), due()
    threads = [threading.Thread(target=one.step) for one in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = ["experiment_20260301T0200", "shadow_20260301T0200"]
    assert sorted(experiments.job_ids) == names
    experiments.connection.delete(experiments.key)  # a worker has taken them
    late.step()
    assert experiments.job_ids == []
    due(NIGHT + timedelta(days=1)).step()
    assert sorted(experiments.job_ids) == ["experiment_20260302T0200", "shadow_20260302T0200"]


def test_after_hours_ends(experiments: Queue, schedule: Schedule) -> None:
    """A shadow run that no worker has taken within the hour is given up."""
    schedule(shadow="0 2 * * *")
    due().step()
    [entry] = experiments.jobs
    assert 3500 < experiments.connection.ttl(entry.key) <= 3600


def test_a_broker_that_is_away_is_one_line_and_the_moment_stays_due(
    experiments: Queue, schedule: Schedule, caplog: pytest.LogCaptureFixture
) -> None:
    schedule(experiment="0 2 * * *")
    scheduler = due()
    [job] = scheduler.get_jobs()
    there = scheduler.connection
    away = Redis(unix_socket_path="/nowhere/broker.sock", retry=Retry(NoBackoff(), 0))
    scheduler.connection = away
    with caplog.at_level(logging.WARNING, "scene3d"), pytest.MonkeyPatch.context() as patch:
        patch.setattr("django_rq.get_queue", lambda name: Queue(name, connection=away))
        waits_s = [scheduler.step() for _ in range(3)]
    assert waits_s == [5, 5, 5]
    assert job.next_enqueue_time == NIGHT
    [line] = caplog.messages
    assert line.startswith("the schedule waits: the broker is away: ")
    scheduler.connection = there
    scheduler.step()
    assert experiments.job_ids == ["experiment_20260301T0200"]


def test_nothing_ends_it(
    experiments: Queue,
    schedule: Schedule,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    schedule(experiment="0 2 * * *")
    scheduler = due()
    with monkeypatch.context() as patch:
        patch.setattr(scheduler, "heartbeat", lambda: 1 / 0)
        assert scheduler.step() == 60
    assert "the schedule stumbled" in caplog.text
    assert 0 <= scheduler.step() <= 60


def test_it_is_known_while_it_runs_and_ends_when_asked(
    experiments: Queue, schedule: Schedule
) -> None:
    schedule(experiment="0 2 * * *")
    is_over = threading.Event()
    thread = threading.Thread(target=run_schedule, args=[is_over])
    thread.start()
    try:
        deadline_s = time.monotonic() + 10
        while not CronScheduler.all(experiments.connection) and time.monotonic() < deadline_s:
            time.sleep(0.05)
        [scheduler] = CronScheduler.all(experiments.connection)
        assert [job.name for job in scheduler.get_jobs()] == ["experiment"]
    finally:
        is_over.set()
        thread.join(10)
    assert not thread.is_alive()
    assert CronScheduler.all(experiments.connection) == []
