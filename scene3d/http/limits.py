"""A cap on request bodies, before Django spools them to disk."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

from scene3d.http.problem import CONTENT_TYPE, Problem

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_MULTIPART_OVERHEAD_BYTES = 1 << 20


class BodyLimit:
    """ASGI middleware: 413 as soon as a body is, or says it is, larger than `max_bytes`."""

    def __init__(self, application: Application, max_bytes: int) -> None:
        self._application = application
        self._max_bytes = max_bytes + _MULTIPART_OVERHEAD_BYTES
        self._max_mb = max_bytes >> 20

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._max_bytes:
            await self._refuse(send)
            return
        received_bytes = 0
        is_refused = False

        async def counted_receive() -> Message:
            nonlocal received_bytes, is_refused
            message = await receive()
            received_bytes += len(message.get("body", b""))
            if received_bytes > self._max_bytes:
                if not is_refused:
                    is_refused = True
                    await self._refuse(send)
                return {"type": "http.disconnect"}
            return message

        async def guarded_send(message: Message) -> None:
            if not is_refused:
                await send(message)

        await self._application(scope, counted_receive, guarded_send)

    async def _refuse(self, send: Send) -> None:
        problem = Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "upload_too_large",
            f"The upload is larger than {self._max_mb:,} MB.",
            next_step="Send fewer or smaller photos.",
            extra={"limit_bytes": self._max_bytes},
        )
        body = json.dumps(problem.document(None)).encode()
        headers = [
            (b"content-type", CONTENT_TYPE.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        await send(
            {"type": "http.response.start", "status": problem.status.value, "headers": headers}
        )
        await send({"type": "http.response.body", "body": body})
