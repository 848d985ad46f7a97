"""Error pages: a problem document under /api/, a page with a way on elsewhere."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from scene3d.http.problem import Problem

_WORDS = {
    HTTPStatus.BAD_REQUEST: ("bad_request", "This request could not be understood."),
    HTTPStatus.FORBIDDEN: ("permission_denied", "You may not see this page."),
    HTTPStatus.NOT_FOUND: ("not_found", "There is nothing here, or it is not yours."),
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        "internal_error",
        "Something broke on our side. It has been noted.",
    ),
}


def _view(status: HTTPStatus) -> Callable[..., HttpResponse]:
    code, detail = _WORDS[status]

    def view(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
        if request.path.startswith("/api/"):
            return Problem(status, code, detail).to_response(request)
        return _page(request, status, detail)

    return view


bad_request = _view(HTTPStatus.BAD_REQUEST)
forbidden = _view(HTTPStatus.FORBIDDEN)
not_found = _view(HTTPStatus.NOT_FOUND)
server_error = _view(HTTPStatus.INTERNAL_SERVER_ERROR)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW: mostly a page that was left open over a new login."""
    return _page(
        request, HTTPStatus.FORBIDDEN, "This form is too old. Go back, reload the page, try again."
    )


def _page(request: HttpRequest, status: HTTPStatus, detail: str) -> HttpResponse:
    words = {"status": status.value, "title": status.phrase, "detail": detail}
    return render(request, "errors/error.html", words, status=status)
