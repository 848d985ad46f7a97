"""API keys: made, found, revoked."""

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.audit import record
from accounts.models import ApiKey, EventKind, User
from accounts.secrets import digest_of, new_secret

MARK = "s3d_"
"""How a key begins, so that people and scanners of repositories know it when they see it."""
_PREFIX_LENGTH = len(MARK) + 6
_USE_STEP = timedelta(minutes=1)


def make_key(
    user: User, *, name: str, scopes: Sequence[str], lifetime: timedelta
) -> tuple[ApiKey, str]:
    """A new key, and the secret that nobody will see again."""
    secret = MARK + new_secret()
    key = ApiKey.objects.create(
        user=user,
        name=name,
        prefix=secret[:_PREFIX_LENGTH],
        digest=digest_of(secret),
        scopes=sorted(scopes),
        expires_at=timezone.now() + lifetime,
    )
    record(EventKind.KEY_MADE, user, key=key.prefix, scopes=" ".join(key.scopes))
    return key, secret


def find_key(secret: str) -> ApiKey | None:
    """The key that works, of a person who may log in; its use is noted."""
    now = timezone.now()
    key = (
        ApiKey.objects.select_related("user")
        .filter(digest=digest_of(secret), revoked_at=None, expires_at__gt=now)
        .filter(user__is_active=True)
        .first()
    )
    if key is not None:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _USE_STEP)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)
    return key


def revoke_key(key: ApiKey) -> None:
    """For good; a second time changes nothing."""
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
        record(EventKind.KEY_REVOKED, key.user, key=key.prefix)
