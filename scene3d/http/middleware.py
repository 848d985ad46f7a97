"""What every request gets."""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from scene3d.http.client import set_current_request

_USABLE_ID = re.compile(r"[\w.-]{1,64}")


class RequestIdMiddleware:
    """`request.request_id`, taken from X-Request-ID where it is usable, and sent back; and
    `current_request()` for whatever works for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _USABLE_ID.fullmatch(given) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]  # Django's way to pass it on
        set_current_request(request)
        try:
            response = self._get_response(request)
        finally:
            set_current_request(None)
        response.headers["X-Request-ID"] = request_id
        return response
