"""Rows of uploads under way, and of how much each person may send."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class PartialUpload(models.Model):
    """A file that arrives in pieces. How far it has come is the size of its file."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="partial_uploads"
    )
    name = models.CharField(max_length=255)
    num_bytes = models.BigIntegerField(help_text="Of the whole file, as announced.")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return self.name


class UserLimits(models.Model):
    """One person's limits where they differ from the server's; empty: the server's, 0: none."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="limits"
    )
    max_active_jobs = models.PositiveIntegerField(null=True, blank=True)
    max_stored_gb = models.PositiveIntegerField(null=True, blank=True)
    max_jobs_per_day = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "user limits"

    def __str__(self) -> str:
        return f"Limits of {self.user}"


class AcceptedJob(models.Model):
    """That a job was accepted; stays when the job is deleted, for a day."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    accepted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["accepted_at"]
        indexes = [models.Index(fields=["owner", "accepted_at"], name="accepted_jobs")]

    def __str__(self) -> str:
        return f"{self.accepted_at:%Y-%m-%d %H:%M}"
