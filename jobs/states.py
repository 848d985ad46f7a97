"""What a job can be, and what may follow."""

from collections.abc import Mapping

from django.db.models import TextChoices


class JobState(TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Working"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    ERRORED = "errored", "Broken"
    CANCELLED = "cancelled", "Cancelled"


ACTIVE = frozenset({JobState.QUEUED, JobState.RUNNING})
TERMINAL = frozenset(JobState) - ACTIVE
RETRYABLE = frozenset({JobState.FAILED, JobState.ERRORED, JobState.CANCELLED})


class JobStage(TextChoices):
    """What a running job does; the values are the engine's."""

    CHECKING = "checking", "Checking photos"
    EXTRACTING = "extracting", "Finding details"
    MATCHING = "matching", "Comparing photos"
    MAPPING = "mapping", "Placing cameras"
    EXPORTING = "exporting", "Saving the result"


STAGE_UNITS: Mapping[str, str] = {
    JobStage.CHECKING: "photos",
    JobStage.EXTRACTING: "photos",
    JobStage.MATCHING: "comparisons",
    JobStage.MAPPING: "photos",
    JobStage.EXPORTING: "models",
}


class ExportStatus(TextChoices):
    """Of a file that is made when somebody asks for it."""

    WAITING = "waiting", "Waiting"
    PREPARING = "preparing", "Preparing"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"


class PhotoStatus(TextChoices):
    UPLOADED = "uploaded", "Uploaded"
    ACCEPTED = "accepted", "Readable"
    REJECTED = "rejected", "Not readable"
    REGISTERED = "registered", "Placed"
    NOT_REGISTERED = "not_registered", "Not placed"
