"""Logging in, signing up and changing the password in a browser."""

import re
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts import tokens
from accounts.models import User
from tests.accounts.people import PASSWORD, api_of

LOGIN, LOGOUT, SIGNUP, CHANGE = (
    f"/accounts/{name}/" for name in ("login", "logout", "signup", "password")
)
NEW_PASSWORD = "Bridge-at-noon-23"


@pytest.fixture
def browser(db: None) -> Client:
    """Checks CSRF, as a real one would be checked."""
    return Client(enforce_csrf_checks=True)


def submit(browser: Client, path: str, values: dict[str, str], form_on: str | None = None) -> Any:
    """Open the page, fill in its form, send it with the page's token."""
    page = browser.get(form_on or path).content.decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found
    return browser.post(path, {**values, "csrfmiddlewaretoken": found[1]})


def log_in(browser: Client, password: str = PASSWORD, **values: str) -> Any:
    return submit(browser, LOGIN, {"username": "alice", "password": password, **values})


def user_id(browser: Client) -> str | None:
    value: str | None = browser.session.get("_auth_user_id")
    return value


def test_logging_in_leads_to_the_scenes(browser: Client, alice: User) -> None:
    response = log_in(browser)
    assert (response.status_code, response.headers["Location"]) == (302, "/jobs/")
    assert user_id(browser) == str(alice.pk)
    assert "Your scenes" in browser.get("/jobs/").content.decode()


def test_logging_in_leads_back_to_where_one_was_sent_away(browser: Client, alice: User) -> None:
    sent_away = browser.get("/jobs/new/")
    assert sent_away.headers["Location"] == "/accounts/login/?next=/jobs/new/"
    page = browser.get(sent_away.headers["Location"]).content.decode()
    assert '<input type="hidden" name="next" value="/jobs/new/">' in page
    assert log_in(browser, next="/jobs/new/").headers["Location"] == "/jobs/new/"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:x"])
def test_logging_in_leads_nowhere_else(browser: Client, alice: User, target: str) -> None:
    assert log_in(browser, next=target).headers["Location"] == "/jobs/"


def test_a_wrong_password_says_so(browser: Client, alice: User) -> None:
    response = log_in(browser, password="wrong")
    assert response.status_code == 200
    assert "Please enter a correct username and password" in response.content.decode()
    assert user_id(browser) is None


def test_an_inactive_person_stays_out(browser: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert log_in(browser).status_code == 200
    assert user_id(browser) is None


def test_without_the_forms_token_nobody_logs_in(browser: Client, alice: User) -> None:
    response = browser.post(LOGIN, {"username": "alice", "password": PASSWORD})
    assert response.status_code == 403
    assert "This form is too old." in response.content.decode()
    assert user_id(browser) is None


def test_who_is_logged_in_needs_no_login_page(browser: Client, alice: User) -> None:
    log_in(browser)
    assert browser.get(LOGIN).headers["Location"] == "/jobs/"


def test_logging_out_takes_a_post(browser: Client, alice: User) -> None:
    log_in(browser)
    assert browser.get(LOGOUT).status_code == 405
    assert user_id(browser) == str(alice.pk)
    response = submit(browser, LOGOUT, {}, form_on="/jobs/")
    assert (response.status_code, response.headers["Location"]) == (302, LOGIN)
    assert user_id(browser) is None


def test_pages_send_strangers_to_the_login(browser: Client) -> None:
    for path in ("/jobs/", "/jobs/new/", CHANGE):
        response = browser.get(path)
        assert (response.status_code, response.headers["Location"]) == (302, f"{LOGIN}?next={path}")


def test_the_front_door_leads_to_the_scenes(browser: Client) -> None:
    response = browser.get("/")
    assert (response.status_code, response.headers["Location"]) == (302, "/jobs/")


SIGN_UP_FORM = {"username": "carol", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}


def test_signing_up_logs_in(browser: Client) -> None:
    response = submit(browser, SIGNUP, SIGN_UP_FORM)
    assert (response.status_code, response.headers["Location"]) == (302, "/jobs/")
    carol = User.objects.get(username="carol")
    assert user_id(browser) == str(carol.pk)
    assert not carol.is_staff
    assert carol.check_password(NEW_PASSWORD)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"password1": "short", "password2": "short"}, "This password is too short."),
        ({"password1": "12345678901", "password2": "12345678901"}, "entirely numeric"),
        ({"password1": "password123", "password2": "password123"}, "too common"),
        ({"password1": "carol-77", "password2": "carol-77"}, "too similar to the username"),
        ({"password2": "different-1"}, "two password fields"),
        ({"username": "alice"}, "A user with that username already exists."),
        ({"username": "a b"}, "Enter a valid username."),
    ],
    ids=["short", "numeric", "common", "similar", "unequal", "taken", "spaces"],
)
def test_signing_up_says_what_is_wrong(
    browser: Client, alice: User, changes: dict[str, str], message: str
) -> None:
    response = submit(browser, SIGNUP, SIGN_UP_FORM | changes)
    assert response.status_code == 200
    assert message in response.content.decode()
    assert list(User.objects.values_list("username", flat=True)) == ["alice"]


@pytest.mark.parametrize("is_open", [True, False])
def test_signing_up_can_be_switched_off(browser: Client, settings: Any, *, is_open: bool) -> None:
    settings.IS_SIGNUP_OPEN = is_open
    assert (SIGNUP in browser.get(LOGIN).content.decode()) is is_open
    assert browser.get(SIGNUP).status_code == (200 if is_open else 404)


def test_signing_up_by_hand_is_off_too(client: Client, db: None, settings: Any) -> None:
    settings.IS_SIGNUP_OPEN = False
    assert client.post(SIGNUP, SIGN_UP_FORM).status_code == 404
    assert not User.objects.exists()


def change_password(browser: Client, old: str = PASSWORD, new: str = NEW_PASSWORD) -> Any:
    values = {"old_password": old, "new_password1": new, "new_password2": new}
    return submit(browser, CHANGE, values)


def test_a_changed_password_ends_api_tokens_and_keeps_this_browser(
    browser: Client, alice: User
) -> None:
    program, refresh = api_of(alice), tokens.issue(alice)["refresh"]
    other_browser = Client(enforce_csrf_checks=True)
    log_in(browser)
    log_in(other_browser)
    response = change_password(browser)
    assert (response.status_code, response.headers["Location"]) == (302, "/jobs/")
    page = browser.get("/jobs/")
    assert "Your password is changed." in page.content.decode()
    assert other_browser.get("/jobs/").status_code == 302
    assert program.get("/api/v1/presets/").status_code == 401
    renewed = APIClient().post("/api/v1/auth/token/refresh/", {"refresh": refresh}, format="json")
    assert renewed.status_code == 401
    alice.refresh_from_db()
    assert alice.check_password(NEW_PASSWORD)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("wrong", NEW_PASSWORD, "Your old password was entered incorrectly."),
        (PASSWORD, "short", "This password is too short."),
        (PASSWORD, "alice-77", "too similar to the username"),
    ],
    ids=["wrong-old", "short", "similar"],
)
def test_changing_the_password_says_what_is_wrong(
    browser: Client, alice: User, old: str, new: str, message: str
) -> None:
    program = api_of(alice)
    log_in(browser)
    response = change_password(browser, old, new)
    assert response.status_code == 200
    assert message in response.content.decode()
    assert program.get("/api/v1/presets/").status_code == 200
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_only_staff_see_the_admin(client: Client, alice: User, operator: User) -> None:
    client.force_login(alice)
    assert "/admin/" not in client.get("/jobs/").content.decode()
    assert client.get("/admin/").status_code == 302
    client.force_login(operator)
    assert '<a href="/admin/">Admin</a>' in client.get("/jobs/").content.decode()
    assert client.get("/admin/").status_code == 200
