"""The door of this room."""

from accounts.models import User
from accounts.services import ensure_user

__all__ = ["User", "ensure_user"]
