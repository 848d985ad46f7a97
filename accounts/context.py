"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def portal(request: HttpRequest) -> dict[str, Any]:
    """Template context processor."""
    return {"is_signup_open": settings.IS_SIGNUP_OPEN}
