"""The real ASGI application, and a client that speaks to it as a server does."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator

_communicator: Any = ApplicationCommunicator  # has no types
_PATIENCE_S = 10


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Server:
    application: Any

    def ask(self, path: str, method: str = "GET", body: bytes = b"", **headers: str) -> Answer:
        """One request; underscores in header names become hyphens."""
        return async_to_sync(self._ask)(path, method, body, headers)

    async def _ask(self, path: str, method: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        named = {"host": "localhost"} | {n.replace("_", "-"): v for n, v in headers.items()}
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path,
            "query_string": b"",
            "client": ("127.0.0.1", 50_000),
            "headers": [(n.lower().encode(), v.encode()) for n, v in named.items()],
        }
        talk = _communicator(self.application, scope)
        await talk.send_input({"type": "http.request", "body": body})
        start = await talk.receive_output(_PATIENCE_S)
        received, has_more = b"", True
        while has_more:
            piece = await talk.receive_output(_PATIENCE_S)
            received += piece.get("body", b"")
            has_more = piece.get("more_body", False)
        await talk.wait(_PATIENCE_S)
        shown = {n.decode().lower(): v.decode() for n, v in start["headers"]}
        return Answer(status=start["status"], headers=shown, body=received)


@pytest.fixture
def server() -> Iterator[Server]:
    """Importing the application moves the temporary folder, which other tests want unmoved."""
    before = tempfile.tempdir
    from scene3d.asgi import application  # noqa: PLC0415  # see above

    yield Server(application)
    tempfile.tempdir = before
