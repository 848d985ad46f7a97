"""Baselines, what was measured of jobs, and windows of them. Changes live in services, never here.

A job is its id here: this room does not know jobs, and keeps what it measured when one is deleted.
"""

from typing import Any, Never

from django.conf import settings
from django.db import models
from django.utils import timezone

from drift.documents import (
    BaselineDocument,
    UploadDocument,
    Verdict,
    WindowDocument,
)


class Source(models.TextChoices):
    EXPERIMENT = "experiment", "Labelled photos"
    JOBS = "jobs", "Jobs of this server"
    FOLDER = "folder", "Folder of photos"


class Status(models.TextChoices):
    """Of an upload or of the service; the values are `documents.Verdict`."""

    OK = "ok", "As usual"
    WARNING = "warning", "Unusual"
    CRITICAL = "critical", "Very unusual"
    UNKNOWN = "unknown", "Not known"


class Baseline(models.Model):
    """What photos normally look like, in versions of which at most one is compared with."""

    document = models.JSONField(help_text="drift.documents.BaselineDocument.")
    content_version = models.CharField(
        max_length=16, unique=True, help_text="Changes with anything that was measured."
    )
    source = models.CharField(max_length=16, choices=Source)
    note = models.CharField(max_length=200, blank=True, help_text="What it was made of.")
    num_photos = models.PositiveIntegerField()
    num_scenes = models.PositiveIntegerField()
    made_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now)
    is_active = models.BooleanField(default=False)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_active"],
                condition=models.Q(is_active=True),
                name="one_active_baseline",
            )
        ]
        permissions = [("activate_baseline", "Can say what uploads are compared with")]

    def __str__(self) -> str:
        return f"Baseline {self.pk}"

    def read(self) -> BaselineDocument:
        """Raises: ValidationError of pydantic, for a document of another version."""
        return BaselineDocument.model_validate(self.document)


class Unchangeable(Exception):  # noqa: N818  # names what was touched
    """Somebody's code tried to change the log of activations."""


class ActivationQuerySet(models.QuerySet["Activation"]):
    """Reads and adds; what is there stays."""

    def update(self, **values: Any) -> Never:
        raise Unchangeable("Activations are never changed.")

    def delete(self) -> Never:
        raise Unchangeable("Activations are never deleted.")


class Activation(models.Model):
    """Who made which baseline the one that counts, and why. Rows are never changed."""

    at = models.DateTimeField(default=timezone.now)
    baseline = models.ForeignKey(Baseline, on_delete=models.PROTECT, related_name="activations")
    replaces = models.ForeignKey(
        Baseline, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    who = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    who_name = models.CharField(max_length=150, help_text="Stays when the account goes.")
    reason = models.TextField()

    objects = ActivationQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.who_name}: {self.baseline}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Raises: Unchangeable, for a row that is there."""
        if not self._state.adding:
            raise Unchangeable("Activations are never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Never:
        raise Unchangeable("Activations are never deleted.")


class Upload(models.Model):
    """What was measured of a job's photos before any work, and the verdict on them."""

    job_id = models.UUIDField(unique=True)
    baseline = models.ForeignKey(Baseline, on_delete=models.SET_NULL, null=True, blank=True)
    measured_at = models.DateTimeField(default=timezone.now)
    num_photos = models.PositiveIntegerField()
    measures = models.JSONField(
        help_text="Columns: the photos' indices, and each feature's values in their order."
    )
    medians = models.JSONField(help_text="The median photo, by feature.")
    status = models.CharField(max_length=16, choices=Status)
    document = models.JSONField(help_text="drift.documents.UploadDocument.")

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"Upload of job {self.job_id}"

    @property
    def verdict(self) -> UploadDocument:
        return UploadDocument.model_validate(self.document)


class Outcome(models.Model):
    """What became of a job. One row a job, so nothing is counted twice."""

    job_id = models.UUIDField(unique=True)
    ended_at = models.DateTimeField(default=timezone.now)
    values = models.JSONField(help_text="By drift.features.OUTCOMES; those that the job tells.")
    result = models.JSONField(default=dict, help_text="By drift.features.RESULT_FEATURES.")
    satisfaction = models.FloatField(
        null=True, blank=True, help_text="1 for a thumb up, 0 for one down."
    )

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"Outcome of job {self.job_id}"

    @property
    def all_values(self) -> dict[str, float]:
        """With the thumb, if there is one."""
        thumb = {} if self.satisfaction is None else {"satisfaction": self.satisfaction}
        return {**self.values, **thumb}


class Window(models.Model):
    """The last jobs as they were when every so many had ended, beside one baseline."""

    baseline = models.ForeignKey(Baseline, on_delete=models.CASCADE, null=True, blank=True)
    last_outcome = models.ForeignKey(Outcome, on_delete=models.CASCADE, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    first_at = models.DateTimeField(help_text="When its first job ended.")
    last_at = models.DateTimeField(help_text="When its last job ended.")
    job_ids = models.JSONField(help_text="The oldest first.")
    num_jobs = models.PositiveIntegerField()
    num_photos = models.PositiveIntegerField()
    document = models.JSONField(help_text="drift.documents.WindowDocument: this window alone.")
    status = models.CharField(
        max_length=16, choices=Status, help_text="After persistence: what an alert goes by."
    )
    performance = models.CharField(max_length=16, choices=Status, help_text="Likewise.")
    verdicts = models.JSONField(default=dict, help_text="Likewise, by feature and outcome.")

    class Meta:
        ordering = ["-last_outcome_id", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["baseline", "last_outcome"], name="one_window_per_step"
            ),
            models.UniqueConstraint(
                fields=["last_outcome"],
                condition=models.Q(baseline=None),
                name="one_window_per_step_without_baseline",
            ),
        ]

    def __str__(self) -> str:
        return f"Window of {self.num_jobs} jobs to {self.last_at:%Y-%m-%d %H:%M}"

    @property
    def verdict(self) -> WindowDocument:
        return WindowDocument.model_validate(self.document)

    def standing(self, name: str) -> Verdict:
        """Of one of its features or outcomes, after persistence."""
        found: Verdict = self.verdicts.get(name, "unknown")
        return found
