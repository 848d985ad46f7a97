"""The door of this room."""

from accounts.audit import record
from accounts.models import EventKind, User
from accounts.secrets import digest_of, new_secret
from accounts.services import ensure_user

__all__ = ["EventKind", "User", "digest_of", "ensure_user", "new_secret", "record"]
