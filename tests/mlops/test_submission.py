"""How experiments are asked for, and what RQ is told then."""

from pathlib import Path
from typing import Any

import pytest
from django.test import TestCase

from accounts.models import User
from mlops import lifecycle, submission
from mlops.data import DataMissing
from mlops.models import Experiment
from mlops.spec import MAX_TRIALS, SpecInvalid
from mlops.states import ExperimentState, StageState
from scene3d.engine.public import PRESETS
from tests.mlops import experiments
from tests.mlops.people import own_data_dir, staff

__all__ = ["own_data_dir", "staff"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, int, str]]:
    """What would be enqueued, were the transaction committed."""
    calls: list[tuple[str, str, int, str]] = []

    def note(task: str, job_id: str, *, delivery: int, queue: str) -> None:
        calls.append((task, job_id, delivery, queue))

    monkeypatch.setattr(submission, "enqueue_on_commit", note)
    return calls


def submit(data: Path, **changes: Any) -> Experiment:
    return submission.submit({**experiments.SPEC, **changes}, str(data), "button", None)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return experiments.data_folder(tmp_path / "photos")


def test_a_worker_is_told_of_a_new_experiment(data: Path, told: list[Any], staff: User) -> None:
    experiment = submission.submit(experiments.SPEC, str(data), "button", staff)
    assert told == [("mlops.tasks.run_experiment", str(experiment.pk), 1, "experiments")]
    assert (experiment.state, experiment.started_by) == (ExperimentState.QUEUED, staff)
    assert experiment.data == str(data)
    assert experiment.spec["champion"] == PRESETS["quick"].options.to_dict()
    assert len(experiment.spec["code_version"]) == 16
    assert experiment.stages.count() == 7


def test_the_spec_s_own_folder_is_taken_without_another(data: Path, told: list[Any]) -> None:
    content = {**experiments.SPEC, "data": str(data)}
    assert submission.submit(content, " ", "api", None).data == str(data)


def test_the_same_spec_goes_on_instead_of_a_second_one(data: Path, told: list[Any]) -> None:
    first, second = submit(data), submit(data)
    assert first == second
    assert [delivery for _, _, delivery, _ in told] == [1, 2]
    assert submit(data, name="another") != first


def test_one_that_runs_is_left_alone(data: Path, told: list[Any]) -> None:
    experiment = submit(data)
    lease = lifecycle.claim(experiment.pk)
    assert lease is not None
    assert submit(data) == experiment
    assert len(told) == 1
    assert lifecycle.heartbeat(lease)
    with pytest.raises(submission.ExperimentActive):
        submission.run_again(experiment, "button", None)


def test_nothing_is_made_without_data(tmp_path: Path, told: list[Any]) -> None:
    (tmp_path / "half").mkdir()
    for folder in (tmp_path / "nowhere", tmp_path / "half"):
        with pytest.raises(DataMissing, match="is not there"):
            submit(folder)
    assert not Experiment.objects.exists()
    assert told == []


@pytest.mark.parametrize("folder", ["~nobody-of-this-name/x", "nul\0byte", "x" * 300])
def test_names_that_no_folder_has(folder: str, told: list[Any]) -> None:
    with pytest.raises(DataMissing):
        submission.submit({**experiments.SPEC, "data": folder}, "", "button", None)
    assert told == []


def test_a_failed_one_goes_on_with_its_stages_anew(data: Path, told: list[Any]) -> None:
    experiment = submit(data)
    lease = experiments.running(experiment, until="run_pipeline")
    lifecycle.fail(lease, code="data_missing", message="Gone.", next_step="Bring it back.")
    experiment.refresh_from_db()
    assert submission.may_run_again(experiment)
    again = submission.run_again(experiment, "button", None)
    assert again == experiment
    assert (again.state, again.error_code, again.finished_at) == ("queued", "", None)
    assert set(again.stages.values_list("state", flat=True)) == {StageState.WAITING}
    assert [delivery for _, _, delivery, _ in told] == [1, 2]
    assert not lifecycle.heartbeat(lease)


def test_a_lost_one_can_be_run_again(data: Path, told: list[Any]) -> None:
    experiment = submit(data)
    experiments.running(experiment, until="validate")
    assert not submission.is_lost(experiment)
    Experiment.objects.update(heartbeat_at=None)
    assert submission.is_lost(experiment)
    assert submission.run_again(experiment, "button", None).state == ExperimentState.QUEUED


def test_a_done_one_stays_and_a_new_one_starts(tmp_path: Path, told: list[Any]) -> None:
    data = experiments.data_folder(tmp_path / "photos")
    finished = experiments.done(data=data)
    again = submission.run_again(finished, "api", None)
    assert again != finished
    assert (again.state, again.trigger, again.data) == ("queued", "api", str(data))
    finished.refresh_from_db()
    assert finished.state == ExperimentState.DONE


def test_what_is_over_cannot_be_cancelled(data: Path, told: list[Any]) -> None:
    experiment = submit(data)
    submission.cancel(experiment)
    assert experiment.state == ExperimentState.CANCELLED
    with pytest.raises(submission.ExperimentOver):
        submission.cancel(experiment)


def test_the_broker_is_told_after_the_commit(data: Path) -> None:
    """A broker that is away costs a log line; the row waits."""
    with TestCase.captureOnCommitCallbacks() as callbacks:
        submit(data)
    assert len(callbacks) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "no YAML"),
        ("a: &x 1\nb: *x\n", "aliases"),
        ("[" * 5000, "YAML"),
        ("a: 2026-99-99", "YAML"),
        ("x" * (submission.MAX_SPEC_LENGTH + 1), "65,536 characters"),
    ],
)
def test_text_that_is_no_spec_is_refused(text: str, words: str) -> None:
    with pytest.raises(SpecInvalid, match=words):
        submission.parse_spec(text)


def test_a_grid_has_a_limit(data: Path, told: list[Any]) -> None:
    grid = {f"features.{name}": list(range(1, 12)) for name in "abcd"}
    with pytest.raises(SpecInvalid, match=f"a grid of {11**4}, at most {MAX_TRIALS}"):
        submit(data, trials={"preset": "quick", "grid": grid})
