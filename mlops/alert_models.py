"""Alerts as Alertmanager tells them, what was done about them, and by whom."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from mlops.append_only import AppendOnly
from mlops.states import AlertEventKind, AlertState


class AlertGroup(models.Model):
    """Alerts that Alertmanager notifies together. Its row is what makes starts rare."""

    key = models.CharField(max_length=1024, unique=True, help_text="Alertmanager's groupKey.")
    last_started_at = models.DateTimeField(null=True, blank=True)
    last_experiment = models.ForeignKey(
        "mlops.Experiment", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    def __str__(self) -> str:
        return self.key


class Alert(models.Model):
    """One episode: from when an alert began to fire until it was resolved."""

    fingerprint = models.CharField(max_length=16, help_text="Of its labels, by Alertmanager.")
    starts_at = models.DateTimeField(help_text="By Prometheus' clock.")
    group = models.ForeignKey(AlertGroup, on_delete=models.PROTECT, related_name="alerts")
    name = models.CharField(max_length=200, db_index=True)
    labels = models.JSONField(default=dict)
    annotations = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=AlertState, default=AlertState.FIRING)
    received_at = models.DateTimeField(default=timezone.now, db_index=True)
    last_notified_at = models.DateTimeField(default=timezone.now)
    num_notifications = models.PositiveIntegerField(default=1)
    resolved_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    experiment = models.ForeignKey(
        "mlops.Experiment",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="alerts",
        help_text="That answers it.",
    )
    not_started = models.TextField(blank=True, help_text="Why there is none.")

    class Meta:
        ordering = ["-received_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["fingerprint", "starts_at"], name="one_row_per_episode")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_firing(self) -> bool:
        return self.state == AlertState.FIRING

    @property
    def severity(self) -> str:
        return str(self.labels.get("severity", ""))

    @property
    def summary(self) -> str:
        return str(self.annotations.get("summary") or self.name)

    @property
    def description(self) -> str:
        return str(self.annotations.get("description", ""))


class AlertEvent(AppendOnly):
    """What happened to an alert, by itself or by somebody."""

    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=16, choices=AlertEventKind)
    who = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    who_name = models.CharField(
        max_length=150, blank=True, help_text="Stays when the account goes; empty: nobody."
    )
    words = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_kind_display()}"


class Silence(models.Model):
    """For a while, alerts of a name are recorded, and start nothing."""

    alert_name = models.CharField(max_length=200, db_index=True)
    until = models.DateTimeField()
    reason = models.TextField()
    who = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    who_name = models.CharField(max_length=150, help_text="Stays when the account goes.")
    created_at = models.DateTimeField(default=timezone.now)
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.alert_name} until {self.until:%Y-%m-%d %H:%M}"
