"""Alice owns what a test is about, Bob is somebody else, the operator may use the admin.

A folder's conftest imports what it needs from here.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from accounts.keys import make_key
from accounts.models import User

PASSWORD = "Gate-at-dawn-17"


@pytest.fixture(autouse=True)
def _no_earlier_attempts() -> Iterator[None]:
    """The throttles count in the cache."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice", password=PASSWORD)


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob", password=PASSWORD)


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("operator", password=PASSWORD)


def api_of(user: User) -> APIClient:
    """A program that sends `user`'s access token."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {AccessToken.for_user(user)}")
    return client


def key_of(user: User, *scopes: str) -> APIClient:
    """A program that sends an API key."""
    _, secret = make_key(user, name="A test", scopes=scopes, lifetime=timedelta(days=1))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Api-Key {secret}")
    return client


@pytest.fixture
def api() -> APIClient:
    """A program without a token."""
    return APIClient()


@pytest.fixture
def portal_of() -> Callable[[User], Client]:
    """A browser in which somebody is logged in."""

    def log_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return log_in
