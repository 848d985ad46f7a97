"""What people, or the policy, may not do with what is served."""

from http import HTTPStatus

from mlops.models import Candidate
from mlops.states import Act
from scene3d.http.problem import Problem


class StateForbids(Problem):
    """409: the candidate is in a state in which this cannot be done."""

    def __init__(self, act: Act, candidate: Candidate) -> None:
        super().__init__(
            HTTPStatus.CONFLICT,
            f"cannot_{act}",
            f"A candidate that is {_STATES[candidate.state]} cannot be {act.label.lower()}.",
            next_step="Only one that waits can be proposed, promoted, rejected or put into shadow.",
            extra={"state": candidate.state},
        )


_STATES = {
    "refused": "refused by a gate",
    "waiting": "not proposed yet",
    "proposed": "proposed already",
    "promoted": "promoted already",
    "rejected": "rejected",
    "served": "served already",
}


class CandidateRefused(Problem):
    """409: gates are not overridden, by nobody."""

    def __init__(self, candidate: Candidate) -> None:
        gates = [reason["gate"] for reason in candidate.reasons if not reason["passed"]]
        super().__init__(
            HTTPStatus.CONFLICT,
            "candidate_refused",
            f"Not every gate has passed: {', '.join(gates)}. Nobody can promote this candidate.",
            next_step="Change the experiment, or its gates if they ask too much, and run it again.",
            extra={"state": candidate.state, "failed_gates": gates},
        )


class ExperimentNotDone(Problem):
    """409: what an experiment found counts once it is over."""

    def __init__(self, candidate: Candidate) -> None:
        super().__init__(
            HTTPStatus.CONFLICT,
            "experiment_not_done",
            "The experiment of this candidate is not done:"
            f" {candidate.experiment.get_state_display().lower()}.",
            next_step="Wait for its end, or run it again.",
            extra={"experiment_state": candidate.experiment.state},
        )


class CandidateOutdated(Problem):
    """409: the engine does not understand the options as it did when they were judged."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.CONFLICT,
            "candidate_outdated",
            "These options mean something else to the engine that is installed now.",
            next_step="Run the experiment again with this engine.",
        )


class ProposalNeeded(Problem):
    """409: under the approval policy, a candidate is proposed before it is promoted."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.CONFLICT,
            "proposal_needed",
            "This server asks for two people: nobody has proposed this candidate yet.",
            next_step="Propose it; somebody else can then promote it.",
        )


class NoProposalNeeded(Problem):
    """409: without the approval policy there is nothing to propose."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.CONFLICT,
            "proposal_not_needed",
            "This server asks for one person only: there is nothing to propose.",
            next_step="Promote the candidate.",
        )


class SecondPersonNeeded(Problem):
    """403: whoever proposed a candidate does not promote it."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.FORBIDDEN,
            "second_person_needed",
            "This server asks for two people: whoever proposed a candidate cannot promote it.",
            next_step="Ask somebody else who may approve promotions.",
        )


class ShadowUnchanged(Problem):
    """409: it runs in shadow already, or does not."""

    def __init__(self, *, is_on: bool) -> None:
        super().__init__(
            HTTPStatus.CONFLICT,
            "shadow_unchanged",
            f"This candidate {'runs in shadow already' if is_on else 'does not run in shadow'}.",
        )


class PersonNeeded(Problem):
    """403: two people can only be told apart by their names."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.FORBIDDEN,
            "person_needed",
            "This server asks for two people, so each needs a name.",
            next_step="Name a user of this server.",
        )


class RightMissing(Problem):
    """403."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.FORBIDDEN, "permission_denied", "You may not do this with what is served."
        )


class ReasonNeeded(Problem):
    """400: the log has a reason for everything."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.BAD_REQUEST,
            "reason_needed",
            "There is no reason.",
            next_step="Say why, in a sentence that helps whoever reads the log.",
        )


class ConfigurationChanged(Problem):
    """409: somebody else was faster."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.CONFLICT,
            "configuration_changed",
            "What is served was changed by somebody else at the same moment.",
            next_step="Look at what is served now and decide again.",
        )


class AlreadyServed(Problem):
    """409: a roll-back that would change nothing."""

    def __init__(self, version: int) -> None:
        super().__init__(
            HTTPStatus.CONFLICT,
            "already_served",
            f"The options of configuration {version} are served already.",
            next_step="Name another version.",
        )


class NothingToRestore(Problem):
    """409: the engine's own presets are served, and nothing was before them."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.CONFLICT,
            "nothing_to_restore",
            "The engine's own presets are served; there is nothing before them.",
            next_step="Name the version to go to.",
        )


class VersionUnknown(Problem):
    """404."""

    def __init__(self, version: int) -> None:
        super().__init__(
            HTTPStatus.NOT_FOUND,
            "version_unknown",
            f"There is no configuration {version}.",
            next_step="See `manage.py configurations` for those that there are.",
        )
