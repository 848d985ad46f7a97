"""The log of security events: who changed whose role, and that nobody changes the log."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.audit import record
from accounts.models import EventKind, SecurityEvent, User
from accounts.roles import ROLES, roles_of
from tests.accounts.people import PASSWORD

CHANGED = EventKind.ROLES_CHANGED


def changes(user: User) -> list[str]:
    rows = SecurityEvent.objects.filter(kind=CHANGED, user=user).order_by("pk")
    return [row.facts["roles"] for row in rows]


@pytest.fixture
def admin(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


def test_a_new_account_is_no_change(alice: User) -> None:
    assert changes(alice) == []
    assert roles_of(alice) == ["user"]


def test_groups_and_flags_are_roles(alice: User) -> None:
    alice.groups.add(Group.objects.get(name="operators"))
    alice.is_staff = True
    alice.save()
    alice.save()
    alice.groups.clear()
    Group.objects.get(name="approvers").user_set.add(alice)
    alice.is_active = False
    alice.save(update_fields=["is_active"])
    assert changes(alice) == [
        "user operators", "user staff operators", "user staff", "user staff approvers",
        "staff approvers",
    ]  # fmt: skip


def test_somebody_who_is_made_with_a_role_is_noted(operator: User) -> None:
    assert changes(operator) == ["user staff admin"]


def test_the_groups_of_the_roles_exist(db: None) -> None:
    names = set(Group.objects.values_list("name", flat=True))
    assert names == {"operators", "approvers"} <= set(ROLES)


def test_the_log_says_who_did_it_and_from_where(alice: User, admin: Client) -> None:
    page = f"/admin/accounts/user/{alice.pk}/change/"
    form = {
        "username": "alice", "is_active": "on", "is_staff": "on", "email": "", "first_name": "",
        "last_name": "", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00",
    }  # fmt: skip
    assert admin.post(page, form).status_code == 302
    event = SecurityEvent.objects.get(kind=CHANGED, user=alice)
    assert (event.actor, event.address, event.facts) == (
        "operator", "127.0.0.1", {"roles": "user staff"},
    )  # fmt: skip
    assert len(event.request_id) == 32


def test_a_password_that_the_admin_sets_is_noted(alice: User, admin: Client) -> None:
    form = {"password1": "Bridge-at-noon-23", "password2": "Bridge-at-noon-23",
            "usable_password": "true"}  # fmt: skip
    assert admin.post(f"/admin/accounts/user/{alice.pk}/password/", form).status_code == 302
    event = SecurityEvent.objects.get(kind=EventKind.PASSWORD_CHANGED)
    assert (event.user, event.actor) == (alice, "operator")


def test_a_password_that_is_hashed_anew_is_no_change(alice: User, settings: Any) -> None:
    before = alice.password
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.ScryptPasswordHasher", *settings.PASSWORD_HASHERS,
    ]  # fmt: skip
    assert User.objects.get(pk=alice.pk).check_password(PASSWORD)
    assert User.objects.get(pk=alice.pk).password != before
    assert not SecurityEvent.objects.filter(kind=EventKind.PASSWORD_CHANGED).exists()


def test_what_happened_stays_when_the_account_goes(alice: User) -> None:
    record(EventKind.LOGIN, alice)
    alice.delete()
    event = SecurityEvent.objects.get(kind=EventKind.LOGIN)
    assert (event.user, event.username) == (None, "alice")


@pytest.mark.parametrize("table", ["securityevent", "apikey"])
def test_operators_read_and_nobody_writes(operator: User, admin: Client, table: str) -> None:
    record(EventKind.LOGIN, operator)
    event = SecurityEvent.objects.latest("pk")
    base = f"/admin/accounts/{table}/"
    assert admin.get(base).status_code == 200
    refused: dict[str, Any] = {
        path: admin.post(f"{base}{path}", {"post": "yes"}).status_code
        for path in ("add/", f"{event.pk}/delete/")
    }
    assert set(refused.values()) <= {302, 403}
    assert SecurityEvent.objects.filter(pk=event.pk).exists()


def test_the_list_shows_what_one_looks_for(operator: User, admin: Client) -> None:
    record(EventKind.REFRESH_REUSED, operator, family="f-1")
    page = admin.get("/admin/accounts/securityevent/?q=operator&kind__exact=refresh_reused")
    text = page.content.decode()
    assert "Refresh token used twice" in text
    assert "f-1" in text
