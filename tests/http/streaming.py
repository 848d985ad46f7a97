"""Reads what views stream, as an ASGI server does."""

from typing import Any

from asgiref.sync import async_to_sync


def body_of(response: Any) -> bytes:
    """All bytes of a response, streamed or not."""
    if not response.streaming:
        content: bytes = response.content
        return content

    async def read() -> bytes:
        return b"".join([chunk async for chunk in response])

    return async_to_sync(read)()
