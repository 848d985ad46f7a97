"""The experiment that starts by the clock, from a file that somebody may have got wrong."""

import logging
from pathlib import Path
from smtplib import SMTPException
from typing import Any

import pytest
from django.core import mail

from mlops import lifecycle, notices, submission
from mlops.models import Experiment
from mlops.states import ExperimentState
from mlops.tasks import start_scheduled_experiment
from tests.mlops import experiments
from tests.mlops.people import own_data_dir
from tests.mlops.test_submission import told

__all__ = ["own_data_dir", "told"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def spec(tmp_path: Path, settings: Any) -> Path:
    """The file of the scheduled spec, with data that is there."""
    path = tmp_path / "scheduled.yaml"
    data = experiments.data_folder(tmp_path / "photos")
    path.write_text(experiments.spec_text(data=str(data)))
    settings.SCHEDULED_SPEC = path
    settings.OPERATORS = ["ops@example.org"]
    return path


def test_it_waits_for_a_worker(spec: Path, told: list[Any]) -> None:
    start_scheduled_experiment()
    experiment = Experiment.objects.get()
    assert (experiment.trigger, experiment.started_by) == ("schedule", None)
    assert (experiment.state, experiment.name) == (ExperimentState.QUEUED, "Larger photos")
    assert told == [("mlops.tasks.run_experiment", str(experiment.pk), 1, "experiments")]
    assert mail.outbox == []


def test_one_that_is_not_over_goes_on_alone(spec: Path, told: list[Any]) -> None:
    """It waits first, and then it runs."""
    start_scheduled_experiment()
    experiment = Experiment.objects.get()
    start_scheduled_experiment()
    lifecycle.claim(experiment.pk)
    start_scheduled_experiment()
    assert Experiment.objects.get() == experiment
    assert len(told) == 1


def test_it_goes_on_alone_also_beside_another_champion(spec: Path, told: list[Any]) -> None:
    """Somebody has promoted a candidate while it waits."""
    start_scheduled_experiment()
    experiment = Experiment.objects.get()
    other = {**experiment.spec, "champion": {"seed": 5}, "code_version": "0" * 16}
    Experiment.objects.update(spec=other, spec_fingerprint=lifecycle.fingerprint_of(other))
    start_scheduled_experiment()
    assert Experiment.objects.get() == experiment
    Experiment.objects.update(state=ExperimentState.DONE)
    start_scheduled_experiment()
    assert Experiment.objects.count() == 2


def test_one_that_failed_goes_on_where_it_was(spec: Path, told: list[Any]) -> None:
    start_scheduled_experiment()
    lease = lifecycle.claim(Experiment.objects.get().pk)
    assert lease is not None
    lifecycle.fail(lease, code="data_missing", message="Gone.", next_step="Bring it back.")
    start_scheduled_experiment()
    assert Experiment.objects.get().state == ExperimentState.QUEUED
    assert [delivery for _, _, delivery, _ in told] == [1, 2]


def test_the_file_is_read_each_time(spec: Path, told: list[Any]) -> None:
    start_scheduled_experiment()
    spec.write_text(spec.read_text().replace("Larger photos", "Larger still"))
    start_scheduled_experiment()
    assert set(Experiment.objects.values_list("name", flat=True)) == {
        "Larger photos",
        "Larger still",
    }


def test_an_experiment_of_somebody_else_does_not_hinder_it(spec: Path, told: list[Any]) -> None:
    other = {"trials": {"preset": "quick", "fixed": [{"name": "other", "options": {"seed": 2}}]}}
    submission.submit({**experiments.SPEC, **other}, str(spec.parent / "photos"), "button", None)
    start_scheduled_experiment()
    assert Experiment.objects.filter(trigger="schedule").count() == 1


def _gone(spec: Path) -> None:
    spec.unlink()


def _unknown_key(spec: Path) -> None:
    spec.write_text(spec.read_text() + "colour: red\n")


def _no_yaml(spec: Path) -> None:
    spec.write_text("trials: [")


def _no_data(spec: Path) -> None:
    (spec.parent / "photos" / "train_labels.csv").unlink()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_gone, "scheduled.yaml is not there."),
        (_unknown_key, "colour"),
        (_no_yaml, "cannot be read"),
        (_no_data, "train_labels.csv is not there."),
    ],
)
def test_what_is_wrong_is_logged_and_mailed(
    spec: Path, told: list[Any], caplog: pytest.LogCaptureFixture, spoil: Any, words: str
) -> None:
    spoil(spec)
    with caplog.at_level(logging.ERROR, "mlops"):
        start_scheduled_experiment()
    [line] = caplog.messages
    assert line.startswith(f"the scheduled experiment of {spec} cannot start: ")
    assert words in line
    [message] = mail.outbox
    assert message.to == ["ops@example.org"]
    assert message.subject == "[Scene3D] The scheduled experiment cannot start"
    assert words in message.body
    assert not Experiment.objects.exists()
    assert told == []


@pytest.mark.parametrize("error", [ConnectionRefusedError("no"), SMTPException("no")])
def test_a_mail_server_that_is_away_stops_nothing(
    spec: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    def away(*_: Any) -> None:
        raise error

    monkeypatch.setattr(notices, "send_mail", away)
    spec.unlink()
    start_scheduled_experiment()
    assert caplog.messages[-1] == "no e-mail: The scheduled experiment cannot start"


def test_without_operators_there_is_the_log(spec: Path, settings: Any) -> None:
    settings.OPERATORS = []
    spec.unlink()
    start_scheduled_experiment()
    assert mail.outbox == []
