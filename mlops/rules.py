"""Who may do what with candidates and configurations, and when. Nothing here changes anything."""

from collections.abc import Iterator, Mapping, Sequence

from django.conf import settings

from accounts.public import User
from mlops.errors import (
    CandidateOutdated,
    CandidateRefused,
    ExperimentNotDone,
    NoProposalNeeded,
    PersonNeeded,
    ProposalNeeded,
    ReasonNeeded,
    RightMissing,
    SecondPersonNeeded,
    ShadowUnchanged,
    StateForbids,
)
from mlops.models import Candidate
from mlops.states import Act, CandidateState, ExperimentState
from scene3d.engine.public import OptionsInvalid, ReconstructionOptions
from scene3d.http.problem import Problem

Actor = User | str
"""A person, or the name of what is none: the policy, or a shell on this machine."""
POLICY = "policy"
SHELL = "command line"

_OPERATE = "mlops.operate_candidate"
_APPROVE = "mlops.approve_candidate"
_FROM: Mapping[Act, Sequence[CandidateState]] = {
    Act.PROPOSE: [CandidateState.WAITING],
    Act.PROMOTE: [CandidateState.WAITING, CandidateState.PROPOSED],
    Act.REJECT: [CandidateState.WAITING, CandidateState.PROPOSED],
    Act.SHADOW: [CandidateState.WAITING, CandidateState.PROPOSED],
    Act.END_SHADOW: list(CandidateState),
}
_SWITCHES: Mapping[Act, bool] = {Act.SHADOW: True, Act.END_SHADOW: False}


def asks_for_two() -> bool:
    """Whether promotions need a second person."""
    return bool(settings.PROMOTION_POLICY == "approval")


def name_of(who: Actor) -> str:
    return who if isinstance(who, str) else who.get_username()


def person_of(who: Actor) -> User | None:
    return None if isinstance(who, str) else who


def reason_given(reason: str) -> str:
    """Raises: ReasonNeeded."""
    if not reason.strip():
        raise ReasonNeeded
    return reason.strip()


def has_right(act: Act, who: Actor) -> bool:
    """Of a person, by permissions; the policy and whoever has a shell here may do everything."""
    if isinstance(who, str):
        return True
    rights = {
        Act.PROPOSE: (_OPERATE,),
        Act.PROMOTE: (_APPROVE if asks_for_two() else _OPERATE,),
        Act.REJECT: (_OPERATE, _APPROVE),
        Act.ROLL_BACK: (_OPERATE,),
        Act.SHADOW: (_OPERATE,),
        Act.END_SHADOW: (_OPERATE,),
    }
    return any(who.has_perm(right) for right in rights[act])


def objection(act: Act, candidate: Candidate, who: Actor) -> Problem | None:
    """Why `who` cannot do this with the candidate now, the strongest reason; None: they can."""
    return next(_objections(act, candidate, who), None)


def _objections(act: Act, candidate: Candidate, who: Actor) -> Iterator[Problem]:
    if not has_right(act, who):
        yield RightMissing()
    if candidate.state == CandidateState.REFUSED and act != Act.END_SHADOW:
        yield CandidateRefused(candidate)
    if candidate.state not in _FROM[act]:
        yield StateForbids(act, candidate)
    if act in _SWITCHES and candidate.is_shadow == _SWITCHES[act]:
        yield ShadowUnchanged(is_on=candidate.is_shadow)
    if act in {Act.PROPOSE, Act.PROMOTE, Act.SHADOW}:
        yield from _objections_to_serving(candidate)
    if act in {Act.PROPOSE, Act.PROMOTE}:
        yield from _objections_of_policy(act, candidate, who)


def _objections_to_serving(candidate: Candidate) -> Iterator[Problem]:
    if candidate.experiment.state != ExperimentState.DONE:
        yield ExperimentNotDone(candidate)
    if not _means_the_same(candidate):
        yield CandidateOutdated()


def _objections_of_policy(act: Act, candidate: Candidate, who: Actor) -> Iterator[Problem]:
    if not asks_for_two():
        if act == Act.PROPOSE:
            yield NoProposalNeeded()
        return
    person = person_of(who)
    if person is None:
        yield PersonNeeded()
    if act == Act.PROMOTE and candidate.state != CandidateState.PROPOSED:
        yield ProposalNeeded()
    if act == Act.PROMOTE and candidate.proposed_by == person:
        yield SecondPersonNeeded()


def _means_the_same(candidate: Candidate) -> bool:
    """Whether the engine reads the options as it did when they were judged."""
    try:
        options = ReconstructionOptions.from_dict(candidate.options)
    except OptionsInvalid:
        return False
    return options.fingerprint() == candidate.options_fingerprint
