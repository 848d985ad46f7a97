"""API keys: what opens, what does not, and what is kept of them."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.keys import MARK, find_key, make_key, revoke_key
from accounts.models import ApiKey, EventKind, SecurityEvent, User
from scene3d.http.scopes import AREAS, SCOPES
from tests.accounts.people import key_of, portal_of

__all__ = ["portal_of"]
DAY = timedelta(days=1)
JOBS = "/api/v1/jobs/"


def use(authorization: str, method: str = "get") -> Any:
    return getattr(APIClient(), method)(JOBS, headers={"Authorization": authorization})


def made(user: User, *scopes: str) -> tuple[ApiKey, str]:
    return make_key(user, name="Drone", scopes=scopes or ["jobs:read"], lifetime=DAY)


def test_every_area_can_be_read_and_written() -> None:
    assert set(SCOPES) == {f"{a}:{k}" for a in set(AREAS.values()) for k in ("read", "write")}


@pytest.mark.parametrize("scheme", ["Api-Key", "api-key", "Bearer"])
def test_a_key_is_the_person(alice: User, scheme: str) -> None:
    _, secret = made(alice)
    assert use(f"{scheme} {secret}").status_code == 200


def test_only_a_digest_is_kept(alice: User) -> None:
    key, secret = made(alice)
    assert re.fullmatch(r"s3d_[\w-]{43}", secret)
    assert (key.prefix, len(key.digest)) == (secret[:10], 64)
    stored = str(ApiKey.objects.values()) + str(SecurityEvent.objects.values())
    assert secret[len(key.prefix) :] not in stored
    assert key.prefix in stored


@pytest.mark.parametrize("given", ["s3d_" + "x" * 43, "s3d_", "x", "", " "])
def test_a_wrong_key_opens_nothing(alice: User, given: str) -> None:
    made(alice)
    response = use(f"Api-Key {given}")
    assert (response.status_code, response.json()["code"]) == (401, "api_key_not_valid")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize("what", ["revoked", "expired", "switched-off", "deleted"])
def test_a_key_ends(alice: User, what: str) -> None:
    key, secret = made(alice)
    if what == "revoked":
        revoke_key(key)
    elif what == "expired":
        ApiKey.objects.update(expires_at=timezone.now())
    elif what == "switched-off":
        User.objects.update(is_active=False)
    else:
        alice.delete()
    assert use(f"Api-Key {secret}").status_code == 401
    assert find_key(secret) is None


def test_reading_is_not_writing(alice: User) -> None:
    reader, writer = key_of(alice, "jobs:read"), key_of(alice, "jobs:write")
    assert reader.get(JOBS).status_code == 200
    refused = reader.post(JOBS)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert "jobs:write" in refused.json()["detail"]
    assert writer.get(JOBS).status_code == 403
    assert writer.post(JOBS).json()["code"] != "scope_missing"


@pytest.mark.parametrize("path", ["/api/v1/auth/logout/", "/jobs/", "/accounts/keys/", "/admin/"])
def test_a_key_opens_no_page_and_no_account(alice: User, path: str) -> None:
    client = key_of(alice, *SCOPES)
    assert client.get(path).status_code in (302, 405)


def test_use_is_noted_to_the_minute(alice: User) -> None:
    key, secret = made(alice)
    assert key.last_used_at is None
    use(f"Api-Key {secret}")
    key.refresh_from_db()
    first = key.last_used_at
    assert first is not None
    use(f"Api-Key {secret}")
    key.refresh_from_db()
    assert key.last_used_at == first
    ApiKey.objects.update(last_used_at=first - timedelta(seconds=61))
    use(f"Api-Key {secret}")
    key.refresh_from_db()
    assert key.last_used_at is not None
    assert key.last_used_at > first - timedelta(seconds=1)


def test_the_portal_shows_a_new_key_once(alice: User, portal_of: Callable[[User], Client]) -> None:
    browser = portal_of(alice)
    form = {"name": "Drone", "scopes": ["jobs:read", "jobs:write"], "days": "30"}
    response = browser.post("/accounts/keys/", form)
    page = response.content.decode()
    [secret] = re.findall(rf'value="({MARK}[\w-]{{43}})"', page)
    assert "no-store" in response.headers["Cache-Control"]
    assert use(f"Api-Key {secret}").status_code == 200
    key = ApiKey.objects.get()
    assert timedelta(days=29) < key.expires_at - timezone.now() < timedelta(days=31)
    again = browser.get("/accounts/keys/").content.decode()
    assert key.prefix in again
    assert secret not in again
    browser.post(f"/accounts/keys/{key.pk}/revoke/")
    assert use(f"Api-Key {secret}").status_code == 401
    kinds = list(
        SecurityEvent.objects.exclude(kind=EventKind.LOGIN)
        .order_by("pk")
        .values_list("kind", "actor")
    )
    assert kinds == [(EventKind.KEY_MADE, "alice"), (EventKind.KEY_REVOKED, "alice")]


@pytest.mark.parametrize(
    "changes", [{"name": ""}, {"scopes": []}, {"scopes": ["admin"]}, {"days": "9999"}]
)
def test_a_key_needs_name_scopes_and_an_end(
    alice: User, portal_of: Callable[[User], Client], changes: dict[str, Any]
) -> None:
    form = {"name": "Drone", "scopes": ["jobs:read"], "days": "30"} | changes
    assert portal_of(alice).post("/accounts/keys/", form).status_code == 200
    assert not ApiKey.objects.exists()


def test_nobody_revokes_or_sees_anothers_key(
    alice: User, bob: User, portal_of: Callable[[User], Client]
) -> None:
    key, secret = made(alice)
    browser = portal_of(bob)
    assert browser.post(f"/accounts/keys/{key.pk}/revoke/").status_code == 404
    assert key.prefix not in browser.get("/accounts/keys/").content.decode()
    assert use(f"Api-Key {secret}").status_code == 200
