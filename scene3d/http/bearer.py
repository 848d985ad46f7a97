"""Programs that show a secret they share with this server: Prometheus, Alertmanager."""

import hmac

from django.http import HttpRequest

_SCHEME = "bearer "


def shows_token(request: HttpRequest, token: str) -> bool:
    """Whether `Authorization: Bearer …` has this token; compared in constant time."""
    given = request.headers.get("Authorization", "")
    if given[: len(_SCHEME)].lower() != _SCHEME:
        return False
    return hmac.compare_digest(given[len(_SCHEME) :].strip().encode(), token.encode())
