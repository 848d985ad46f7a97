"""Files over HTTP: whole, in part, or not at all when the client has them."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from asgiref.sync import async_to_sync
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.http import HttpResponseBase
from django.test import RequestFactory

from scene3d.http.files import ServedFile, serve
from tests.http.streaming import body_of

CONTENT = bytes(range(256)) * 4000  # about 1 MB: several chunks
SIZE = len(CONTENT)
TAG = '"abc123"'


@pytest.fixture
def file(tmp_path: Path) -> ServedFile:
    return stored(tmp_path, CONTENT)


def stored(folder: Path, content: bytes, name: str | None = None) -> ServedFile:
    storage = FileSystemStorage(location=folder)
    path = storage.save("points.ply", ContentFile(content))
    return ServedFile(
        storage=storage,
        path=path,
        num_bytes=len(content),
        sha256="abc123",
        media_type="model/ply",
        download_name=name,
    )


def ask(file: ServedFile, method: str = "GET", **headers: str) -> HttpResponseBase:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return serve(RequestFactory().generic(method, "/", headers=names), file)


def test_the_whole_file(file: ServedFile) -> None:
    response = ask(file)
    assert (response.status_code, body_of(response)) == (200, CONTENT)
    assert dict(response.headers) == {
        "Content-Type": "model/ply",
        "ETag": TAG,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=0, must-revalidate",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox",
        "Content-Length": str(SIZE),
    }


def test_an_empty_file(tmp_path: Path) -> None:
    response = ask(stored(tmp_path, b""))
    assert (response.status_code, body_of(response)) == (200, b"")
    assert response.headers["Content-Length"] == "0"


@pytest.mark.parametrize("range_", [None, "bytes=5-9", "bytes=-1", f"bytes={SIZE}-"])
def test_head_tells_of_the_whole_file_without_it(file: ServedFile, range_: str | None) -> None:
    """RFC 9110 defines ranges for GET alone."""
    response = ask(file, "HEAD", **({"Range": range_} if range_ else {}))
    assert (response.status_code, body_of(response)) == (200, b"")
    assert response.headers["Content-Length"] == str(SIZE)
    assert response.headers["ETag"] == TAG
    assert "Content-Range" not in response.headers


@pytest.mark.parametrize("given", [TAG, f"W/{TAG}", f'"other", {TAG}', "*", f'"a" , W/{TAG} '])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_has_it_gets_nothing(file: ServedFile, given: str, method: str) -> None:
    response = ask(file, method, If_None_Match=given)
    assert (response.status_code, body_of(response)) == (304, b"")
    assert response.headers["ETag"] == TAG
    assert "Content-Length" not in response.headers


@pytest.mark.parametrize("given", ['"other"', "abc123", '"abc1234"', ""])
def test_who_has_another_gets_it(file: ServedFile, given: str) -> None:
    assert ask(file, If_None_Match=given).status_code == 200


def test_having_it_wins_over_a_range(file: ServedFile) -> None:
    assert ask(file, If_None_Match=TAG, Range="bytes=0-4").status_code == 304


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("0-9", 0, 10),
        ("0-0", 0, 1),
        ("5-9", 5, 10),
        (f"{SIZE - 1}-", SIZE - 1, SIZE),
        ("5-", 5, SIZE),
        ("-5", SIZE - 5, SIZE),
        (f"{SIZE - 10}-{SIZE + 99}", SIZE - 10, SIZE),
        ("262140-262150", 262_140, 262_151),
        ("1-700000", 1, 700_001),
    ],
)
def test_a_part(file: ServedFile, asked: str, start: int, stop: int) -> None:
    response = ask(file, Range=f"bytes={asked}")
    assert (response.status_code, body_of(response)) == (206, CONTENT[start:stop])
    assert response.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert response.headers["Content-Length"] == str(stop - start)


@pytest.mark.parametrize("asked", ["0-", f"0-{SIZE - 1}", f"-{SIZE}", f"-{SIZE + 5}"])
def test_a_part_that_is_everything(file: ServedFile, asked: str) -> None:
    response = ask(file, Range=f"bytes={asked}")
    assert (response.status_code, body_of(response)) == (200, CONTENT)
    assert "Content-Range" not in response.headers


@pytest.mark.parametrize("asked", [f"{SIZE}-", f"{SIZE + 5}-{SIZE + 9}", "-0", "9-5"])
def test_a_part_that_is_not_there(file: ServedFile, asked: str) -> None:
    response = ask(file, Range=f"bytes={asked}")
    assert (response.status_code, body_of(response)) == (416, b"")
    assert response.headers["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    "asked",
    ["bytes=0-4,10-14", "bytes=-", "bytes=", "bytes=a-b", "items=0-4", "bytes 0-4", "0-4",
     "bytes=0-4 ", "bytes=--5", "bytes=" + "9" * 5000 + "-"],
)  # fmt: skip
def test_what_is_no_single_range_is_not_heeded(file: ServedFile, asked: str) -> None:
    response = ask(file, Range=asked)
    assert (response.status_code, response.headers["Content-Length"]) == (200, str(SIZE))


@pytest.mark.parametrize(
    ("if_range", "status"),
    [(TAG, 206), ('"other"', 200), (f"W/{TAG}", 200), ("Sun, 22 Nov 2026 00:00:00 GMT", 200)],
)
def test_a_part_of_the_same_file_only(file: ServedFile, if_range: str, status: int) -> None:
    response = ask(file, Range="bytes=0-4", If_Range=if_range)
    assert response.status_code == status
    assert body_of(response) == (CONTENT[:5] if status == 206 else CONTENT)


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        (None, None),
        ("gate.ply", 'attachment; filename="gate.ply"'),
        ("ü.ply", "attachment; filename*=utf-8''%C3%BC.ply"),
        ("a\nb.ply", "attachment; filename*=utf-8''a%0Ab.ply"),
    ],
    ids=["in-place", "plain", "unicode", "newline"],
)
def test_downloads_have_a_name(tmp_path: Path, name: str | None, disposition: str | None) -> None:
    response = ask(stored(tmp_path, b"x", name))
    assert response.headers.get("Content-Disposition") == disposition


def test_a_file_that_shrank_ends_the_stream(file: ServedFile, tmp_path: Path) -> None:
    (tmp_path / file.path).write_bytes(b"short")
    assert body_of(ask(file)) == b"short"


def test_the_file_is_closed_when_the_client_goes(file: ServedFile) -> None:
    """An open file that is collected would be a ResourceWarning, which fails the test."""

    async def read_a_little() -> bytes:
        chunks: Any = ask(file)
        iterator = aiter(chunks)
        first: bytes = await anext(iterator)
        await iterator.aclose()
        return first

    assert async_to_sync(read_a_little)() == CONTENT[: 256 << 10]


@pytest.fixture
def by_nginx(settings: Any, tmp_path: Path) -> Path:
    """DATA_DIR, which nginx sends files from."""
    settings.X_ACCEL, settings.DATA_DIR = "/protected/", tmp_path
    return tmp_path


def test_nginx_sends_the_file_where_there_is_one(by_nginx: Path) -> None:
    response = ask(stored(by_nginx, CONTENT, "Tor ü.ply"), Range="bytes=0-4")
    assert (response.status_code, body_of(response)) == (200, b"")
    assert response.headers["X-Accel-Redirect"] == "/protected/points.ply"
    assert response.headers["Content-Type"] == "model/ply"
    assert response.headers["Content-Disposition"].startswith("attachment; filename*=utf-8")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "Content-Range" not in response.headers


def test_who_has_it_needs_no_nginx(by_nginx: Path) -> None:
    response = ask(stored(by_nginx, CONTENT), If_None_Match=TAG)
    assert response.status_code == 304
    assert "X-Accel-Redirect" not in response.headers


def test_names_are_quoted_for_nginx(by_nginx: Path) -> None:
    storage = FileSystemStorage(location=by_nginx)
    path = storage.save("a?b#c %41/ü.ply", ContentFile(b"x"))
    file = ServedFile(storage=storage, path=path, num_bytes=1, sha256="s", media_type="a/b")
    address = ask(file).headers["X-Accel-Redirect"]
    assert address.isascii()
    assert unquote(address) == f"/protected/{path}"
    assert "?" not in address
    assert "#" not in address


def test_what_lies_elsewhere_we_send_ourselves(by_nginx: Path, tmp_path_factory: Any) -> None:
    response = ask(stored(tmp_path_factory.mktemp("elsewhere"), CONTENT))
    assert "X-Accel-Redirect" not in response.headers
    assert body_of(response) == CONTENT
