"""The tracker is told by a worker, after commit, and only of what is served."""

from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from rq import Queue
from rq.serializers import JSONSerializer

from accounts.models import User
from mlops import services
from mlops.aliases import champion_of
from tests.mlops.serving.builders import WHY, make_candidate


@pytest.fixture
def experiments(broker: Queue) -> Queue:
    return Queue(settings.EXPERIMENT_QUEUE, connection=broker.connection, serializer=JSONSerializer)


def test_each_new_version_is_told_to_the_experiments_queue(
    olga: User, broker: Queue, experiments: Queue, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        services.promote(make_candidate(seed=1), olga, WHY)
        services.roll_back(0, olga, WHY)
        assert experiments.job_ids == []
    told = [(entry.func_name, list(entry.args)) for entry in experiments.jobs]
    assert told == [("mlops.tasks.move_champion_alias", [version]) for version in ("1", "2")]
    assert broker.job_ids == []


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_is_rolled_back_is_not_told(experiments: Queue) -> None:
    with transaction.atomic():
        services.promote(make_candidate(), "command line", WHY)
        transaction.set_rollback(True)
    assert experiments.job_ids == []


def test_without_a_broker_it_is_served_all_the_same(
    olga: User, django_capture_on_commit_callbacks: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert services.promote(make_candidate(), olga, WHY).is_active
    assert "the broker is away" in caplog.text


def test_the_champion_is_whom_the_options_came_from(olga: User) -> None:
    first = services.promote(make_candidate(seed=1), olga, WHY)
    second = services.promote(make_candidate(seed=2), olga, WHY)
    restored = services.roll_back(1, olga, WHY)
    own = services.roll_back(0, olga, WHY)
    again = services.roll_back(3, olga, WHY)
    champions = [champion_of(row) for row in (first, second, restored, own, again)]
    trials = [champion and champion.trial for champion in champions]
    assert trials == ["standard-1", "standard-2", "standard-1", None, "standard-1"]
