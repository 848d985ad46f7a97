"""The application as it is served."""

import importlib
import json
import sys
import tempfile
from typing import Any

import pytest
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import EventKind, SecurityEvent, User
from tests.http.application import Server


def test_it_answers(server: Server) -> None:
    answer = server.ask("/healthz", X_Request_ID="r-1")
    assert (answer.status, json.loads(answer.body)) == (200, {"status": "ok"})
    assert answer.headers["x-request-id"] == "r-1"
    assert "content-security-policy" in answer.headers


def test_a_body_that_says_it_is_too_large_is_refused(server: Server, settings: Any) -> None:
    size = settings.MAX_UPLOAD_BYTES + (2 << 20)
    answer = server.ask("/api/v1/jobs/", "POST", content_length=str(size))
    assert (answer.status, json.loads(answer.body)["code"]) == (413, "upload_too_large")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_body_within_the_limit_is_read(server: Server, alice: User) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nGate\r\n--x--\r\n'
    answer = server.ask(
        "/api/v1/jobs/",
        "POST",
        body,
        content_type="multipart/form-data; boundary=x",
        content_length=str(len(body)),
        authorization=f"Bearer {AccessToken.for_user(alice)}",
    )
    assert (answer.status, json.loads(answer.body)["code"]) == (400, "upload_empty")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_lock_holds_and_the_log_knows_the_address(server: Server, alice: User) -> None:
    """Middleware runs otherwise here than under the tests' client."""
    body = json.dumps({"username": "alice", "password": "wrong"}).encode()
    headers = {"content_type": "application/json", "content_length": str(len(body))}
    answers = [server.ask("/api/v1/auth/token/", "POST", body, **headers) for _ in range(9)]
    assert [answer.status for answer in answers] == [401] * 7 + [429] * 2
    last = json.loads(answers[-1].body)
    assert (last["code"], last["next_step"]) == ("locked_out", "Try again in 15 minutes.")
    assert 14 * 60 < int(answers[-1].headers["retry-after"]) <= 15 * 60
    event = SecurityEvent.objects.get(kind=EventKind.LOCKED_OUT)
    assert (event.username, event.address) == ("alice", "127.0.0.1")
    assert event.request_id


def test_bodies_are_spooled_on_the_data_disk(server: Server, settings: Any) -> None:
    """Django keeps them in the default temporary folder, which may be in memory."""
    importlib.reload(sys.modules["scene3d.asgi"])
    assert tempfile.gettempdir() == str(settings.UPLOAD_DIR)
