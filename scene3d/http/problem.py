"""An error of the API as it is raised: RFC 9457 with a stable code and a next step.

Commands and services raise these too, so nothing of Django REST framework is imported here.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, JsonResponse

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
    "api_key_not_valid": "Make a new key in the portal, under your name.",
    "scope_missing": "Make a key with this scope in the portal, or use an access token.",
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
