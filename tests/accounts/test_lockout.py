"""Guessing passwords: who is locked out, from where, for how long, and who is not."""

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.conf import settings as django_settings
from django.test import Client

from accounts.models import EventKind, SecurityEvent, User
from tests.accounts.people import PASSWORD

LIMIT = django_settings.AXES_FAILURE_LIMIT
DOORS = ["/accounts/login/", "/admin/login/", "/api/v1/auth/token/"]
WRONG = "wrong"
HERE, ELSEWHERE = "203.0.113.7", "198.51.100.2"


@pytest.fixture(autouse=True)
def _no_throttle(settings: Any) -> None:
    """What slows everybody down would hide what locks one out."""
    settings.THROTTLES = {}


def knock(door: str, password: str = WRONG, name: str = "alice", address: str = HERE) -> Any:
    kind: dict[str, Any] = {"content_type": "application/json"} if door.startswith("/api/") else {}
    form = {"username": name, "password": password}
    return Client(REMOTE_ADDR=address).post(door, form, **kind)


def is_in(response: Any) -> bool:
    return response.status_code == 302 or b"access" in response.content


def lock(door: str = DOORS[0], **who: str) -> Any:
    return [knock(door, **who) for _ in range(LIMIT)][-1]


@pytest.fixture
def staff(alice: User) -> User:
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    return alice


@pytest.mark.parametrize("door", DOORS)
def test_the_right_password_does_not_help_any_more(staff: User, door: str) -> None:
    for _ in range(LIMIT - 1):
        assert knock(door).status_code in (200, 401)
    for response in (knock(door), knock(door, PASSWORD)):
        assert response.status_code == 429
        assert 0 < int(response.headers["Retry-After"]) <= 15 * 60
    User.objects.get(username="alice", last_login=None)


@pytest.mark.parametrize("door", DOORS)
def test_one_door_closes_them_all(staff: User, door: str) -> None:
    lock(door)
    assert {knock(other, PASSWORD).status_code for other in DOORS} == {429}


@pytest.mark.parametrize("door", DOORS)
def test_one_try_less_is_forgiven(staff: User, door: str) -> None:
    for _ in range(LIMIT - 1):
        knock(door)
    assert is_in(knock(door, PASSWORD))
    for _ in range(LIMIT - 1):
        knock(door)
    assert is_in(knock(door, PASSWORD))


def test_others_and_other_places_are_not_locked_out(alice: User, bob: User) -> None:
    lock()
    assert is_in(knock(DOORS[0], PASSWORD, "bob"))
    assert is_in(knock(DOORS[0], PASSWORD, address=ELSEWHERE))
    assert knock(DOORS[0], PASSWORD).status_code == 429


def test_a_header_does_not_make_another_place(alice: User, settings: Any) -> None:
    lock()
    headers = {"X-Forwarded-For": ELSEWHERE}
    form = {"username": "alice", "password": PASSWORD}
    response = Client(REMOTE_ADDR=HERE).post(DOORS[0], form, headers=headers)
    assert response.status_code == 429
    settings.NUM_PROXIES = 1
    assert is_in(Client(REMOTE_ADDR=HERE).post(DOORS[0], form, headers=headers))


def test_trying_on_does_not_make_it_longer_and_it_ends(alice: User) -> None:
    lock()
    ends = AccessAttempt.objects.get().attempt_time
    for _ in range(3):
        knock(DOORS[0])
    attempt = AccessAttempt.objects.get()
    assert attempt.attempt_time == ends
    past = timedelta(seconds=1) + django_settings.AXES_COOLOFF_TIME
    AccessAttempt.objects.update(attempt_time=attempt.attempt_time - past)
    assert is_in(knock(DOORS[0], PASSWORD))


def test_people_and_programs_are_told_when(alice: User) -> None:
    page = lock().content.decode()
    assert "Try again in 15 minutes." in page
    problem = knock(DOORS[2], PASSWORD)
    assert problem.headers["Content-Type"] == "application/problem+json"
    assert problem.json()["code"] == "locked_out"
    assert problem.json()["next_step"] == "Try again in 15 minutes."


def test_somebody_who_does_not_exist_is_locked_out_alike(alice: User) -> None:
    assert lock(name="nobody").content == lock().content


def test_the_log_tells_of_it_once_and_never_what_was_typed(alice: User) -> None:
    lock()
    lock(name="my-password-by-mistake")
    for _ in range(5):
        knock(DOORS[0])
    counts = {
        kind: SecurityEvent.objects.filter(kind=kind, username=name).count()
        for kind, name in [(EventKind.LOGIN_FAILED, "alice"), (EventKind.LOCKED_OUT, "alice")]
    }
    assert counts == {EventKind.LOGIN_FAILED: LIMIT, EventKind.LOCKED_OUT: 1}
    stored = str(SecurityEvent.objects.values())
    assert "wrong" not in stored
    assert "by-mistake" not in stored
    assert set(SecurityEvent.objects.values_list("address", flat=True)) == {HERE}


def test_a_log_in_is_noted(alice: User) -> None:
    knock(DOORS[0], PASSWORD)
    knock(DOORS[2], PASSWORD)
    events = SecurityEvent.objects.filter(kind=EventKind.LOGIN)
    assert list(events.values_list("username", "address")) == [("alice", HERE)] * 2


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 5000, "ä" * 300])
def test_odd_names_are_wrong_names(alice: User, name: str) -> None:
    for door in DOORS:
        assert knock(door, name=name).status_code in (200, 400, 401)
