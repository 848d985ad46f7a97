"""What somebody sees who has failed to log in too often; django-axes counts."""

import math
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from scene3d.http.client import address_of
from scene3d.http.problem import Problem


def locked_out(request: HttpRequest, *_: Any) -> HttpResponse:
    """AXES_LOCKOUT_CALLABLE: 429 with when to try again, a problem document under /api/."""
    seconds = math.ceil(_left(request).total_seconds())
    minutes = math.ceil(seconds / 60)
    response: HttpResponse
    if request.path.startswith("/api/"):
        problem = Problem(
            HTTPStatus.TOO_MANY_REQUESTS,
            "locked_out",
            "Too many attempts to log in have failed.",
            next_step=f"Try again in {minutes} minute{'s' if minutes > 1 else ''}.",
        )
        response = problem.to_response(request)
    else:
        context = {"minutes": minutes, "is_locked": True}
        response = render(request, "errors/wait.html", context, status=429)
    response.headers["Retry-After"] = str(seconds)
    return response


def _left(request: HttpRequest) -> timedelta:
    """Until the last attempt that counted is forgotten; a second at least."""
    credentials: dict[str, Any] = getattr(request, "axes_credentials", None) or {}
    attempts = AccessAttempt.objects.filter(
        username=credentials.get("username"), ip_address=address_of(request)
    )
    last = attempts.order_by("-attempt_time").values_list("attempt_time", flat=True).first()
    ends_at = (last or timezone.now()) + settings.AXES_COOLOFF_TIME
    return max(ends_at - timezone.now(), timedelta(seconds=1))
