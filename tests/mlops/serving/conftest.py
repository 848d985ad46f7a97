"""Who takes part: Olga operates, Ada approves, Eve is staff without rights here."""

from typing import Any

import pytest

from accounts.models import User
from tests.accounts.people import _no_earlier_attempts, alice, api, operator
from tests.jobs.broker import broker, valkey_socket
from tests.jobs.conftest import _empty_storage
from tests.mlops.serving.builders import person

__all__ = [
    "_empty_storage",
    "_no_earlier_attempts",
    "alice",
    "api",
    "broker",
    "operator",
    "valkey_socket",
]


@pytest.fixture
def olga(db: None) -> User:
    return person("olga", "operators")


@pytest.fixture
def ada(db: None) -> User:
    return person("ada", "approvers")


@pytest.fixture
def eve(db: None) -> User:
    return person("eve")


@pytest.fixture
def approval(settings: Any) -> None:
    """PROMOTION_POLICY=approval."""
    settings.PROMOTION_POLICY = "approval"
