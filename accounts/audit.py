"""The log of security events: one row each, written with what it tells of."""

import logging

from django.contrib.auth.models import AnonymousUser

from accounts.models import EventKind, SecurityEvent, User
from scene3d.http.client import address_of, current_request

logger = logging.getLogger(__name__)


def record(
    kind: EventKind, user: User | None = None, *, username: str = "", **facts: str | int | bool
) -> None:
    """Write it down, with who is asking and from where.

    Args:
        user: whom it is about.
        username: of somebody who may not exist.
        facts: never a token, a key or a password.
    """
    request = current_request()
    actor = getattr(request, "user", None) or AnonymousUser()
    name = user.username if user is not None else _printable(username)
    event = SecurityEvent.objects.create(
        kind=kind,
        user=user,
        username=name,
        actor=actor.get_username(),
        address=address_of(request) if request is not None else None,
        request_id=getattr(request, "request_id", ""),
        facts=facts,
    )
    logger.info("security: %s, user %s, from %s", kind, name or "–", event.address or "–")


def _printable(name: str) -> str:
    """What anybody may have typed: one line, no longer than a name."""
    return "".join(sign if sign.isprintable() else "�" for sign in name)[:150]
