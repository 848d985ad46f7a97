"""Who takes part, a broker where one is needed, and an empty storage."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from tests.accounts.people import (
    _no_earlier_attempts,
    alice,
    api,
    api_of,
    bob,
    operator,
    portal_of,
)
from tests.http.application import server
from tests.jobs.broker import broker, valkey_socket

__all__ = [
    "_no_earlier_attempts",
    "alice",
    "api",
    "bob",
    "broker",
    "operator",
    "portal_of",
    "server",
    "valkey_socket",
]


@pytest.fixture(autouse=True)
def _empty_storage() -> Iterator[None]:
    """Before as well: tests of other rooms store files too."""
    _remove_files()
    yield
    _remove_files()


def _remove_files() -> None:
    jobs = Path(django_settings.STORAGES["jobs"]["OPTIONS"]["location"])
    shutil.rmtree(jobs, ignore_errors=True)
    shutil.rmtree(django_settings.WORK_DIR, ignore_errors=True)
    shutil.rmtree(Path(django_settings.UPLOAD_DIR) / "parts", ignore_errors=True)


@pytest.fixture
def alice_api(alice: User) -> APIClient:
    return api_of(alice)


@pytest.fixture
def bob_api(bob: User) -> APIClient:
    return api_of(bob)


@pytest.fixture
def alice_portal(alice: User, portal_of: Callable[[User], Client]) -> Client:
    return portal_of(alice)


@pytest.fixture
def limits(settings: Any) -> Callable[..., None]:
    """Change variables of the environment for one test: `limits(max_photos=5)`."""

    def change(**variables: int) -> None:
        settings.ENV = settings.ENV.model_copy(update=variables)
        settings.DATA_UPLOAD_MAX_NUMBER_FILES = settings.ENV.max_photos + 1

    return change
