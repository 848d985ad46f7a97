"""Errors outside views: a document for programs, a page with a way on for people."""

from typing import Any, NoReturn

import pytest
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.test import Client, override_settings
from django.urls import include, path

from accounts.models import User
from scene3d import urls


def crash(request: HttpRequest) -> NoReturn:
    raise ZeroDivisionError("secret detail")


def suspect(request: HttpRequest) -> NoReturn:
    raise SuspiciousOperation("secret detail")


urlpatterns = [
    path("api/crash", crash),
    path("crash", crash),
    path("api/suspect", suspect),
    path("suspect", suspect),
    path("", include(urls)),
]
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500

CASES = [
    ("/nothing/here", 404, "not_found", "Not Found"),
    ("/suspect", 400, "bad_request", "Bad Request"),
    ("/crash", 500, "internal_error", "Internal Server Error"),
]


@pytest.fixture
def quiet(db: None) -> Any:
    """A client that, like a browser, gets an answer for a crash."""
    with override_settings(ROOT_URLCONF=__name__):
        yield Client(raise_request_exception=False)


@pytest.mark.parametrize(("path", "status", "code", "title"), CASES)
def test_programs_get_a_document(
    quiet: Client, path: str, status: int, code: str, title: str
) -> None:
    response = quiet.get(f"/api{path}", headers={"X-Request-ID": "r-7"})
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    body = response.json()
    assert (body["code"], body["title"], body["request_id"]) == (code, title, "r-7")
    assert "secret detail" not in response.content.decode()


@pytest.mark.parametrize(("path", "status", "code", "title"), CASES)
def test_people_get_a_page_with_a_way_on(
    quiet: Client, path: str, status: int, code: str, title: str
) -> None:
    response = quiet.get(path)
    page = response.content.decode()
    assert response.status_code == status
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert f"<h1>{title}</h1>" in page
    assert 'href="/jobs/"' in page
    assert "secret detail" not in page
    assert "Traceback" not in page


def test_who_is_logged_in_keeps_the_menu(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert "Log out" in client.get("/nothing/here").content.decode()


def test_an_old_form_is_told_so(alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    response = browser.post("/accounts/logout/")
    page = response.content.decode()
    assert response.status_code == 403
    assert "This form is too old. Go back, reload the page, try again." in page
    assert 'href="/jobs/"' in page


@pytest.mark.parametrize("path", ["/api/v1/jobs", "/jobs"])
def test_a_missing_slash_is_added(client: Client, db: None, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.headers["Location"]) == (301, f"{path}/")
