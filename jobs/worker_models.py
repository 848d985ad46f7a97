"""Rows of processes: workers, and who does what one at a time does."""

from django.db import models
from django.utils import timezone


class Duty(models.Model):
    """Who does what one process at a time does; see `duty`."""

    name = models.CharField(max_length=50, primary_key=True)
    holder = models.CharField(max_length=100, blank=True)
    until = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "duties"

    def __str__(self) -> str:
        return f"{self.name}: {self.holder or 'nobody'}"


class Worker(models.Model):
    """A worker that beats, and what it found this machine can do."""

    name = models.CharField(max_length=100, primary_key=True)
    started_at = models.DateTimeField(default=timezone.now)
    heartbeat_at = models.DateTimeField(default=timezone.now)
    capabilities = models.JSONField(default=dict)
    network_loads = models.JSONField(default=dict, help_text="How often each network was loaded.")
    machine = models.JSONField(default=dict, help_text="Load, memory, graphics cards.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
