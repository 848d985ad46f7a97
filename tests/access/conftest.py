"""Who takes part, and a storage of one's own."""

from pathlib import Path

import pytest

from tests.accounts.people import _no_earlier_attempts, alice, api, bob, operator, portal_of
from tests.jobs.broker import broker, valkey_socket
from tests.jobs.conftest import _empty_storage
from tests.mlops.people import own_data_dir

__all__ = [
    "_empty_storage",
    "_no_earlier_attempts",
    "alice",
    "api",
    "bob",
    "broker",
    "operator",
    "own_data_dir",
    "portal_of",
    "valkey_socket",
]


@pytest.fixture(autouse=True)
def _data_dir_is_there(own_data_dir: Path) -> None:
    """Metrics measure its disk."""
    own_data_dir.mkdir(parents=True)
