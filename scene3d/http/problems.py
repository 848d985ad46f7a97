"""Whatever goes wrong in a view of Django REST framework becomes a Problem."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from scene3d.engine.public import EngineError
from scene3d.http.problem import CONTENT_TYPE, Problem


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
