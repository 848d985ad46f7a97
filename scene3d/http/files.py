"""Files over HTTP: ETag, conditional and ranged requests, streamed under ASGI or by nginx."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.files.storage import FileSystemStorage, Storage
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.encoding import escape_uri_path
from django.utils.http import content_disposition_header

_CHUNK_BYTES = 256 << 10
_SINGLE_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


@dataclass(frozen=True, kw_only=True)
class ServedFile:
    """A stored file and how it is presented."""

    storage: Storage
    path: str
    num_bytes: int
    sha256: str
    media_type: str
    download_name: str | None = None
    """Offered as a download under this name; None shows it in place."""

    @property
    def etag(self) -> str:
        return f'"{self.sha256}"'


def serve(request: HttpRequest, file: ServedFile) -> HttpResponseBase:
    """200, 206, 304 or 416 as RFC 9110 has it, for one range at most."""
    headers = {
        "ETag": file.etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=0, must-revalidate",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox",
    }
    disposition = content_disposition_header(bool(file.download_name), file.download_name or "")
    if disposition:
        headers["Content-Disposition"] = disposition
    if _matches(request.headers.get("If-None-Match", ""), file.etag):
        return HttpResponse(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    if address := _nginx_address(file):
        headers["X-Accel-Redirect"] = address
        return HttpResponse(headers=headers, content_type=file.media_type)
    asked = request.headers.get("Range", "") if request.method == "GET" else ""
    if request.headers.get("If-Range", file.etag) != file.etag:
        asked = ""
    span = _span(asked, file.num_bytes)
    if span is None:
        headers["Content-Range"] = f"bytes */{file.num_bytes}"
        return HttpResponse(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=headers)
    start, stop = span
    headers["Content-Length"] = str(stop - start)
    status = HTTPStatus.OK
    if asked and stop - start < file.num_bytes:
        status = HTTPStatus.PARTIAL_CONTENT
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{file.num_bytes}"
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=headers, content_type=file.media_type)
    return StreamingHttpResponse(
        _chunks(file, start, stop), status=status, headers=headers, content_type=file.media_type
    )


def _nginx_address(file: ServedFile) -> str | None:
    """Below SCENE3D_X_ACCEL, an `internal` location over DATA_DIR; None: we send it ourselves.

    Who may have the file has been decided; ranges and lengths are nginx's from here.
    """
    if not settings.X_ACCEL or not isinstance(file.storage, FileSystemStorage):
        return None
    path = Path(file.storage.path(file.path))
    if not path.is_relative_to(settings.DATA_DIR):
        return None
    return escape_uri_path(f"{settings.X_ACCEL.rstrip('/')}/{path.relative_to(settings.DATA_DIR)}")


def _matches(if_none_match: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag in tags


def _span(asked: str, size: int) -> tuple[int, int] | None:
    """[start, stop) of the file; all of it without a usable range, None outside the file."""
    match = _SINGLE_RANGE.fullmatch(asked)
    if match is None or match.groups() == ("", ""):
        return 0, size
    first, last = match.groups()
    if not first:
        start, stop = max(size - int(last), 0), size
    else:
        start, stop = int(first), min(int(last) + 1 if last else size, size)
    return (start, stop) if start < stop else None


async def _chunks(file: ServedFile, start: int, stop: int) -> AsyncIterator[bytes]:
    opened = await sync_to_async(file.storage.open)(file.path, "rb")
    try:
        await sync_to_async(opened.seek)(start)
        left = stop - start
        while left > 0:
            chunk = await sync_to_async(opened.read)(min(_CHUNK_BYTES, left))
            if not chunk:
                return
            left -= len(chunk)
            yield chunk
    finally:
        await sync_to_async(opened.close)()
