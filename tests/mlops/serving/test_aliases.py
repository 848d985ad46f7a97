"""What the tracker's names stand for follows what is served and what waits."""

from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from accounts.models import User
from mlops import lifecycle, services, tracker_upkeep
from mlops.aliases import UNKNOWN, acknowledge, announce, champion_of, outdated_aliases
from mlops.maintenance import Maintenance
from mlops.models import Candidate, Experiment, TrackedAlias
from mlops.tracker import REGISTERED_MODEL
from tests.mlops.conftest import copy_store
from tests.mlops.serving.builders import REFUSED, WHY, make_candidate, make_experiment


@pytest.fixture
def registry(empty_store: Path, tmp_path: Path, settings: Any) -> MlflowClient:
    """A tracker that has the versions 1 to 5."""
    settings.DATA_DIR = tmp_path / "data"
    settings.MLFLOW_TRACKING_URI = copy_store(empty_store, tmp_path / "mlflow")
    settings.MLFLOW_ARTIFACT_ROOT = tmp_path / "artifacts"
    client = MlflowClient(settings.MLFLOW_TRACKING_URI, settings.MLFLOW_TRACKING_URI)
    client.create_registered_model(REGISTERED_MODEL)
    for _ in range(5):
        client.create_model_version(REGISTERED_MODEL, str(tmp_path))
    return client


def registered(seed: int, experiment: Experiment | None = None, **changes: Any) -> Candidate:
    """As the tracker's version of the same number."""
    candidate = make_candidate(experiment, seed=seed, **changes)
    candidate.tracked_version = str(seed)
    candidate.save()
    return candidate


def named(client: MlflowClient) -> dict[str, str]:
    aliases: dict[str, str] = client.get_registered_model(REGISTERED_MODEL).aliases
    return {name: str(version) for name, version in aliases.items()}


def test_the_champion_is_whom_the_options_came_from(olga: User) -> None:
    first = services.promote(make_candidate(seed=1), olga, WHY)
    second = services.promote(make_candidate(seed=2), olga, WHY)
    restored = services.roll_back(1, olga, WHY)
    own = services.roll_back(0, olga, WHY)
    again = services.roll_back(3, olga, WHY)
    champions = [champion_of(row) for row in (first, second, restored, own, again)]
    trials = [champion and champion.trial for champion in champions]
    assert trials == ["standard-1", "standard-2", "standard-1", None, "standard-1"]


def test_names_follow_every_decision(olga: User, registry: MlflowClient) -> None:
    maintain = Maintenance()
    maintain()
    assert named(registry) == {}
    first = registered(1)
    maintain()
    assert named(registry) == {"challenger": "1"}
    services.promote(first, olga, WHY)
    maintain()
    assert named(registry) == {"champion": "1"}
    newest = make_experiment("Newest")
    rejected = registered(2, newest, score=70.0)
    second = registered(3, newest, score=65.0)
    registered(4, newest, score=90.0, reasons=REFUSED)
    maintain()
    assert named(registry) == {"champion": "1", "challenger": "2"}
    services.reject(rejected, olga, WHY)
    maintain()
    assert named(registry) == {"champion": "1", "challenger": "3"}
    services.promote(second, olga, WHY)
    maintain()
    assert named(registry) == {"champion": "3"}
    services.roll_back(0, olga, WHY)
    maintain()
    assert named(registry) == {}
    services.roll_back(2, olga, WHY)
    maintain()
    assert named(registry) == {"champion": "3"}


def test_a_name_is_never_on_what_is_not_served(olga: User, registry: MlflowClient) -> None:
    """A candidate that the tracker has not registered yet has no name, and its predecessor none
    either."""
    services.promote(registered(1), olga, WHY)
    tracker_upkeep.tell_tracker()
    services.promote(make_candidate(seed=2), olga, WHY)
    tracker_upkeep.tell_tracker()
    assert named(registry) == {}
    Candidate.objects.filter(trial="standard-2").update(tracked_version="2")
    tracker_upkeep.tell_tracker()
    assert named(registry) == {"champion": "2"}


def test_nobody_is_asked_where_nothing_has_changed(
    olga: User, registry: MlflowClient, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    services.promote(registered(1), olga, WHY)
    tracker_upkeep.tell_tracker()
    settings.MLFLOW_TRACKING_URI = "http://127.0.0.1:9"  # where nobody answers
    Maintenance()()
    assert tracker_upkeep.tell_tracker()
    assert "later" not in caplog.text
    assert set(TrackedAlias.objects.values_list("name", "version")) == {("champion", "1")}


def test_whatever_else_was_said_in_between_it_is_told_again(
    olga: User, registry: MlflowClient
) -> None:
    services.promote(registered(1), olga, WHY)
    slow = announce("champion")
    tracker_upkeep.tell_tracker()
    registry.set_registered_model_alias(REGISTERED_MODEL, "champion", "5")  # what the slow one says
    acknowledge("champion", "5", slow)
    assert TrackedAlias.objects.get().version == UNKNOWN
    assert outdated_aliases() == {"champion": "1"}
    tracker_upkeep.tell_tracker()
    assert named(registry) == {"champion": "1"}
    assert outdated_aliases() == {}


def test_one_that_was_killed_half_way_is_told_again(olga: User, registry: MlflowClient) -> None:
    services.promote(registered(1), olga, WHY)
    announce("champion")
    Maintenance()()
    assert named(registry) == {"champion": "1"}


def test_without_any_registered_candidate_there_is_nothing_to_drop(
    olga: User, empty_store: Path, tmp_path: Path, settings: Any
) -> None:
    settings.DATA_DIR = tmp_path / "data"
    settings.MLFLOW_TRACKING_URI = copy_store(empty_store, tmp_path / "mlflow")
    TrackedAlias.objects.create(name="champion", version=UNKNOWN)
    assert tracker_upkeep.tell_tracker()
    assert TrackedAlias.objects.get().version == ""
    client = MlflowClient(settings.MLFLOW_TRACKING_URI, settings.MLFLOW_TRACKING_URI)
    with pytest.raises(MlflowException):
        client.get_registered_model(REGISTERED_MODEL)


def test_a_refusal_is_told_once_and_then_rested_upon(
    olga: User, registry: MlflowClient, caplog: pytest.LogCaptureFixture
) -> None:
    services.promote(registered(99), olga, WHY)  # which the tracker does not have
    maintain = Maintenance()
    for _ in range(3):
        maintain()
    assert caplog.text.count("names are set later") == 1
    assert lifecycle.untracked().count() == 0
