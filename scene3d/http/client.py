"""Who is asking: the request at hand, and the address that it came from."""

from contextvars import ContextVar
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest

_current: ContextVar[HttpRequest | None] = ContextVar("current_request", default=None)


def current_request() -> HttpRequest | None:
    """The one that this code works for; None in commands and workers."""
    return _current.get()


def set_current_request(request: HttpRequest | None) -> None:
    """For the middleware, at a request's beginning and end."""
    _current.set(request)


def address_of(request: HttpRequest) -> str | None:
    """The client's IP address, as far as NUM_PROXIES of our own vouch for it.

    Each proxy appends whom it has heard; what a client writes before that proves nothing. None
    where the other side has no address, such as on a Unix socket.
    """
    named = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    count = min(settings.NUM_PROXIES, len(named))
    address = named[-count] if count else ""
    return _checked(address) or _checked(request.META.get("REMOTE_ADDR", ""))


def _checked(address: str) -> str | None:
    try:
        return str(ip_address(address))
    except ValueError:
        return None
