"""The end of an experiment happens once and whole, and whoever was not told then is told later."""

from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from mlflow import MlflowClient

from mlops import conclusion, experiment, lifecycle, patience
from mlops.dvc import DvcFolder
from mlops.experiment_folder import folder_of
from mlops.maintenance import Maintenance
from mlops.models import Candidate, Configuration, Experiment, WebhookDelivery
from mlops.stages.evaluate import SCENES_NAME
from mlops.states import ExperimentState
from mlops.tracker import REGISTERED_MODEL
from mlops.tracking import Tracking
from tests.mlops import experiments
from tests.mlops.conftest import copy_store
from tests.mlops.people import own_data_dir
from tests.receiver import SECRET

__all__ = ["own_data_dir"]
pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """Nobody catches it, as nobody catches SIGKILL."""


@pytest.fixture
def uri(empty_store: Path, tmp_path: Path, settings: Any) -> str:
    settings.MLFLOW_TRACKING_URI = copy_store(empty_store, tmp_path / "mlflow")
    settings.MLFLOW_ARTIFACT_ROOT = tmp_path / "artifacts"
    settings.WEBHOOK_URL, settings.WEBHOOK_SECRET = "https://hooks.example.org/", SECRET
    return str(settings.MLFLOW_TRACKING_URI)


@pytest.fixture
def measured(uri: str, monkeypatch: pytest.MonkeyPatch) -> Experiment:
    """One that waits, and all of whose stages are up to date."""
    row = experiments.waiting()
    experiments.write_outputs(row, score=71.5, result=None)
    (folder_of(row.pk).output("evaluation") / SCENES_NAME).write_text("scene\n")
    monkeypatch.setattr(DvcFolder, "run", lambda *_: False)
    monkeypatch.setattr(Tracking, "stage_ended", lambda *_: None)  # its end is enough here
    return row


def kill_in(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    def die(*_arguments: Any) -> None:
        raise Killed

    monkeypatch.setattr(module, name, die)


def run(row: Experiment) -> bool:
    done = experiment.run_experiment(row.pk)
    row.refresh_from_db()
    return done


def lose(row: Experiment) -> None:
    """Its process is not heard of any more."""
    Experiment.objects.filter(pk=row.pk).update(heartbeat_at=None)


def check_end(row: Experiment, uri: str) -> None:
    """Everything is there, once, and everybody has been told."""
    row.refresh_from_db()
    assert row.state == ExperimentState.DONE
    assert row.tracked_at is not None
    states = dict(Candidate.objects.values_list("trial", "state"))
    assert states == {experiments.GOOD: "promoted", experiments.BAD: "refused"}
    served = Configuration.objects.get()
    assert served.candidate is not None
    events = list(WebhookDelivery.objects.values_list("event", flat=True))
    assert sorted(set(events)) == [
        "configuration.promoted", "experiment.done", "experiment.started",
    ]  # fmt: skip
    assert events.count("experiment.done") == events.count("configuration.promoted") == 1
    client = MlflowClient(uri, uri)
    run_id = row.tracking_url.partition("/runs/")[2].partition("?")[0]
    assert client.get_run(run_id).info.status == "FINISHED"
    champion = client.get_model_version_by_alias(REGISTERED_MODEL, "champion")
    assert (str(champion.version), champion.run_id) == (
        served.candidate.tracked_version,
        served.candidate.tracked_run,
    )


def test_an_undisturbed_one(measured: Experiment, uri: str, settings: Any) -> None:
    settings.OPERATORS = ["ops@example.org"]
    assert run(measured)
    check_end(measured, uri)
    assert [one.subject for one in mail.outbox] == [
        "[Scene3D] Experiment Larger photos has started",
        "[Scene3D] Experiment Larger photos: done",
    ]
    assert measured.tracking_url in mail.outbox[1].body
    assert not run(measured)
    check_end(measured, uri)


@pytest.mark.parametrize(
    "place", [pytest.param("record_candidates", marks=pytest.mark.long), "after_experiment"]
)
def test_killed_at_its_end_it_has_not_ended(
    measured: Experiment, uri: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        kill_in(patched, conclusion, place)
        kill_in(patched, experiment, "_tell_of_end")
        with pytest.raises(Killed):
            run(measured)
    measured.refresh_from_db()
    assert (measured.state, measured.evaluation) == (ExperimentState.RUNNING, {})
    assert not Candidate.objects.exists()
    assert not Configuration.objects.exists()
    lose(measured)
    assert run(measured)
    check_end(measured, uri)


def test_killed_before_the_tracker_heard_maintenance_tells_it(
    measured: Experiment, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        kill_in(patched, experiment, "_tell_of_end")
        with pytest.raises(Killed):
            run(measured)
    measured.refresh_from_db()
    assert (measured.state, measured.tracked_at) == (ExperimentState.DONE, None)
    Maintenance()()
    check_end(measured, uri)


@pytest.mark.long
def test_a_tracker_that_was_away_hears_of_it_later(
    measured: Experiment, uri: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    maintain = Maintenance()
    with monkeypatch.context() as patched:
        patched.setattr(patience, "_FIRST_PAUSE_S", 100.0)
        settings.MLFLOW_TRACKING_URI = "http://127.0.0.1:9"
        assert run(measured)
        maintain()
    assert (measured.state, measured.tracked_at) == (ExperimentState.DONE, None)
    assert Configuration.objects.get().is_active
    settings.MLFLOW_TRACKING_URI = uri
    maintain()
    measured.refresh_from_db()
    assert measured.tracked_at is None  # it rests for a while
    Maintenance()()
    check_end(measured, uri)


@pytest.mark.long
def test_whoever_lost_the_lease_ends_nothing(measured: Experiment, uri: str) -> None:
    slow = lifecycle.claim(measured.pk)
    assert slow is not None
    lose(measured)
    assert run(measured)
    assert not conclusion.conclude(slow, conclusion.found_in(folder_of(measured.pk)))
    check_end(measured, uri)


@pytest.mark.long
def test_a_bug_in_the_conclusion_is_told_as_one(
    measured: Experiment, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(conclusion, "record_candidates", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(measured)
    measured.refresh_from_db()
    assert (measured.state, measured.error_code) == (ExperimentState.ERRORED, "internal_error")
    assert measured.tracked_at is not None
    assert run(measured)
    assert measured.state == ExperimentState.DONE


def test_one_that_never_began_is_nothing_to_track(uri: str) -> None:
    row = experiments.waiting()
    lifecycle.request_cancel(row.pk)
    assert not lifecycle.untracked().exists()


def test_one_whose_folder_was_deleted_is_not_told_for_ever(measured: Experiment, uri: str) -> None:
    lease = lifecycle.claim(measured.pk)
    assert lease is not None
    lifecycle.mark_cancelled(lease)
    folder = folder_of(measured.pk).root
    folder.rename(folder.with_name("elsewhere"))
    Maintenance()()
    measured.refresh_from_db()
    assert measured.tracked_at is not None
