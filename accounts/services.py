"""Everything that changes an account."""

from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from accounts import tokens
from accounts.models import User


def create_user(*, username: str, password: str, email: str = "") -> User:
    """A person who may log in.

    Raises: ValidationError, for a weak password.
    """
    user = User(username=username, email=email)
    validate_password(password, user)
    user.set_password(password)
    user.save()
    return user


@transaction.atomic
def change_password(user: User, new_password: str) -> None:
    """Raises: ValidationError, for a weak password."""
    validate_password(new_password, user)
    user.set_password(new_password)
    user.save(update_fields=["password"])
    tokens.end_all(user)


@transaction.atomic
def ensure_user(*, username: str, password: str) -> User:
    """The demo's account: made when absent, its password set when it is another."""
    user, created = User.objects.get_or_create(username=username)
    if created or not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
    return user
