"""Jobs and what belongs to them. State changes live in `services`, never here."""

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from accounts.public import User
from jobs.querysets import JobQuerySet
from jobs.states import ACTIVE, RETRYABLE, TERMINAL, ExportStatus, JobStage, JobState, PhotoStatus
from jobs.upload_models import AcceptedJob, PartialUpload, UserLimits
from jobs.worker_models import Duty, Worker
from scene3d.engine.public import PRESETS, OptionsInvalid

# Django looks for models here; these have a module of their own.
_MORE = (AcceptedJob, Duty, PartialUpload, UserLimits, Worker)


class Preset(models.Model):
    """One of the engine's presets as this server offers it. Empty words are the engine's."""

    name = models.SlugField(unique=True, help_text="What the API calls it.")
    base = models.CharField(
        max_length=32,
        choices=[(name, preset.title) for name, preset in PRESETS.items()],
        help_text="The engine's preset that it starts from.",
    )
    own_title = models.CharField(max_length=80, blank=True)
    own_purpose = models.TextField(
        blank=True, help_text="For whom and for what, in a photographer's words."
    )
    own_cost = models.CharField(max_length=200, blank=True)
    overrides = models.JSONField(
        default=dict, blank=True, help_text='Options that differ, such as {"seed": 1}.'
    )
    is_enabled = models.BooleanField(default=True)
    is_default = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=models.Q(is_default=True),
                name="one_default_preset",
            )
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Raises: ValidationError, for options that the engine does not know."""
        self.overrides = self.overrides or {}
        if not isinstance(self.overrides, dict):
            raise ValidationError({"overrides": "This is not a JSON object."})
        if self.base not in PRESETS:
            return  # the field has its own message
        try:
            PRESETS[self.base].options.merged(self.overrides)
        except OptionsInvalid as error:
            raise ValidationError({"overrides": error.message}) from error

    @property
    def title(self) -> str:
        return self.own_title or PRESETS[self.base].title

    @property
    def purpose(self) -> str:
        return self.own_purpose or PRESETS[self.base].purpose

    @property
    def cost(self) -> str:
        return self.own_cost or PRESETS[self.base].cost

    @property
    def licence(self) -> str:
        """Of the networks that the engine's preset uses."""
        return PRESETS[self.base].licence


class Job(models.Model):
    """One upload and what became of it. The row is the truth; the queue is a hint."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="jobs"
    )
    name = models.CharField(max_length=120)
    preset = models.CharField(max_length=50)
    options = models.JSONField(help_text="Frozen when the job was made.")
    options_fingerprint = models.CharField(max_length=16, db_index=True)
    configuration_version = models.PositiveIntegerField(
        default=0,
        db_index=True,
        help_text="What was served when the job was made; 0: the engine's own presets.",
    )
    idempotency_key = models.CharField(max_length=255, null=True, blank=True)
    input_sha256 = models.CharField(max_length=64)
    input_bytes = models.BigIntegerField()
    num_photos = models.PositiveIntegerField()
    num_ignored_files = models.PositiveIntegerField(default=0)

    state = models.CharField(max_length=16, choices=JobState, default=JobState.QUEUED)
    stage = models.CharField(max_length=16, choices=JobStage, null=True, blank=True)
    stage_started_at = models.DateTimeField(null=True, blank=True)
    stage_done = models.PositiveIntegerField(default=0)
    stage_total = models.PositiveIntegerField(default=0)
    stage_counts = models.JSONField(default=dict, blank=True)

    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveIntegerField(default=0, help_text="Also the fence: see services.")
    lost_attempts = models.PositiveSmallIntegerField(default=0)
    delivery = models.PositiveIntegerField(default=0)

    error_code = models.CharField(max_length=64, null=True, blank=True)
    error_message = models.TextField(null=True, blank=True)
    error_next_step = models.TextField(null=True, blank=True)
    error_evidence = models.JSONField(default=dict, blank=True)
    traceback = models.TextField(null=True, blank=True)

    preflight = models.JSONField(
        null=True, blank=True, help_text="What a first look at the photos found."
    )
    report = models.JSONField(null=True, blank=True)
    metres_per_unit = models.FloatField(
        null=True, blank=True, help_text="The owner's: photos alone have no scale."
    )

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["state", "queued_at"], name="job_queue")]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "idempotency_key"], name="one_job_per_idempotency_key"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def is_terminal(self) -> bool:
        return self.state in TERMINAL

    @property
    def is_retryable(self) -> bool:
        return self.state in RETRYABLE or self.is_partial

    @property
    def has_result(self) -> bool:
        """Done, or cancelled with something to keep."""
        return self.report is not None

    @property
    def is_partial(self) -> bool:
        """Whether the result ends where mapping was stopped."""
        return self.partial_reason is not None

    @property
    def partial_reason(self) -> str | None:
        return self.report.get("partial_reason") if self.report else None

    @property
    def counts(self) -> dict[str, Any]:
        """Of the finished report; empty before."""
        return self.report["counts"] if self.report else {}

    @property
    def num_points(self) -> int:
        """Of the cloud that is shown: of its surfaces, where there are any; 0 before the end."""
        if not self.report:
            return 0
        on_surfaces: int = self.report.get("dense", {}).get("num_points", 0)
        return on_surfaces or int(self.report["counts"]["num_points"])

    @property
    def model_rows(self) -> list[dict[str, Any]]:
        """Rows of the finished report, the largest model first; empty before."""
        return self.report["models"] if self.report else []

    @property
    def stage_seconds(self) -> dict[str, float]:
        """Of the finished report; empty before."""
        rows = self.report["stages"] if self.report else []
        return {row["stage"]: row["seconds"] for row in rows}

    @property
    def duration(self) -> timedelta | None:
        """From the start of the last attempt to its end, or to now."""
        if self.started_at is None:
            return None
        return (self.finished_at or timezone.now()) - self.started_at


class Photo(models.Model):
    """One file of a job, from upload to its place in a model."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="photos")
    index = models.PositiveIntegerField()
    name = models.CharField(max_length=255)
    stored_path = models.CharField(max_length=255)
    num_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    thumbnail_path = models.CharField(max_length=255, null=True, blank=True)
    preview_path = models.CharField(max_length=255, null=True, blank=True)

    status = models.CharField(max_length=16, choices=PhotoStatus, default=PhotoStatus.UPLOADED)
    reason = models.CharField(max_length=64, null=True, blank=True)
    explanation = models.TextField(null=True, blank=True)
    action = models.TextField(null=True, blank=True)
    evidence = models.JSONField(default=dict, blank=True)
    width_px = models.PositiveIntegerField(null=True, blank=True)
    height_px = models.PositiveIntegerField(null=True, blank=True)
    focal_px = models.FloatField(null=True, blank=True)
    num_keypoints = models.PositiveIntegerField(null=True, blank=True)
    num_verified_pairs = models.PositiveIntegerField(null=True, blank=True)
    model = models.PositiveIntegerField(null=True, blank=True)
    num_observations = models.PositiveIntegerField(null=True, blank=True)
    mean_error_px = models.FloatField(null=True, blank=True)

    class Meta:
        ordering = ["index"]
        constraints = [models.UniqueConstraint(fields=["job", "index"], name="one_row_per_photo")]

    def __str__(self) -> str:
        return self.name


class Artifact(models.Model):
    """A file of a published result, or of one that grows (`files.LIVE`)."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="artifacts")
    name = models.CharField(max_length=100)
    path = models.CharField(max_length=255)
    num_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    media_type = models.CharField(max_length=100)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["job", "name"], name="one_artifact_per_name")
        ]

    def __str__(self) -> str:
        return self.name


class Export(models.Model):
    """A file made of a published result for who asked: another form, or one in metres."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="exports")
    name = models.CharField(max_length=100)
    status = models.CharField(max_length=16, choices=ExportStatus, default=ExportStatus.WAITING)
    requested_at = models.DateTimeField(default=timezone.now)
    delivery = models.PositiveIntegerField(default=0, help_text="Also the fence: see exports.")
    path = models.CharField(max_length=255, null=True, blank=True)
    num_bytes = models.BigIntegerField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, null=True, blank=True)
    error_message = models.TextField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["job", "name"], name="one_export_per_name")]

    def __str__(self) -> str:
        return self.name


class Feedback(models.Model):
    """Whether a person likes a result, and why; one row each, changed as they change their mind."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="feedback")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    is_up = models.BooleanField()
    reason = models.CharField(max_length=500, blank=True)
    given_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-given_at"]
        verbose_name_plural = "feedback"
        constraints = [models.UniqueConstraint(fields=["job", "user"], name="one_thumb_per_person")]

    def __str__(self) -> str:
        return f"Thumb {'up' if self.is_up else 'down'}: {self.job}"


class ShareLink(models.Model):
    """Lets whoever has its address see one result, for a time; the address is kept by nobody."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="share_links")
    digest = models.CharField(max_length=64, unique=True)
    may_download = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    num_views = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.job} until {self.expires_at:%Y-%m-%d}"


class StageRun(models.Model):
    """How long a stage of a finished job took: what later jobs' estimates are made of."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="stage_runs")
    stage = models.CharField(max_length=16, choices=JobStage)
    seconds = models.FloatField()
    num_units = models.PositiveIntegerField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.get_stage_display()}: {self.seconds:.1f} s"


class JobEvent(models.Model):
    """What watchers are told, in order; the id is the stream's Last-Event-ID."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=16)
    data = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["job", "id"], name="event_stream")]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Tally(models.Model):
    """A number that only grows; see `tallies`."""

    name = models.CharField(max_length=50)
    label = models.CharField(max_length=50, blank=True)
    value = models.FloatField(default=0)

    class Meta:
        ordering = ["name", "label"]
        constraints = [models.UniqueConstraint(fields=["name", "label"], name="one_row_per_tally")]

    def __str__(self) -> str:
        return f"{self.name} {self.label}: {self.value:g}"


class Keeper(User):
    """A person, as whose photos and results take room."""

    class Meta:
        proxy = True
        verbose_name = "storage of a person"
        verbose_name_plural = "storage"
