"""What browsers are told to forbid, on every kind of page; and that pages need nobody else."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from jobs.states import JobState
from tests.accounts.people import PASSWORD
from tests.jobs.builders import make_done, make_in_state
from tests.jobs.pages import Page

OPEN = ["/accounts/login/", "/accounts/signup/", "/nothing/here", "/api/v1/docs/",
        "/api/v1/docs/?script=", "/api/v1/redoc/", "/api/v1/schema/", "/healthz", "/metrics",
        "/api/v1/jobs/"]  # fmt: skip
CLOSED = ["/jobs/", "/jobs/new/", "/accounts/password/"]
OPERATORS = ["/admin/", "/admin/jobs/job/", "/admin/jobs/preset/add/"]
DOCS = ["/api/v1/docs/", "/api/v1/redoc/"]


def policy_of(response: Any) -> dict[str, list[str]]:
    directives = (part.split() for part in response.headers["Content-Security-Policy"].split(";"))
    return {name: sources for name, *sources in directives}


def assert_strict(response: Any) -> None:
    policy = policy_of(response)
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == ["'self'"]
    assert policy["base-uri"] == ["'none'"]
    assert policy["object-src"] == ["'none'"]
    assert policy["frame-ancestors"] == ["'none'"]
    assert policy["form-action"] == ["'self'"]
    for name, sources in policy.items():
        assert not {"*", "'unsafe-eval'", "http:", "https:"} & set(sources), name
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize("path", OPEN)
def test_open_pages(client: Client, db: None, path: str) -> None:
    assert_strict(client.get(path))


@pytest.mark.parametrize("path", CLOSED)
def test_pages_of_people(alice: User, portal_of: Callable[[User], Client], path: str) -> None:
    response = portal_of(alice).get(path)
    assert response.status_code == 200
    assert_strict(response)
    assert policy_of(response)["style-src"] == ["'self'"]


@pytest.mark.parametrize("path", OPERATORS)
def test_pages_of_operators(operator: User, portal_of: Callable[[User], Client], path: str) -> None:
    response = portal_of(operator).get(path)
    assert response.status_code == 200
    assert_strict(response)


def assert_obeys(page: Page) -> None:
    """Nothing that the strict policy would forbid: inline scripts, styles, handlers, hosts."""
    for script in page.all("script"):
        assert script.get("src", "").startswith("/static/") or script["type"] == "application/json"
    assert page.all("style") == []
    tags = re.findall(r"<[a-z][^>]*>", page.html)
    assert [tag for tag in tags if re.search(r"\son[a-z]+=|\sstyle=|javascript:", tag)] == []
    assert re.findall(r"""(?:src|href|action)=["'](?:https?:)?//[^"']+""", page.html) == []


@pytest.mark.parametrize("state", JobState)
def test_pages_of_jobs_obey_the_policy(
    alice: User, portal_of: Callable[[User], Client], state: JobState
) -> None:
    response = portal_of(alice).get(f"/jobs/{make_in_state(alice, state).pk}/")
    assert_strict(response)
    assert_obeys(Page(response))


def test_the_viewer_obeys_the_policy(alice: User, portal_of: Callable[[User], Client]) -> None:
    response = portal_of(alice).get(f"/jobs/{make_done(alice).pk}/viewer/")
    assert_strict(response)
    policy = policy_of(response)
    assert policy["img-src"] == ["'self'", "blob:", "data:"]
    assert policy["connect-src"] == ["'self'"]
    assert_obeys(Page(response))


@pytest.mark.parametrize("path", CLOSED)
def test_other_pages_obey_the_policy(
    alice: User, portal_of: Callable[[User], Client], path: str
) -> None:
    assert_obeys(Page(portal_of(alice).get(path)))


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/", "/nothing/here"])
def test_strangers_pages_obey_the_policy(client: Client, db: None, path: str) -> None:
    assert_obeys(Page(client.get(path)))


@pytest.mark.parametrize("path", DOCS)
def test_the_documentation_comes_from_here(client: Client, db: None, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    page = Page(response)
    sources = [tag.get("src") or tag.get("href") or "" for tag in
               (*page.all("script"), *page.all("link"), *page.all("img"))]  # fmt: skip
    assert len(sources) >= 1
    assert [source for source in sources if not source.startswith("/")] == []
    assert re.findall(r"(?:https?:)?//[\w.-]+\.\w+", page.html) == []
    assert all("src" in script for script in page.all("script"))


def test_only_the_documentation_may_style_inline(client: Client, db: None) -> None:
    for path in DOCS:
        assert "'unsafe-inline'" in policy_of(client.get(path))["style-src"]
    assert "'unsafe-inline'" not in policy_of(client.get("/accounts/login/"))["style-src"]


def test_the_documentations_script_starts_with_our_schema(client: Client, db: None) -> None:
    page = Page(client.get("/api/v1/docs/"))
    [start] = [script["src"] for script in page.all("script") if "static" not in script["src"]]
    response = client.get(start)
    assert response.headers["Content-Type"].startswith("application/javascript")
    assert "/api/v1/schema/" in response.content.decode()


def test_cookies_are_closed_to_scripts_and_other_sites(client: Client, alice: User) -> None:
    client.post("/accounts/login/", {"username": "alice", "password": PASSWORD})
    client.get("/jobs/new/")
    session, token = client.cookies["sessionid"], client.cookies["csrftoken"]
    assert session["httponly"]
    assert (session["samesite"], token["samesite"]) == ("Lax", "Lax")
