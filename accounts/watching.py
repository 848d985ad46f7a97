"""Events that others' code tells of, into the audit log."""

from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.models import Group
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.db.models.signals import m2m_changed, post_save, pre_save
from django.http import HttpRequest

from accounts.audit import record
from accounts.models import EventKind, User
from accounts.roles import roles_of

_FLAGS = ("is_active", "is_staff", "is_superuser")
_NEWCOMERS = {"is_active": True, "is_staff": False, "is_superuser": False}


def watch() -> None:
    """Once, when the application starts."""
    user_logged_in.connect(_note_login)
    user_login_failed.connect(_note_failure)
    user_locked_out.connect(_note_lock)
    m2m_changed.connect(_note_groups, sender=User.groups.through)
    pre_save.connect(_remember_flags, sender=User)
    post_save.connect(_note_flags, sender=User)


def _note_login(user: User, **_: Any) -> None:
    record(EventKind.LOGIN, user)


def _note_failure(credentials: dict[str, Any], request: HttpRequest | None, **_: Any) -> None:
    """Not while somebody is locked out: that would let anybody fill the log."""
    if getattr(request, "axes_failures_since_start", None) is not None:
        record(EventKind.LOGIN_FAILED, _known(credentials.get("username")))


def _note_lock(request: HttpRequest, username: str | None, **_: Any) -> None:
    if getattr(request, "axes_failures_since_start", None) is not None:
        record(EventKind.LOCKED_OUT, _known(username))


def _known(username: str | None) -> User | None:
    """What nobody is called is not written down: it may be a password in the wrong field."""
    if not username or "\0" in username:
        return None
    return User.objects.filter(username=username).first()


def _note_groups(instance: User | Group, action: str, pk_set: set[int] | None, **_: Any) -> None:
    if action not in ("post_add", "post_remove", "post_clear") or pk_set == set():
        return
    people = [instance] if isinstance(instance, User) else User.objects.filter(pk__in=pk_set or ())
    for user in people:
        _note_roles(user)


def _remember_flags(instance: User, update_fields: frozenset[str] | None, **_: Any) -> None:
    """For `_note_flags`; most saves, such as that of a log-in, change none."""
    changes = update_fields is None or not update_fields.isdisjoint(_FLAGS)
    stored = User.objects.filter(pk=instance.pk).values(*_FLAGS).first() if changes else None
    instance._flags_before = stored or (_NEWCOMERS if changes else None)  # type: ignore[attr-defined]  # noqa: SLF001  # ours


def _note_flags(instance: User, created: bool, raw: bool, **_: Any) -> None:  # noqa: FBT001  # Django's
    if raw:  # a backup comes back: nobody has changed anything
        return
    is_set_anew = getattr(instance, "_password", None) is not None and not created
    if is_set_anew:  # in the portal, the admin or a command; not hashed anew at a log-in
        record(EventKind.PASSWORD_CHANGED, instance)
    before = getattr(instance, "_flags_before", None)
    if before is not None and before != {flag: getattr(instance, flag) for flag in _FLAGS}:
        _note_roles(instance)


def _note_roles(user: User) -> None:
    record(EventKind.ROLES_CHANGED, user, roles=" ".join(roles_of(user)) or "none")
