"""What a job can be, and what may follow."""

from collections.abc import Mapping
from typing import Any

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
    DENSE = "dense", "Filling in surfaces"
    EXPORTING = "exporting", "Saving the result"


def stages_of(options: Mapping[str, Any] | None) -> list[JobStage]:
    """What a job with these options goes through, in order."""
    is_dense = (options or {}).get("dense", {}).get("enabled", False)
    return [stage for stage in JobStage if is_dense or stage != JobStage.DENSE]


STAGE_UNITS: Mapping[str, str] = {
    JobStage.CHECKING: "photos",
    JobStage.EXTRACTING: "photos",
    JobStage.MATCHING: "comparisons",
    JobStage.MAPPING: "photos",
    JobStage.DENSE: "photos",
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
