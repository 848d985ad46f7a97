"""The log of security events: one row each, written with what it tells of."""

import logging

from django.contrib.auth.models import AnonymousUser

from accounts.models import EventKind, SecurityEvent, User
from scene3d.http.client import address_of, current_request

logger = logging.getLogger(__name__)


def record(kind: EventKind, user: User | None = None, **facts: str | bool) -> None:
    """Write it down, with who is asking and from where.

    Args:
        user: whom it is about, where that is known.
        facts: never a token, a key or a password.
    """
    request = current_request()
    actor = getattr(request, "user", None) or AnonymousUser()
    name = user.username if user is not None else ""
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
