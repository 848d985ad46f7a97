"""Who takes part."""

from tests.accounts.people import _no_earlier_attempts, alice

__all__ = ["_no_earlier_attempts", "alice"]
