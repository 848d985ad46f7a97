"""Who uses this server, by which means, and what happened about it."""

import uuid

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone


class User(AbstractUser):
    """Our own from the first migration, so that it can grow without a painful one."""


class TokenFamily(models.Model):
    """One log-in of a program, and the refresh tokens that have followed each other since.

    Only the last one's id is kept: whoever reads the database finds no token in it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="token_families"
    )
    current = models.CharField(max_length=32, help_text="`jti` of the token that works.")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(help_text="Of the token that works.")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "token families"

    def __str__(self) -> str:
        return f"{self.user} since {self.created_at:%Y-%m-%d %H:%M}"


class ApiKey(models.Model):
    """A program's right to act for a person, within scopes and for a time."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys"
    )
    name = models.CharField(max_length=80, help_text="What it is for.")
    prefix = models.CharField(max_length=16, help_text="How it begins, to tell keys apart.")
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(help_text="Such as jobs:read; see scene3d.http.scopes.")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="To the minute.")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def has_expired(self) -> bool:
        return self.expires_at <= timezone.now()


class EventKind(models.TextChoices):
    LOGIN = "login", "Logged in"
    LOGIN_FAILED = "login_failed", "Failed to log in"
    LOCKED_OUT = "locked_out", "Locked out"
    PASSWORD_CHANGED = "password_changed", "Password changed"
    REFRESH_REUSED = "refresh_reused", "Refresh token used twice"
    KEY_MADE = "key_made", "API key made"
    KEY_REVOKED = "key_revoked", "API key revoked"
    SHARE_MADE = "share_made", "Link made"
    SHARE_USED = "share_used", "Link used"
    SHARE_REVOKED = "share_revoked", "Link revoked"
    ROLES_CHANGED = "roles_changed", "Roles changed"


class SecurityEvent(models.Model):
    """What an operator wants to find again after a bad day. Never holds a token or a password."""

    kind = models.CharField(max_length=20, choices=EventKind)
    at = models.DateTimeField(default=timezone.now, db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="security_events",
        help_text="Whom it is about.",
    )
    username = models.CharField(max_length=150, blank=True, help_text="As it was then.")
    actor = models.CharField(max_length=150, blank=True, help_text="Who did it, where known.")
    address = models.GenericIPAddressField(null=True, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    facts = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["kind", "at"], name="events_by_kind")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.username or '–'}"
