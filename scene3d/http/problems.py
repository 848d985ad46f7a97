"""Errors of the API: RFC 9457 problem documents with a stable code and a next step."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from scene3d.engine.public import EngineError, HostProblem

CONTENT_TYPE = "application/problem+json"

_STATUS_OF_ENGINE_CODES: Mapping[str, HTTPStatus] = {
    "archive_type_unsupported": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "upload_empty": HTTPStatus.BAD_REQUEST,
    "upload_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "storage_full": HTTPStatus.INSUFFICIENT_STORAGE,
}
_NEXT_STEPS: Mapping[str, str] = {
    "not_authenticated": "Send an access token, or log in.",
    "authentication_failed": "Check the user name and the password.",
    "token_not_valid": "Get a new access token with your refresh token, or log in again.",
    "permission_denied": "Ask an operator for the right to do this.",
    "not_found": "Check the address; what you look for may have been deleted.",
    "method_not_allowed": "See the API's documentation for what this address accepts.",
    "throttled": "Wait for the seconds that Retry-After names.",
    "unsupported_media_type": "Send the content type that the API's documentation names.",
    "parse_error": "Check that the body is what its content type says.",
    "invalid": "Correct the fields that `errors` names.",
}


class Problem(Exception):  # noqa: N818  # RFC 9457 calls it a problem
    """An answer other than success, with everything that its reader needs."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        detail: str,
        *,
        next_step: str = "",
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.next_step = next_step or _NEXT_STEPS.get(code, "")
        self.extra = dict(extra or {})
        self.headers: dict[str, str] = {}

    @classmethod
    def of_engine(cls, error: EngineError) -> "Problem":
        """422 unless the code has a status of its own; a fault of this machine is a 5xx."""
        default = (
            HTTPStatus.SERVICE_UNAVAILABLE
            if isinstance(error, HostProblem)
            else HTTPStatus.UNPROCESSABLE_ENTITY
        )
        return cls(
            _STATUS_OF_ENGINE_CODES.get(error.code, default),
            error.code,
            error.message,
            next_step=error.next_step,
            extra=error.evidence,
        )

    def document(self, request_id: str | None) -> dict[str, Any]:
        """What goes over the wire."""
        return {
            **self.extra,
            "type": f"urn:scene3d:problem:{self.code}",
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.detail,
            "code": self.code,
            "next_step": self.next_step,
            "request_id": request_id,
        }

    def to_response(self, request: HttpRequest) -> JsonResponse:
        """For views outside Django REST framework."""
        return JsonResponse(
            self.document(getattr(request, "request_id", None)),
            status=self.status,
            content_type=CONTENT_TYPE,
            headers=self.headers,
        )


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Django REST framework's EXCEPTION_HANDLER; None leaves a bug to become a 500."""
    problem = _as_problem(error)
    if problem is None:
        return None
    set_rollback()
    return Response(
        problem.document(getattr(context["request"], "request_id", None)),
        status=problem.status,
        headers=problem.headers,
        content_type=CONTENT_TYPE,
    )


def _as_problem(error: Exception) -> Problem | None:
    if isinstance(error, Problem):
        return error
    if isinstance(error, EngineError):
        return Problem.of_engine(error)
    if isinstance(error, Http404):
        return Problem(
            HTTPStatus.NOT_FOUND, "not_found", "There is nothing here, or it is not yours."
        )
    if isinstance(error, PermissionDenied):
        return Problem(HTTPStatus.FORBIDDEN, "permission_denied", "You may not do this.")
    if isinstance(error, exceptions.APIException):
        return _of_framework(error)
    return None


def _of_framework(error: exceptions.APIException) -> Problem:
    status = HTTPStatus(error.status_code)
    if isinstance(error, exceptions.ValidationError):
        return Problem(
            status,
            "invalid",
            "Some fields are missing or wrong.",
            extra={"errors": error.get_full_details()},
        )
    codes = error.get_codes()
    code = codes if isinstance(codes, str) else str(error.default_code)
    detail = error.detail
    if isinstance(detail, dict):  # simplejwt's errors carry their own code and messages
        code, text = str(detail.get("code", code)), str(detail.get("detail", error.default_detail))
    else:
        text = str(detail)
    problem = Problem(status, code, text)
    if authenticate := getattr(error, "auth_header", None):
        problem.headers["WWW-Authenticate"] = authenticate
    if wait_s := getattr(error, "wait", None):
        problem.headers["Retry-After"] = f"{wait_s:.0f}"
    return problem
