"""An experiment's row: one winner, a fence, and an end that nobody overwrites."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mlops import lifecycle
from mlops.dvc import STAGES
from mlops.models import Experiment
from mlops.states import ExperimentState, StageState

pytestmark = pytest.mark.django_db

SPEC = {"name": "small", "data": "/photos"}


def make_experiment() -> Experiment:
    return lifecycle.create(SPEC, STAGES, "button", None)


def state_of(experiment: Experiment) -> str:
    return str(Experiment.objects.values_list("state", flat=True).get(pk=experiment.pk))


def test_a_new_one_waits_with_all_its_stages() -> None:
    experiment = make_experiment()
    assert experiment.state == ExperimentState.QUEUED
    assert [stage.name for stage in experiment.stages.all()] == list(STAGES)
    assert lifecycle.find_unfinished(SPEC) == experiment
    assert lifecycle.find_unfinished({**SPEC, "data": "/other"}) is None


def test_one_of_two_claims_wins() -> None:
    experiment = make_experiment()
    lease = lifecycle.claim(experiment.pk)
    assert lease is not None
    assert lease.attempt == 1
    assert lifecycle.claim(experiment.pk) is None


def test_a_lost_attempt_is_taken_over_and_fenced() -> None:
    experiment = make_experiment()
    lost = lifecycle.claim(experiment.pk)
    assert lost is not None
    lifecycle.begin_stage(lost, "validate")
    long_ago = timezone.now() - lifecycle.LEASE - timedelta(seconds=1)
    Experiment.objects.update(heartbeat_at=long_ago)
    second = lifecycle.claim(experiment.pk)
    assert second is not None
    assert second.attempt == 2
    assert {stage.state for stage in experiment.stages.all()} == {StageState.WAITING}
    lifecycle.begin_stage(lost, "prepare")
    assert not experiment.stages.filter(state=StageState.RUNNING).exists()
    assert not lifecycle.heartbeat(lost)
    assert not lifecycle.finish(lost, evaluation={"trials": []}, decision={"trials": []})
    assert lifecycle.finish(second, evaluation={"trials": [1]}, decision={})
    experiment.refresh_from_db()
    assert (experiment.state, experiment.evaluation) == (ExperimentState.DONE, {"trials": [1]})


def test_what_is_done_is_not_done_again() -> None:
    experiment = make_experiment()
    lease = lifecycle.claim(experiment.pk)
    assert lease is not None
    lifecycle.finish(lease, evaluation={}, decision={})
    assert lifecycle.claim(experiment.pk) is None
    assert lifecycle.find_unfinished(SPEC) is None
    assert not lifecycle.request_cancel(experiment.pk)


@pytest.mark.parametrize("end", ["failed", "errored", "cancelled"])
def test_any_other_end_can_be_gone_on_from(end: str) -> None:
    experiment = make_experiment()
    lease = lifecycle.claim(experiment.pk)
    assert lease is not None
    lifecycle.begin_stage(lease, "validate")
    if end == "failed":
        lifecycle.fail(lease, code="data_missing", message="No photos.", next_step="Bring some.")
    elif end == "errored":
        lifecycle.mark_errored(lease, code="internal_error", message="Oh.", traceback="line 1")
    else:
        lifecycle.mark_cancelled(lease)
    assert state_of(experiment) == end
    assert experiment.stages.get(name="validate").state == StageState.FAILED
    assert lifecycle.find_unfinished(SPEC) == experiment
    again = lifecycle.claim(experiment.pk)
    assert again is not None
    experiment.refresh_from_db()
    assert (experiment.error_code, experiment.error_message, experiment.traceback) == ("", "", "")


def test_a_waiting_one_is_cancelled_at_once_and_a_running_one_is_asked() -> None:
    waiting = make_experiment()
    assert lifecycle.request_cancel(waiting.pk)
    assert state_of(waiting) == ExperimentState.CANCELLED
    running = lifecycle.create({**SPEC, "name": "other"}, STAGES, "command", None)
    lease = lifecycle.claim(running.pk)
    assert lease is not None
    assert lifecycle.heartbeat(lease)
    assert lifecycle.request_cancel(running.pk)
    assert state_of(running) == ExperimentState.RUNNING
    assert not lifecycle.heartbeat(lease)


def test_a_cancel_outranks_the_failure_of_the_stage_that_it_met() -> None:
    experiment = make_experiment()
    lease = lifecycle.claim(experiment.pk)
    assert lease is not None
    assert lifecycle.request_cancel(experiment.pk)
    assert lifecycle.fail(lease, code="data_missing", message="It is gone.", next_step="Look.")
    experiment.refresh_from_db()
    assert experiment.state == ExperimentState.CANCELLED
    assert experiment.error_code == ""


def test_progress_and_times_are_those_of_the_stage() -> None:
    experiment = make_experiment()
    lease = lifecycle.claim(experiment.pk)
    assert lease is not None
    lifecycle.begin_stage(lease, "run_pipeline")
    lifecycle.record_progress(lease, "run_pipeline", done=3, total=8, words="castle " * 60)
    stage = experiment.stages.get(name="run_pipeline")
    assert (stage.done, stage.total, len(stage.words)) == (3, 8, 200)
    lifecycle.end_stage(lease, "run_pipeline", StageState.UNCHANGED, seconds=1.5)
    stage.refresh_from_db()
    assert (stage.state, stage.seconds) == (StageState.UNCHANGED, 1.5)
