"""What an experiment, its stages and its candidates go through."""

from django.db.models import TextChoices


class ExperimentState(TextChoices):
    """Of one run of the offline loop."""

    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    ERRORED = "errored", "Error"
    CANCELLED = "cancelled", "Cancelled"


ACTIVE = frozenset({ExperimentState.QUEUED, ExperimentState.RUNNING})


class StageState(TextChoices):
    """Of one stage of an experiment."""

    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    UNCHANGED = "unchanged", "Unchanged"
    FAILED = "failed", "Failed"


class CandidateState(TextChoices):
    """Of one trial that might be served."""

    REFUSED = "refused", "Refused by a gate"
    WAITING = "waiting", "Waiting for a person"
    PROPOSED = "proposed", "Waiting for approval"
    PROMOTED = "promoted", "Promoted"
    REJECTED = "rejected", "Rejected"


class Act(TextChoices):
    """What people and the policy do with configurations; each leaves an entry."""

    PROPOSE = "propose", "Proposed"
    PROMOTE = "promote", "Promoted"
    REJECT = "reject", "Rejected"
    ROLL_BACK = "roll_back", "Rolled back"


class AlertState(TextChoices):
    """As Alertmanager calls them."""

    FIRING = "firing", "Firing"
    RESOLVED = "resolved", "Resolved"


class AlertEventKind(TextChoices):
    """What happens to an alert."""

    FIRED = "fired", "Fires"
    RESOLVED = "resolved", "Resolved"
    ANSWERED = "answered", "Answered by an experiment"
    NOT_STARTED = "not_started", "No experiment started"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    SILENCED = "silenced", "Silenced"
    SILENCE_LIFTED = "silence_lifted", "Silence lifted"
