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
    SERVED = "served", "Served already"


UNDER_DECISION = frozenset({CandidateState.WAITING, CandidateState.PROPOSED})
"""A challenger: it may be served, and nobody has decided yet."""


class Act(TextChoices):
    """What people and the policy do with configurations; each leaves an entry."""

    PROPOSE = "propose", "Proposed"
    PROMOTE = "promote", "Promoted"
    REJECT = "reject", "Rejected"
    ROLL_BACK = "roll_back", "Rolled back"
    SHADOW = "shadow", "Put into shadow"
    END_SHADOW = "end_shadow", "Taken out of shadow"


class WebhookEvent(TextChoices):
    """What an outgoing webhook tells of; the values are the messages' types."""

    EXPERIMENT_STARTED = "experiment.started", "Experiment started"
    EXPERIMENT_DONE = "experiment.done", "Experiment done"
    EXPERIMENT_FAILED = "experiment.failed", "Experiment failed"
    CONFIGURATION_PROMOTED = "configuration.promoted", "Configuration promoted"
    CONFIGURATION_ROLLED_BACK = "configuration.rolled_back", "Configuration rolled back"


class DeliveryState(TextChoices):
    """Of one message."""

    WAITING = "waiting", "Waiting"
    DELIVERED = "delivered", "Delivered"
    GIVEN_UP = "given_up", "Given up"


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
