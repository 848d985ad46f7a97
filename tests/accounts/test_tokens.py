"""Access and refresh tokens over the API."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import jwt
import pytest
from django.conf import settings
from django.db import connection
from rest_framework.test import APIClient
from rest_framework_simplejwt.state import token_backend
from rest_framework_simplejwt.tokens import AccessToken

from accounts import tokens
from accounts.models import EventKind, SecurityEvent, TokenFamily, User
from accounts.services import change_password
from tests.accounts.people import PASSWORD, api_of

OBTAIN, REFRESH, LOGOUT = (f"/api/v1/auth/{name}/" for name in ("token", "token/refresh", "logout"))
PROTECTED = "/api/v1/presets/"


def obtain(api: APIClient, username: str = "alice", password: str = PASSWORD) -> Any:
    return api.post(OBTAIN, {"username": username, "password": password}, format="json")


def refresh(api: APIClient, token: str) -> Any:
    return api.post(REFRESH, {"refresh": token}, format="json")


def use(access: str) -> Any:
    return APIClient().get(PROTECTED, headers={"Authorization": f"Bearer {access}"})


def assert_problem(response: Any, status: int, code: str) -> None:
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["Content-Type"] == "application/problem+json"


def test_a_password_gives_tokens_that_work(api: APIClient, alice: User) -> None:
    response = obtain(api)
    assert response.status_code == 200
    assert sorted(response.json()) == ["access", "refresh"]
    assert use(response.json()["access"]).status_code == 200


def test_lifetimes_audience_and_issuer(api: APIClient, alice: User) -> None:
    pair = obtain(api).json()
    for name, lifetime_s in (("access", 15 * 60), ("refresh", 7 * 24 * 3600)):
        claims = jwt.decode(pair[name], options={"verify_signature": False})
        assert claims["exp"] - claims["iat"] == lifetime_s
        assert (claims["aud"], claims["iss"]) == ("scene3d", "scene3d")


@pytest.mark.parametrize(
    ("username", "password"),
    [("alice", "wrong"), ("nobody", PASSWORD), ("ALICE", PASSWORD)],
    ids=["wrong-password", "unknown-user", "other-case"],
)
def test_wrong_credentials_all_look_the_same(
    api: APIClient, alice: User, username: str, password: str
) -> None:
    response = obtain(api, username, password)
    assert_problem(response, 401, "no_active_account")
    assert response.json()["detail"] == "No active account found with the given credentials"
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_missing_fields_are_named(api: APIClient, alice: User) -> None:
    response = api.post(OBTAIN, {"username": "alice"}, format="json")
    assert_problem(response, 400, "invalid")
    assert list(response.json()["errors"]) == ["password"]


def test_broken_json_is_a_parse_error(api: APIClient, alice: User) -> None:
    response = api.post(OBTAIN, "{", content_type="application/json")
    assert_problem(response, 400, "parse_error")


def test_an_inactive_person_gets_no_tokens_and_loses_the_old(api: APIClient, alice: User) -> None:
    pair = obtain(api).json()
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert_problem(obtain(api), 401, "no_active_account")
    assert_problem(use(pair["access"]), 401, "user_inactive")
    assert_problem(refresh(api, pair["refresh"]), 401, "no_active_account")
    User.objects.filter(pk=alice.pk).update(is_active=True)
    assert refresh(api, pair["refresh"]).status_code == 200


def test_tokens_of_a_deleted_person_end(api: APIClient, alice: User) -> None:
    pair = obtain(api).json()
    alice.delete()
    assert_problem(use(pair["access"]), 401, "user_not_found")
    assert_problem(refresh(api, pair["refresh"]), 401, "token_not_valid")


def test_refreshing_rotates(api: APIClient, alice: User) -> None:
    first = obtain(api).json()
    second = refresh(api, first["refresh"])
    assert second.status_code == 200
    assert second.json()["refresh"] != first["refresh"]
    assert use(second.json()["access"]).status_code == 200
    assert refresh(api, second.json()["refresh"]).status_code == 200


def test_a_refresh_token_that_comes_again_ends_all_that_followed_it(
    api: APIClient, alice: User
) -> None:
    """Either the second or the first is a thief's: nobody goes on."""
    first = obtain(api).json()["refresh"]
    elsewhere = obtain(api).json()["refresh"]
    second = refresh(api, first).json()["refresh"]
    third = refresh(api, second).json()
    assert use(third["access"]).status_code == 200
    assert_problem(refresh(api, first), 401, "token_not_valid")
    assert_problem(refresh(api, third["refresh"]), 401, "token_not_valid")
    assert_problem(use(third["access"]), 401, "token_not_valid")
    assert refresh(api, elsewhere).status_code == 200
    event = SecurityEvent.objects.get(kind=EventKind.REFRESH_REUSED)
    assert (event.user, event.address) == (alice, "127.0.0.1")
    assert first not in str(vars(event))


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_fifty_refreshes_at_once_one_wins() -> None:
    """On a database file, each in a thread with a connection of its own."""
    pair = tokens.issue(User.objects.create_user("alice", password=PASSWORD))
    start = threading.Barrier(50)

    def race() -> int:
        try:
            start.wait(timeout=60)
            return int(refresh(APIClient(), pair["refresh"]).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(50) as pool:
        statuses = [future.result() for future in [pool.submit(race) for _ in range(50)]]
    assert sorted(statuses) == [200] + [401] * 49
    assert SecurityEvent.objects.filter(kind=EventKind.REFRESH_REUSED).count() == 1
    assert TokenFamily.objects.get().ended_at is not None


def test_logging_out_ends_the_refresh_token(api: APIClient, alice: User) -> None:
    token = obtain(api).json()["refresh"]
    response = api.post(LOGOUT, {"refresh": token}, format="json")
    assert (response.status_code, response.content) == (204, b"")
    assert_problem(refresh(api, token), 401, "token_not_valid")
    assert_problem(api.post(LOGOUT, {"refresh": token}, format="json"), 401, "token_not_valid")


def test_logging_out_with_an_old_token_ends_its_followers_too(api: APIClient, alice: User) -> None:
    first = obtain(api).json()
    second = refresh(api, first["refresh"]).json()
    assert use(first["access"]).status_code == 200
    assert api.post(LOGOUT, {"refresh": first["refresh"]}, format="json").status_code == 204
    assert_problem(refresh(api, second["refresh"]), 401, "token_not_valid")
    for pair in (first, second):
        assert_problem(use(pair["access"]), 401, "token_not_valid")


def test_logging_out_ends_no_other_session(api: APIClient, alice: User) -> None:
    here, there = obtain(api).json()["refresh"], obtain(api).json()["refresh"]
    api.post(LOGOUT, {"refresh": here}, format="json")
    assert refresh(api, there).status_code == 200


@pytest.mark.parametrize("path", [REFRESH, LOGOUT])
def test_an_access_token_is_no_refresh_token(api: APIClient, alice: User, path: str) -> None:
    response = api.post(path, {"refresh": str(AccessToken.for_user(alice))}, format="json")
    assert_problem(response, 401, "token_not_valid")


def test_a_refresh_token_is_no_access_token(alice: User) -> None:
    assert_problem(use(tokens.issue(alice)["refresh"]), 401, "token_not_valid")


@pytest.mark.parametrize("path", [REFRESH, LOGOUT])
def test_garbage_is_no_token(api: APIClient, db: None, path: str) -> None:
    assert_problem(api.post(path, {"refresh": "x.y.z"}, format="json"), 401, "token_not_valid")


FORGERIES: dict[str, dict[str, Any]] = {
    "another-audience": {"claims": {"aud": "somebody-else"}},
    "another-issuer": {"claims": {"iss": "somebody-else"}},
    "another-person": {"claims": {"user_id": "0"}},
    "expired": {"claims": {"exp": 1}},
    "another-key": {"key": "k" * 50},
    "another-algorithm": {"algorithm": "HS512"},
    "no-signature": {"key": "", "algorithm": "none"},
}


def claims_of(user: User, kind: str = "access") -> dict[str, Any]:
    encoded = tokens.issue(user)["refresh" if kind == "refresh" else "access"]
    decoded: dict[str, Any] = jwt.decode(encoded, options={"verify_signature": False})
    return decoded


def sign(claims: dict[str, Any], key: str | None = None, algorithm: str = "HS256") -> str:
    ours = str(settings.SIMPLE_JWT["SIGNING_KEY"])
    return jwt.encode(claims, ours if key is None else key, algorithm)


def test_a_token_signed_as_we_do_works(alice: User) -> None:
    """Without this, the next test could pass for the wrong reason."""
    assert use(sign(claims_of(alice))).status_code == 200


@pytest.mark.filterwarnings("ignore:.*HMAC key is")  # HS512 with a key made for HS256
@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_forged_tokens_are_refused(alice: User, forgery: dict[str, Any]) -> None:
    claims = claims_of(alice) | forgery.get("claims", {})
    others = {name: value for name, value in forgery.items() if name != "claims"}
    assert use(sign(claims, **others)).status_code == 401


def test_a_refresh_token_signed_as_we_do_works(api: APIClient, alice: User) -> None:
    assert refresh(api, sign(claims_of(alice, "refresh"))).status_code == 200


@pytest.mark.filterwarnings("ignore:.*HMAC key is")
@pytest.mark.parametrize(
    "forgery",
    [*(each for name, each in FORGERIES.items() if name != "another-person"),
     {"claims": {"family": str(uuid4())}}, {"claims": {"family": None}},
     {"claims": {"token_type": "access"}}, {"claims": {"hash_password": "X"}}],
)  # fmt: skip
def test_forged_refresh_tokens_are_refused_and_end_nothing(
    api: APIClient, alice: User, forgery: dict[str, Any]
) -> None:
    true = claims_of(alice, "refresh")
    others = {name: value for name, value in forgery.items() if name != "claims"}
    forged = sign(true | forgery.get("claims", {}), **others)
    assert_problem(refresh(api, forged), 401, "token_not_valid")
    assert refresh(api, sign(true)).status_code == 200


def test_an_operators_new_key_ends_every_token(
    api: APIClient, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How keys are rotated: JWT_SIGNING_KEY is replaced, and programs log in again."""
    pair = obtain(api).json()
    another = token_backend._prepare_key("another-key-" * 5)
    monkeypatch.setattr(token_backend, "prepared_signing_key", another)
    assert_problem(use(pair["access"]), 401, "token_not_valid")
    assert_problem(refresh(api, pair["refresh"]), 401, "token_not_valid")
    renewed = obtain(api).json()
    assert use(renewed["access"]).status_code == 200
    assert refresh(api, renewed["refresh"]).status_code == 200


def test_a_changed_password_ends_every_token(api: APIClient, alice: User) -> None:
    pair = obtain(api).json()
    change_password(alice, "Another-gate-18")
    assert_problem(use(pair["access"]), 401, "password_changed")
    assert_problem(refresh(api, pair["refresh"]), 401, "token_not_valid")
    assert obtain(api, password="Another-gate-18").status_code == 200


def test_a_password_set_by_the_admin_ends_tokens_too(api: APIClient, alice: User) -> None:
    pair = obtain(api).json()
    alice.set_password("Another-gate-18")  # the admin's form does this and nothing else
    alice.save()
    assert_problem(use(pair["access"]), 401, "password_changed")
    assert_problem(refresh(api, pair["refresh"]), 401, "token_not_valid")


def test_logging_in_is_throttled(api: APIClient, alice: User) -> None:
    statuses = [obtain(api, f"nobody-{number}").status_code for number in range(20)]
    assert statuses == [401] * 20
    response = obtain(api)
    assert_problem(response, 429, "throttled")
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert response.json()["next_step"] == "Wait for the seconds that Retry-After names."


def test_an_api_client_with_a_token_is_the_person(alice: User) -> None:
    assert api_of(alice).get(PROTECTED).status_code == 200
    assert APIClient().get(PROTECTED).status_code == 401
