"""What changes accounts."""

import pytest
from django.core.exceptions import ValidationError
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.models import User
from accounts.services import change_password, create_user, ensure_user, revoke_tokens
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
    RefreshToken.for_user(alice)
    with pytest.raises(ValidationError, match="too short"):
        change_password(alice, "short")
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
    assert not BlacklistedToken.objects.exists()


def test_a_changed_password_blacklists_refresh_tokens(alice: User) -> None:
    """They would be refused for the password too; the list shows the operator why."""
    for _ in range(2):
        RefreshToken.for_user(alice)
    change_password(alice, "Bridge-at-noon-23")
    assert BlacklistedToken.objects.filter(token__user=alice).count() == 2


def test_revoking_ends_ones_own_tokens_only_and_can_be_repeated(alice: User, bob: User) -> None:
    for user in (alice, alice, bob):
        RefreshToken.for_user(user)
    revoke_tokens(alice)
    revoke_tokens(alice)
    ended = BlacklistedToken.objects.values_list("token__user__username", flat=True)
    assert list(ended) == ["alice", "alice"]
    assert OutstandingToken.objects.filter(user=bob, blacklistedtoken=None).count() == 1


def test_the_demos_account_is_made_once_and_its_password_kept_in_step(db: None) -> None:
    first = ensure_user(username="demo", password="one")
    second = ensure_user(username="demo", password="two")
    assert first.pk == second.pk
    assert User.objects.get().check_password("two")


def test_an_unchanged_demo_account_keeps_its_sessions(db: None) -> None:
    first = ensure_user(username="demo", password="one")
    assert ensure_user(username="demo", password="one").password == first.password
