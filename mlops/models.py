"""Experiments, what they found, and what is served. State changes live in services, never here."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from mlops.alert_models import Alert, AlertEvent, AlertGroup, Silence
from mlops.append_only import AppendOnly
from mlops.states import (
    ACTIVE,
    Act,
    CandidateState,
    DeliveryState,
    ExperimentState,
    StageState,
    WebhookEvent,
)

__all__ = [
    "Alert",
    "AlertEvent",
    "AlertGroup",
    "AuditEntry",
    "Candidate",
    "Configuration",
    "Experiment",
    "ExperimentStage",
    "ShadowRun",
    "Silence",
    "TrackedAlias",
    "WebhookDelivery",
]


class Experiment(models.Model):
    """One run of the offline loop. Its folder is named by the id."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    spec = models.JSONField(help_text="As it is run, the served configuration's trial included.")
    spec_fingerprint = models.CharField(max_length=16, db_index=True)
    data = models.CharField(max_length=500, help_text="Folder of the labelled scenes.")
    data_hash = models.CharField(max_length=64, blank=True, help_text="Known once it is validated.")
    trigger = models.CharField(
        max_length=32, default="command", help_text="command, button, schedule or alert."
    )
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )

    state = models.CharField(max_length=16, choices=ExperimentState, default=ExperimentState.QUEUED)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    queued_at = models.DateTimeField(default=timezone.now, help_text="Since when it waits.")
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveIntegerField(default=0, help_text="Also the fence: see services.")
    delivery = models.PositiveIntegerField(default=0)

    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)
    error_next_step = models.TextField(blank=True)
    traceback = models.TextField(blank=True)

    evaluation = models.JSONField(default=dict, blank=True, help_text="Scores of every trial.")
    decision = models.JSONField(default=dict, blank=True, help_text="Every gate of every trial.")
    tracking_url = models.URLField(max_length=500, blank=True)
    tracked_at = models.DateTimeField(
        null=True, blank=True, help_text="When the tracker had heard of this attempt's end."
    )

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE


class ExperimentStage(models.Model):
    """How far one stage of an experiment is."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="stages")
    name = models.CharField(max_length=32)
    position = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=16, choices=StageState, default=StageState.WAITING)
    started_at = models.DateTimeField(null=True, blank=True)
    seconds = models.FloatField(null=True, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    words = models.CharField(
        max_length=200, blank=True, help_text="What it is at, or why it ended."
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "name"], name="one_row_per_stage")
        ]

    def __str__(self) -> str:
        return self.name


class Candidate(models.Model):
    """A trial of a finished experiment, with what it would serve and what the gates say."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="candidates")
    trial = models.CharField(max_length=80)
    preset = models.CharField(max_length=32, help_text="The engine's preset that it would replace.")
    options = models.JSONField(help_text="Complete, as the engine reads them.")
    options_fingerprint = models.CharField(max_length=16)
    metrics = models.JSONField(default=dict, blank=True)
    reasons = models.JSONField(default=list, blank=True, help_text="One per gate, passed or not.")
    passed = models.BooleanField(default=False)
    state = models.CharField(max_length=16, choices=CandidateState, default=CandidateState.REFUSED)
    tracked_run = models.CharField(max_length=64, blank=True)
    tracked_version = models.CharField(max_length=16, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Somebody else must approve.",
    )
    is_shadow = models.BooleanField(
        default=False, help_text="Runs in shadow, as long as it waits for a decision."
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at", "trial"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "trial"], name="one_candidate_per_trial")
        ]
        permissions = [
            ("operate_candidate", "Can propose, reject and roll back"),
            ("approve_candidate", "Can approve promotions"),
        ]

    def __str__(self) -> str:
        return f"{self.experiment.name}: {self.trial}"


class ShadowRun(models.Model):
    """A candidate's options on the photos of a job that is done: numbers alone, and nobody but
    operators sees them."""

    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="shadow_runs")
    job = models.UUIDField(help_text="May be deleted since.")
    num_photos = models.PositiveIntegerField()
    challenger = models.JSONField(default=dict, help_text="See shadows.Measures; empty: it failed.")
    served = models.JSONField(help_text="The job's own.")
    challenger_fingerprint = models.CharField(max_length=16, help_text="Of the options.")
    served_fingerprint = models.CharField(max_length=16)
    error_code = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["candidate", "job"], name="one_shadow_run_per_job")
        ]

    def __str__(self) -> str:
        return f"{self.candidate} on job {self.job}"


class Configuration(models.Model):
    """What is, was, or may again be served: complete options by the engine's preset.

    Versions follow each other without gaps, and the last one is active: history is linear. Version
    0, which has no row, is the engine's own presets.
    """

    version = models.PositiveIntegerField(primary_key=True)
    options = models.JSONField(help_text="By preset; presets that are not here are the engine's.")
    candidate = models.ForeignKey(
        Candidate, on_delete=models.PROTECT, null=True, blank=True, related_name="configurations"
    )
    restores = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, help_text="A roll-back's origin."
    )
    reason = models.TextField()
    is_active = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    created_by_name = models.CharField(max_length=150, help_text="Stays when the account goes.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_active"],
                condition=models.Q(is_active=True),
                name="one_active_configuration",
            )
        ]

    def __str__(self) -> str:
        return f"Configuration {self.version}"

    @property
    def restored_version(self) -> int | None:
        """Of a roll-back, 0 for the engine's own presets; None for a promotion."""
        return None if self.candidate_id is not None else self.restores_id or 0

    def options_of(self, preset: str) -> dict[str, Any] | None:
        """Complete options, or None where the engine's own are served."""
        options: dict[str, Any] | None = self.options.get(preset)
        return options


class AuditEntry(AppendOnly):
    """Who did what to the served configuration, and why. Rows are never changed."""

    at = models.DateTimeField(default=timezone.now)
    who = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    who_name = models.CharField(max_length=150, help_text="Stays when the account goes.")
    act = models.CharField(max_length=16, choices=Act)
    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, null=True, blank=True)
    configuration = models.ForeignKey(
        Configuration, on_delete=models.PROTECT, null=True, blank=True
    )
    reason = models.TextField()

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.who_name}: {self.get_act_display()}"


class TrackedAlias(models.Model):
    """What the tracker is known to call by this name; no row: nothing, as on a new server."""

    name = models.CharField(max_length=32, primary_key=True)
    version = models.CharField(max_length=16, blank=True, help_text="Registered; empty: none.")
    revision = models.PositiveIntegerField(default=0, help_text="Rises before the tracker is told.")

    def __str__(self) -> str:
        return self.name


class WebhookDelivery(models.Model):
    """One message to whom the operator has named. Its id is the message's, at every attempt."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.CharField(max_length=32, choices=WebhookEvent)
    payload = models.JSONField()
    state = models.CharField(max_length=16, choices=DeliveryState, default=DeliveryState.WAITING)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    delivery = models.PositiveIntegerField(default=1, help_text="How often the queue was told.")
    last_status = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of the last answer, if there was one."
    )
    last_error = models.TextField(blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "webhook deliveries"
        indexes = [models.Index(fields=["state", "next_attempt_at"], name="webhooks_by_due_time")]

    def __str__(self) -> str:
        return f"{self.event}, {self.created_at:%Y-%m-%d %H:%M}"
