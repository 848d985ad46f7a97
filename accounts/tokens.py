"""Tokens of programs: a refresh token works once, and one that comes again ends its family.

A thief and the owner hold the same refresh token; whoever comes second shows that there are two.
Then nobody goes on, and the owner logs in again. Source: RFC 9700, section 4.14.2.
"""

from datetime import UTC, datetime
from typing import TypedDict

from django.utils import timezone
from rest_framework_simplejwt.exceptions import AuthenticationFailed, InvalidToken, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import RefreshToken, Token
from rest_framework_simplejwt.utils import get_md5_hash_password

from accounts.audit import record
from accounts.models import EventKind, TokenFamily, User

_FAMILY = "family"


class Pair(TypedDict):
    access: str
    refresh: str


def issue(user: User) -> Pair:
    """The first tokens after a log-in; families that have run out go."""
    user.token_families.filter(expires_at__lt=timezone.now()).delete()
    token = RefreshToken.for_user(user)
    family = TokenFamily.objects.create(
        user=user, current=token["jti"], expires_at=_expiry_of(token)
    )
    token[_FAMILY] = str(family.pk)
    return _pair(token)


def rotate(encoded: str) -> Pair:
    """New tokens for a refresh token, which is used up. Of any number at once, one succeeds.

    Raises: InvalidToken, AuthenticationFailed.
    """
    used = _read(encoded)
    family = _family_of(used)
    if family is None or family.ended_at or not _knows_password(used, family.user):
        raise _no_longer_valid()
    if not family.user.is_active:
        raise AuthenticationFailed("This account is switched off.", "no_active_account")
    token = RefreshToken.for_user(family.user)
    token[_FAMILY] = str(family.pk)
    won = TokenFamily.objects.filter(pk=family.pk, current=used["jti"], ended_at=None).update(
        current=token["jti"], expires_at=_expiry_of(token)
    )
    if not won:
        _end_for_reuse(family)
        raise _no_longer_valid()
    return _pair(token)


def end(encoded: str) -> None:
    """Log out: the family of a refresh token ends.

    Raises: InvalidToken, for one that has ended already as well.
    """
    family = _family_of(_read(encoded))
    if family is None or not _end(user=family.user, pk=family.pk):
        raise _no_longer_valid()


def end_all(user: User) -> None:
    """Every token of every program."""
    _end(user=user)


def has_ended(token: Token) -> bool:
    """Of an access token: whether its family has, so that logging out works at once."""
    family = token.get(_FAMILY)
    return family is not None and not TokenFamily.objects.filter(pk=family, ended_at=None).exists()


def _end(**which: object) -> int:
    return TokenFamily.objects.filter(ended_at=None, **which).update(ended_at=timezone.now())


def _end_for_reuse(family: TokenFamily) -> None:
    if _end(pk=family.pk):  # of many that come at once, one tells
        record(EventKind.REFRESH_REUSED, family.user, family=str(family.pk))


def _read(encoded: str) -> RefreshToken:
    """Raises: InvalidToken."""
    try:
        return RefreshToken(encoded)  # type: ignore[arg-type]  # the package's hint is wrong
    except TokenError as error:
        raise _no_longer_valid() from error


def _family_of(token: RefreshToken) -> TokenFamily | None:
    found = TokenFamily.objects.select_related("user").filter(pk=token.get(_FAMILY))
    return found.first()


def _knows_password(token: RefreshToken, user: User) -> bool:
    claim = token.get(api_settings.REVOKE_TOKEN_CLAIM)
    return bool(claim == get_md5_hash_password(user.password))


def _expiry_of(token: RefreshToken) -> datetime:
    return datetime.fromtimestamp(token["exp"], tz=UTC)


def _pair(token: RefreshToken) -> Pair:
    return {"access": str(token.access_token), "refresh": str(token)}


def _no_longer_valid() -> InvalidToken:
    return InvalidToken({"detail": "The token is not valid, or no longer."})
