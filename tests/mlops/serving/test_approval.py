"""PROMOTION_POLICY=approval: one proposes, another promotes, and neither is a program."""

import pytest

from accounts.models import User
from mlops import services
from mlops.models import AuditEntry, Candidate, Configuration
from mlops.rules import POLICY, SHELL
from mlops.states import Act, CandidateState
from tests.mlops.serving.builders import WHY, make_candidate, make_experiment, person
from tests.mlops.serving.test_promotion import refusal

pytestmark = pytest.mark.usefixtures("approval")


def both(name: str = "max") -> User:
    """Somebody who may propose and approve."""
    return person(name, "operators", "approvers")


def test_one_proposes_and_another_promotes(olga: User, ada: User) -> None:
    candidate = make_candidate()
    services.propose(candidate, olga, "It is sharper.")
    assert (candidate.state, candidate.proposed_by) == (CandidateState.PROPOSED, olga)
    assert not Configuration.objects.exists()
    configuration = services.promote(candidate, ada, "I agree.")
    assert (configuration.created_by, configuration.is_active) == (ada, True)
    entries = AuditEntry.objects.order_by("pk").values_list("act", "who_name", "reason")
    assert list(entries) == [
        ("propose", "olga", "It is sharper."),
        ("promote", "ada", "I agree."),
    ]


def test_whoever_proposed_it_does_not_promote_it(db: None) -> None:
    candidate, somebody = make_candidate(), both()
    services.propose(candidate, somebody, WHY)
    problem = refusal(Act.PROMOTE, candidate, somebody)
    assert (problem.status, problem.code) == (403, "second_person_needed")
    services.promote(candidate, both("moritz"), WHY)


def test_not_even_a_superuser_is_two_people(operator: User) -> None:
    candidate = make_candidate()
    services.propose(candidate, operator, WHY)
    assert refusal(Act.PROMOTE, candidate, operator).code == "second_person_needed"


def test_without_a_proposal_nothing_is_promoted(ada: User) -> None:
    problem = refusal(Act.PROMOTE, make_candidate(), ada)
    assert (problem.status, problem.code) == (409, "proposal_needed")


def test_an_operator_does_not_approve_and_an_approver_does_not_propose(
    olga: User, ada: User
) -> None:
    candidate = make_candidate()
    assert refusal(Act.PROPOSE, candidate, ada).code == "permission_denied"
    services.propose(candidate, olga, WHY)
    other_operator = person("otto", "operators")
    assert refusal(Act.PROMOTE, candidate, other_operator).code == "permission_denied"


@pytest.mark.parametrize("who", [POLICY, SHELL])
@pytest.mark.parametrize("act", [Act.PROPOSE, Act.PROMOTE])
def test_those_without_a_name_are_nobody(olga: User, who: str, act: Act) -> None:
    candidate = make_candidate()
    if act == Act.PROMOTE:
        services.propose(candidate, olga, WHY)
    problem = refusal(act, candidate, who)
    assert (problem.status, problem.code) == (403, "person_needed")


def test_either_may_reject(olga: User, ada: User) -> None:
    for number, who in enumerate((olga, ada)):
        candidate = make_candidate(seed=number)
        services.propose(candidate, olga, WHY)
        services.reject(candidate, who, WHY)
        assert candidate.state == CandidateState.REJECTED


def test_it_is_proposed_once(olga: User) -> None:
    candidate = make_candidate()
    services.propose(candidate, olga, WHY)
    problem = refusal(Act.PROPOSE, candidate, person("otto", "operators"))
    assert (problem.status, problem.code) == (409, "cannot_propose")


def test_the_policy_promotes_nothing(db: None) -> None:
    candidate = make_candidate()
    assert services.after_experiment(candidate.experiment) == []
    assert Candidate.objects.get().state == CandidateState.WAITING


def test_what_waited_can_be_promoted_by_one_when_one_is_enough(
    olga: User, settings: object
) -> None:
    candidate = make_candidate(make_experiment())
    services.propose(candidate, olga, WHY)
    settings.PROMOTION_POLICY = "auto"  # type: ignore[attr-defined]  # pytest-django's wrapper
    assert services.promote(candidate, olga, WHY).version == 1
