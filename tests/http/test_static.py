"""Static files from the same process."""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.management import call_command
from django.test import AsyncClient, Client, override_settings

from scene3d.settings.env import BASE_DIR

CSS = "/static/css/scene3d.css"


VENDOR = [
    ("vendor/uplot", BASE_DIR / "node_modules" / "uplot" / "dist"),
    ("vendor/tus", BASE_DIR / "node_modules" / "tus-js-client" / "dist"),
]


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our own files, as `collectstatic` puts them down before the service starts."""
    folder = tmp_path_factory.mktemp("static")
    changes = {"STATIC_ROOT": folder, "STATICFILES_DIRS": [BASE_DIR / "static", *VENDOR]}
    with override_settings(**changes, INSTALLED_APPS=["django.contrib.staticfiles"]):
        call_command("collectstatic", verbosity=0, interactive=False)
    return folder


@pytest.fixture
def browser(collected: Path, settings: Any) -> Client:
    settings.STATIC_ROOT = collected
    return Client()


def test_a_file_comes_whole_with_its_headers(browser: Client) -> None:
    response = browser.get(CSS)
    assert (response.status_code, response.streaming) == (200, False)
    assert response.content == (BASE_DIR / "static/css/scene3d.css").read_bytes()
    assert response.headers["Content-Type"] == 'text/css; charset="utf-8"'
    assert response.headers["Content-Length"] == str(len(response.content))
    assert response.headers["Cache-Control"] == "max-age=60, public"
    assert response.headers["Vary"] == "Accept-Encoding"


def test_who_reads_gzip_gets_gzip(browser: Client) -> None:
    plain = browser.get(CSS).content
    response = browser.get(CSS, headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.content) == plain
    assert len(response.content) < len(plain) / 2
    assert response.headers["Content-Length"] == str(len(response.content))


def test_head_tells_without_sending(browser: Client) -> None:
    response = browser.head(CSS)
    assert (response.status_code, response.content) == (200, b"")
    assert int(response.headers["Content-Length"]) > 1000


def test_what_one_has_is_not_sent_again(browser: Client) -> None:
    since = browser.get(CSS).headers["Last-Modified"]
    response = browser.get(CSS, headers={"If-Modified-Since": since})
    assert (response.status_code, response.content) == (304, b"")


@pytest.mark.parametrize("path", ["/static/nothing.css", "/static/../manage.py", "/static/css/"])
def test_nothing_else_is_served(browser: Client, db: None, path: str) -> None:
    assert browser.get(path).status_code == 404


def test_under_asgi_there_is_no_synchronous_stream(collected: Path, settings: Any) -> None:
    """Django warns of one, and a warning fails the test."""
    settings.STATIC_ROOT = collected
    response: Any = async_to_sync(AsyncClient().get)(CSS)
    assert (response.status_code, response.streaming) == (200, False)
    assert len(response.content) == int(response.headers["Content-Length"])


def test_every_file_that_a_template_names_is_there(collected: Path) -> None:
    named = {
        match
        for template in (BASE_DIR / "templates").rglob("*.html")
        for match in re.findall(r"""{% static ['"]([^'"]+)['"] %}""", template.read_text())
    }
    assert len(named) >= 5
    assert [name for name in sorted(named) if not (collected / name).is_file()] == []
