"""Who takes part."""

from tests.accounts.people import _no_earlier_attempts, alice, api, bob, operator

__all__ = ["_no_earlier_attempts", "alice", "api", "bob", "operator"]
