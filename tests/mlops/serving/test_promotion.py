"""One person promotes what has passed: whole, once, with a reason; nothing else is promoted."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from mlops import services
from mlops.models import AuditEntry, Candidate, Configuration
from mlops.rules import POLICY, SHELL, Actor
from mlops.states import Act, CandidateState, ExperimentState
from scene3d.engine.public import OptionsInvalid
from scene3d.http.problem import Problem
from tests.mlops.serving.builders import (
    PASSED,
    REFUSED,
    TRIAL,
    WHY,
    everything,
    make_candidate,
    make_experiment,
    served_seeds,
    tuned,
)

DO: Mapping[Act, Callable[[Candidate, Actor, str], object]] = {
    Act.PROPOSE: services.propose,
    Act.PROMOTE: services.promote,
    Act.REJECT: services.reject,
}
LEGAL = {
    (Act.PROMOTE, CandidateState.WAITING): CandidateState.PROMOTED,
    (Act.PROMOTE, CandidateState.PROPOSED): CandidateState.PROMOTED,
    (Act.REJECT, CandidateState.WAITING): CandidateState.REJECTED,
    (Act.REJECT, CandidateState.PROPOSED): CandidateState.REJECTED,
}
"""Without the approval policy, where nothing is proposed any more."""


def refusal(act: Act, candidate: Candidate, who: Actor, reason: str = WHY) -> Problem:
    """Of an act that changes nothing."""
    before = everything()
    with pytest.raises(Problem) as refused:
        DO[act](candidate, who, reason)
    assert everything() == before
    assert refused.value.next_step
    return refused.value


def test_the_first_promotion(olga: User) -> None:
    candidate = make_candidate(seed=7)
    configuration = services.promote(candidate, olga, f"  {WHY}\n")
    stored = Configuration.objects.get()
    assert stored == configuration
    assert (stored.version, stored.is_active, stored.reason) == (1, True, WHY)
    assert (stored.candidate, stored.restores, stored.created_by) == (candidate, None, olga)
    assert stored.created_by_name == "olga"
    assert stored.options == {"standard": tuned(seed=7).to_dict()}
    assert candidate.state == Candidate.objects.get().state == CandidateState.PROMOTED
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.who, entry.who_name, entry.reason) == ("promote", olga, "olga", WHY)
    assert (entry.candidate, entry.configuration) == (candidate, stored)


def test_a_promotion_changes_its_preset_alone(olga: User) -> None:
    for preset, seed in (("standard", 1), ("quick", 2), ("standard", 3)):
        services.promote(make_candidate(preset=preset, seed=seed), olga, WHY)
    rows = Configuration.objects.order_by("version")
    assert [(row.version, row.is_active, served_seeds(row)) for row in rows] == [
        (1, False, {"standard": 1}),
        (2, False, {"standard": 1, "quick": 2}),
        (3, True, {"standard": 3, "quick": 2}),
    ]


def test_only_one_can_be_active(olga: User) -> None:
    services.promote(make_candidate(), olga, WHY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Configuration.objects.create(version=9, options={}, reason="x", is_active=True)


@pytest.mark.parametrize(("act", "state"), list(product(DO, CandidateState)))
def test_every_act_in_every_state(operator: User, act: Act, state: CandidateState) -> None:
    candidate = make_candidate()
    Candidate.objects.update(state=state)
    if (act, state) in LEGAL:
        DO[act](candidate, operator, WHY)
        assert candidate.state == Candidate.objects.get().state == LEGAL[act, state]
        assert AuditEntry.objects.get().act == act
        return
    problem = refusal(act, candidate, operator)
    expected = {
        CandidateState.REFUSED: (409, "candidate_refused"),
        CandidateState.WAITING: (409, "proposal_not_needed"),
    }
    assert (problem.status, problem.code) == expected.get(state, (409, f"cannot_{act}"))


@pytest.mark.parametrize("who", [POLICY, SHELL, "superuser"])
def test_nobody_promotes_what_a_gate_has_refused(operator: User, who: str) -> None:
    candidate = make_candidate(reasons=REFUSED)
    assert (candidate.state, candidate.passed) == (CandidateState.REFUSED, False)
    problem = refusal(Act.PROMOTE, candidate, operator if who == "superuser" else who)
    assert problem.extra == {"state": "refused", "failed_gates": ["max_time_ratio"]}
    assert "max_time_ratio" in problem.detail


@pytest.mark.parametrize("state", [s for s in ExperimentState if s != ExperimentState.DONE])
def test_an_experiment_must_be_done(olga: User, state: ExperimentState) -> None:
    candidate = make_candidate(make_experiment(state=state))
    problem = refusal(Act.PROMOTE, candidate, olga)
    assert (problem.status, problem.code) == (409, "experiment_not_done")
    assert problem.extra == {"experiment_state": state}


@pytest.mark.parametrize(
    "change",
    [{"options_fingerprint": "0" * 16}, {"options": {"seed": 1, "gone": {"a": 1}}}],
    ids=["other-meaning", "unknown-option"],
)
def test_what_another_engine_was_judged_by_is_not_served(
    olga: User, change: dict[str, Any]
) -> None:
    candidate = make_candidate()
    Candidate.objects.update(**change)
    assert refusal(Act.PROMOTE, candidate, olga).code == "candidate_outdated"
    services.reject(candidate, olga, WHY)


@pytest.mark.parametrize("act", [Act.PROMOTE, Act.REJECT])
@pytest.mark.parametrize("reason", ["", " \n\t"])
def test_everything_needs_a_reason(olga: User, act: Act, reason: str) -> None:
    problem = refusal(act, make_candidate(), olga, reason)
    assert (problem.status, problem.code) == (400, "reason_needed")


@pytest.mark.parametrize("act", [Act.PROMOTE, Act.REJECT])
def test_people_without_the_right_change_nothing(eve: User, act: Act) -> None:
    problem = refusal(act, make_candidate(), eve)
    assert (problem.status, problem.code) == (403, "permission_denied")


def test_an_approver_alone_does_not_promote(ada: User) -> None:
    assert refusal(Act.PROMOTE, make_candidate(), ada).code == "permission_denied"


def test_a_refusal_names_the_state_that_the_candidate_has_now(olga: User) -> None:
    """The page that the button was on may be older."""
    seen = make_candidate()
    services.reject(Candidate.objects.get(), olga, WHY)
    assert seen.state == CandidateState.WAITING
    assert refusal(Act.PROMOTE, seen, olga).extra == {"state": "rejected"}


def test_recording_again_changes_nothing(db: None) -> None:
    experiment = make_experiment()
    first, second = make_candidate(experiment), make_candidate(experiment)
    assert first == second
    assert Candidate.objects.count() == 1


def test_recording_anew_judges_anew_until_somebody_has_decided(olga: User) -> None:
    experiment = make_experiment()
    make_candidate(experiment, reasons=REFUSED)
    again = make_candidate(experiment, reasons=PASSED, score=70.0)
    assert (again.state, again.passed, again.metrics["score"]) == ("waiting", True, 70.0)
    services.promote(again, olga, WHY)
    late = make_candidate(experiment, reasons=REFUSED)
    assert (late.state, late.passed, late.metrics["score"]) == ("promoted", True, 70.0)


def test_a_trial_that_no_gate_has_judged_is_refused(db: None) -> None:
    assert make_candidate(reasons=()).state == CandidateState.REFUSED


def test_a_preset_that_the_engine_does_not_have_is_not_recorded(db: None) -> None:
    with pytest.raises(OptionsInvalid, match="the engine has no 'best'"):
        services.record_candidates(make_experiment(), [TRIAL, replace(TRIAL, preset="best")])
    assert not Candidate.objects.exists()
