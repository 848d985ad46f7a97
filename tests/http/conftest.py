"""Who takes part, and a broker where one is needed."""

from tests.accounts.people import _no_earlier_attempts, alice, api, bob, operator, portal_of
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
