"""Every kind of exception as a problem document."""

import json
from http import HTTPStatus
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import RequestFactory
from rest_framework import exceptions, serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView
from rest_framework_simplejwt.exceptions import InvalidToken

from scene3d.engine.public import (
    ArchiveProblem,
    HostProblem,
    NoPhotos,
    OptionsInvalid,
    StorageFull,
    TooFewPhotos,
)
from scene3d.http.problem import CONTENT_TYPE, Problem


class WeightsGone(HostProblem):
    code = "weights_missing"
    next_step = "Fetch them."


CASES: dict[str, tuple[Exception, int, str, str]] = {
    "own": (Problem(HTTPStatus.CONFLICT, "cannot_x", "It cannot.", next_step="Wait."), 409,
            "cannot_x", "It cannot."),
    "photos": (NoPhotos("No photos."), 422, "no_images", "No photos."),
    "too-few": (TooFewPhotos("Two photos."), 422, "too_few_images", "Two photos."),
    "options": (OptionsInvalid(["a: unknown", "b: wrong"]), 422, "options_invalid",
                "a: unknown; b: wrong."),
    "not-a-zip": (ArchiveProblem("archive_type_unsupported", "No ZIP."), 415,
                  "archive_type_unsupported", "No ZIP."),
    "empty": (ArchiveProblem("upload_empty", "Empty."), 400, "upload_empty", "Empty."),
    "large": (ArchiveProblem("upload_too_large", "Large."), 413, "upload_too_large", "Large."),
    "other-archive": (ArchiveProblem("archive_overlap", "Overlap."), 422, "archive_overlap",
                      "Overlap."),
    "disk-full": (StorageFull("Full."), 507, "storage_full", "Full."),
    "host": (WeightsGone("No weights."), 503, "weights_missing", "No weights."),
    "not-found": (Http404("secret"), 404, "not_found",
                  "There is nothing here, or it is not yours."),
    "forbidden": (PermissionDenied("secret"), 403, "permission_denied", "You may not do this."),
    "drf-not-found": (exceptions.NotFound(), 404, "not_found", "Not found."),
    "drf-forbidden": (exceptions.PermissionDenied("No."), 403, "permission_denied", "No."),
    "parse": (exceptions.ParseError("Bad."), 400, "parse_error", "Bad."),
    "method": (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed",
               'Method "PUT" not allowed.'),
    "accept": (exceptions.NotAcceptable(), 406, "not_acceptable",
               "Could not satisfy the request Accept header."),
    "media": (exceptions.UnsupportedMediaType("a/b"), 415, "unsupported_media_type",
              'Unsupported media type "a/b" in request.'),
    "invalid": (serializers.ValidationError({"name": ["Too long."]}), 400, "invalid",
                "Some fields are missing or wrong."),
    "token": (InvalidToken({"detail": "It is no longer valid."}), 401, "token_not_valid",
              "It is no longer valid."),
}  # fmt: skip


def answer(error: Exception, path: str = "/api/v1/x/") -> Any:
    class Fails(APIView):
        permission_classes = [AllowAny]

        def get(self, request: Request) -> Response:
            raise error

    request: Any = APIRequestFactory().get(path)
    request.request_id = "r-1"
    return Fails.as_view()(request).render()


@pytest.mark.parametrize("case", CASES)
def test_the_document(case: str) -> None:
    error, status, code, detail = CASES[case]
    response = answer(error)
    body = json.loads(response.content)
    assert response.headers["Content-Type"] == CONTENT_TYPE == "application/problem+json"
    assert response.status_code == status
    assert {name: body[name] for name in ("type", "title", "status", "detail", "code",
                                          "request_id")} == {
        "type": f"urn:scene3d:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": "r-1",
    }  # fmt: skip
    assert isinstance(body["next_step"], str)
    assert body["next_step"] or case == "accept"


def test_evidence_goes_along_but_cannot_pretend() -> None:
    error = TooFewPhotos("Two.", evidence={"rejected": {"a.jpg": "image_empty"}, "status": 200})
    body = json.loads(answer(error).content)
    assert body["rejected"] == {"a.jpg": "image_empty"}
    assert body["status"] == 422


def test_field_errors_have_codes_and_messages() -> None:
    error = serializers.ValidationError({"name": [exceptions.ErrorDetail("Too long.", "max")]})
    body = json.loads(answer(error).content)
    assert body["errors"] == {"name": [{"message": "Too long.", "code": "max"}]}
    assert body["next_step"] == "Correct the fields that `errors` names."


@pytest.mark.parametrize(("wait_s", "header"), [(0.2, "1"), (17, "17"), (None, None)])
def test_who_must_wait_is_told_how_long(wait_s: float | None, header: str | None) -> None:
    response = answer(exceptions.Throttled(wait=wait_s))
    assert (response.status_code, response.headers.get("Retry-After")) == (429, header)
    assert json.loads(response.content)["code"] == "throttled"


def test_who_is_unknown_is_asked_for_a_token() -> None:
    response = answer(exceptions.NotAuthenticated())
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert json.loads(response.content)["code"] == "not_authenticated"


def test_a_bug_is_not_dressed_up() -> None:
    with pytest.raises(ZeroDivisionError):
        answer(ZeroDivisionError())


def test_outside_the_framework_too() -> None:
    request = RequestFactory().get("/api/x")
    problem = Problem(HTTPStatus.NOT_FOUND, "not_found", "Nothing.", extra={"hint": 1})
    problem.headers["Retry-After"] = "3"
    response = problem.to_response(request)
    assert (response.status_code, response.headers["Content-Type"]) == (404, CONTENT_TYPE)
    assert response.headers["Retry-After"] == "3"
    assert json.loads(response.content) == {
        "hint": 1,
        "type": "urn:scene3d:problem:not_found",
        "title": "Not Found",
        "status": 404,
        "detail": "Nothing.",
        "code": "not_found",
        "next_step": "Check the address; what you look for may have been deleted.",
        "request_id": None,
    }
