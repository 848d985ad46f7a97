"""The cap on request bodies, as an ASGI server meets it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from scene3d.http.limits import BodyLimit, Message, Receive, Scope, Send

MAX_BYTES = 5 << 20
ALLOWED = MAX_BYTES + (1 << 20)  # parts of a form have headers of their own
CHUNK = 1 << 20


@dataclass
class Inner:
    """An application that reads a body as Django does, then answers with its size."""

    received: list[Message] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope["type"])
        if scope["type"] != "http":
            await send({"type": f"{scope['type']}.answer", "received": await receive()})
            return
        while True:
            message = await receive()
            self.received.append(message)
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                break
        size = sum(len(message.get("body", b"")) for message in self.received)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(size).encode()})


def send_body(
    inner: Inner, chunks: Sequence[bytes], declared: int | bytes | None = None
) -> list[Message]:
    """What the client gets back."""
    headers = [] if declared is None else [(b"content-length", str(declared).encode())]
    if isinstance(declared, bytes):
        headers = [(b"content-length", declared)]
    messages: list[Message] = [
        {"type": "http.request", "body": chunk, "more_body": number < len(chunks) - 1}
        for number, chunk in enumerate(chunks)
    ]
    return converse(inner, {"type": "http", "headers": headers}, messages)


def converse(inner: Inner, scope: Mapping[str, Any], messages: list[Message]) -> list[Message]:
    sent: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    async_to_sync(BodyLimit(inner, max_bytes=MAX_BYTES))(dict(scope), receive, send)
    return sent


def assert_refused_once(sent: list[Message]) -> None:
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    start, body = sent
    headers = dict(start["headers"])
    assert start["status"] == 413
    assert headers[b"content-type"] == b"application/problem+json"
    assert headers[b"content-length"] == str(len(body["body"])).encode()
    assert headers[b"connection"] == b"close"
    document = json.loads(body["body"])
    assert document == {
        "limit_bytes": ALLOWED,
        "type": "urn:scene3d:problem:upload_too_large",
        "title": document["title"],
        "status": 413,
        "detail": "The upload is larger than 5 MB.",
        "code": "upload_too_large",
        "next_step": "Send fewer or smaller photos.",
        "request_id": None,
    }


@pytest.mark.parametrize(
    ("chunks", "size"),
    [([b""], 0), ([b"abc"], 3), ([bytes(CHUNK)] * 6, ALLOWED), ([b"a", b"", b"bc"], 3)],
    ids=["empty", "small", "just-allowed", "empty-chunk"],
)
@pytest.mark.parametrize("is_declared", [True, False])
def test_within_the_limit_everything_passes(
    chunks: list[bytes], size: int, *, is_declared: bool
) -> None:
    inner = Inner()
    sent = send_body(inner, chunks, size if is_declared else None)
    assert [message.get("status", message.get("body")) for message in sent] == [
        200, str(size).encode(),
    ]  # fmt: skip
    assert len(inner.received) == len(chunks)


def test_a_body_that_says_it_is_too_large_is_not_read() -> None:
    inner = Inner()
    chunks = [b"x"]
    assert_refused_once(send_body(inner, chunks, ALLOWED + 1))
    assert (inner.scopes, chunks) == ([], [b"x"])


@pytest.mark.parametrize("declared", [None, 10, b"", b"abc", b"-5", b"1e9"])
def test_a_body_that_turns_out_too_large_is_cut_off(declared: int | bytes | None) -> None:
    inner = Inner()
    sent = send_body(inner, [bytes(CHUNK)] * 6 + [b"x", b"y"], declared)
    assert_refused_once(sent)
    assert [message["type"] for message in inner.received] == ["http.request"] * 6 + [
        "http.disconnect"
    ]


def test_who_goes_on_reading_hears_only_that_the_client_is_gone() -> None:
    class Stubborn(Inner):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            for _ in range(9):
                self.received.append(await receive())
            await send({"type": "http.response.start", "status": 200, "headers": []})

    inner = Stubborn()
    assert_refused_once(send_body(inner, [bytes(CHUNK)] * 9))
    assert [message["type"] for message in inner.received[6:]] == ["http.disconnect"] * 3


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
def test_other_conversations_pass_untouched(kind: str) -> None:
    inner = Inner()
    message = {"type": f"{kind}.begin", "body": bytes(8 << 20)}
    sent = converse(inner, {"type": kind}, [message])
    assert sent == [{"type": f"{kind}.answer", "received": message}]
    assert inner.scopes == [kind]
