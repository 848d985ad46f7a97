"""How often somebody may ask, by what they ask for. Slows people down; locks protect accounts."""

import math
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from scene3d.http.client import address_of


class ScopeThrottle(SimpleRateThrottle):
    """Of a view's `throttle_scope`, else of `read` or `write`; a scope without a rate is free.

    People are counted by account, others by address.
    """

    def __init__(self) -> None:
        """The rate follows from the request."""

    def allow_request(self, request: Any, view: Any) -> bool:
        kind = "read" if request.method in SAFE_METHODS else "write"
        return self.allows(request, getattr(view, "throttle_scope", None) or kind)

    def allows(self, request: HttpRequest | Request, scope: str) -> bool:
        """Counts the request, unless there are too many."""
        self.scope = scope
        rate = settings.THROTTLES.get(scope)
        if rate is None:
            return True
        self.rate = rate
        self.num_requests, self.duration = self.parse_rate(rate)
        return super().allow_request(request, None)  # type: ignore[arg-type]  # only its headers and user are read

    def get_cache_key(self, request: Any, view: Any) -> str:
        who = request.user.pk if request.user.is_authenticated else address_of(request)
        return f"throttle-{self.scope}-{who}"


class Throttled:
    """Of a page: more requests with these methods than its scope allows get words and a time."""

    throttle_scope: str
    throttled_methods: tuple[str, ...] = ("POST",)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        throttle = ScopeThrottle()
        if request.method in self.throttled_methods and not throttle.allows(
            request, self.throttle_scope
        ):
            return wait_page(request, throttle.wait() or 1)
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]  # of the view that it is mixed into
        return answer


def wait_page(request: HttpRequest, wait_s: float) -> HttpResponse:
    """429 with when to come back."""
    seconds = math.ceil(wait_s)
    context = {"minutes": math.ceil(seconds / 60)}
    response = render(request, "errors/wait.html", context, status=429)
    response.headers["Retry-After"] = str(seconds)
    return response
