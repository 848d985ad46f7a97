"""What changes accounts."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import tokens
from accounts.models import EventKind, SecurityEvent, TokenFamily, User
from accounts.services import change_password, create_user, ensure_user
from tests.accounts.people import PASSWORD


def test_a_new_person_has_a_hashed_password(db: None) -> None:
    user = create_user(username="carol", password="Bridge-at-noon-23", email="c@example.org")
    stored = User.objects.get(pk=user.pk)
    assert (stored.username, stored.email, stored.is_staff) == ("carol", "c@example.org", False)
    assert "Bridge" not in stored.password
    assert stored.check_password("Bridge-at-noon-23")


def test_a_weak_password_makes_nobody(db: None) -> None:
    with pytest.raises(ValidationError, match="too short"):
        create_user(username="carol", password="short")
    assert not User.objects.exists()


def test_a_weak_password_changes_nothing(alice: User) -> None:
    tokens.issue(alice)
    with pytest.raises(ValidationError, match="too short"):
        change_password(alice, "short")
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
    assert TokenFamily.objects.get().ended_at is None
    assert not SecurityEvent.objects.exists()


def test_a_changed_password_ends_every_family_and_is_noted(alice: User) -> None:
    """They would be refused for the password too; the list shows the operator why."""
    for _ in range(2):
        tokens.issue(alice)
    change_password(alice, "Bridge-at-noon-23")
    assert TokenFamily.objects.filter(user=alice, ended_at=None).count() == 0
    event = SecurityEvent.objects.get()
    assert (event.kind, event.user, event.username) == (EventKind.PASSWORD_CHANGED, alice, "alice")


def test_ending_all_ends_ones_own_only_and_can_be_repeated(alice: User, bob: User) -> None:
    for user in (alice, alice, bob):
        tokens.issue(user)
    tokens.end_all(alice)
    ended = list(TokenFamily.objects.exclude(ended_at=None).values_list("user", "ended_at"))
    assert [user for user, _ in ended] == [alice.pk, alice.pk]
    tokens.end_all(alice)
    assert list(TokenFamily.objects.exclude(ended_at=None).values_list("user", "ended_at")) == ended


def test_a_log_in_clears_away_what_has_run_out(alice: User, bob: User) -> None:
    long_ago = timezone.now() - timedelta(days=8)
    for user in (alice, bob):
        tokens.issue(user)
    TokenFamily.objects.update(expires_at=long_ago)
    tokens.issue(alice)
    assert TokenFamily.objects.filter(user=alice).count() == 1
    assert TokenFamily.objects.filter(user=bob).count() == 1


def test_no_token_is_in_the_database(alice: User) -> None:
    pair = tokens.issue(alice)
    family = TokenFamily.objects.get()
    stored = " ".join(str(value) for value in vars(family).values())
    for token in pair.values():
        for part in str(token).split("."):
            assert part not in stored


def test_the_demos_account_is_made_once_and_its_password_kept_in_step(db: None) -> None:
    first = ensure_user(username="demo", password="one")
    second = ensure_user(username="demo", password="two")
    assert first.pk == second.pk
    assert User.objects.get().check_password("two")


def test_an_unchanged_demo_account_keeps_its_sessions(db: None) -> None:
    first = ensure_user(username="demo", password="one")
    assert ensure_user(username="demo", password="one").password == first.password
