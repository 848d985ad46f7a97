"""How much each person may send and keep."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from accounts.public import User
from jobs.models import Artifact, Export, Job, Photo
from jobs.states import ACTIVE
from jobs.upload_models import AcceptedJob, PartialUpload, UserLimits
from scene3d.http.problem import Problem

GB = 1_000_000_000
_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Quota:
    """Of one person; a limit of 0 is none."""

    active_jobs: int
    max_active_jobs: int
    stored_bytes: int
    max_stored_bytes: int
    jobs_today: int
    max_jobs_per_day: int

    @property
    def words(self) -> str:
        """Such as "2.1 of 10 GB"; empty without a limit."""
        if not self.max_stored_bytes:
            return ""
        return f"{self.stored_bytes / GB:.1f} of {self.max_stored_bytes / GB:g} GB"


def quota_of(user: User) -> Quota:
    own = UserLimits.objects.filter(user=user).first()
    environment = settings.ENV
    active, stored_gb, per_day = (
        environment.max_active_jobs, environment.max_stored_gb, environment.max_jobs_per_day
    )  # fmt: skip
    if own is not None:
        active = active if own.max_active_jobs is None else own.max_active_jobs
        stored_gb = stored_gb if own.max_stored_gb is None else own.max_stored_gb
        per_day = per_day if own.max_jobs_per_day is None else own.max_jobs_per_day
    return Quota(
        active_jobs=Job.objects.filter(owner=user, state__in=ACTIVE).count(),
        max_active_jobs=active,
        stored_bytes=_stored_bytes(user),
        max_stored_bytes=stored_gb * GB,
        jobs_today=_accepted_today(user).count(),
        max_jobs_per_day=per_day,
    )


def require_room(user: User, num_bytes: int, *, freed_bytes: int = 0) -> None:
    """Whether so many bytes more may be kept, when `freed_bytes` of what there is go.

    Raises: Problem.
    """
    quota = quota_of(user)
    if quota.max_stored_bytes and (
        quota.stored_bytes - freed_bytes + num_bytes > quota.max_stored_bytes
    ):
        raise Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "quota_storage",
            f"You keep {quota.words} here; another {num_bytes / GB:.2g} GB do not fit.",
            next_step="Delete scenes that you no longer need, or ask the operator for more room.",
            extra={"stored_bytes": quota.stored_bytes, "limit_bytes": quota.max_stored_bytes},
        )


def _require_turn(user: User) -> None:
    quota = quota_of(user)
    if quota.max_active_jobs and quota.active_jobs >= quota.max_active_jobs:
        raise Problem(
            HTTPStatus.TOO_MANY_REQUESTS,
            "quota_active_jobs",
            f"{quota.active_jobs} of your jobs wait or run; {quota.max_active_jobs} may.",
            next_step="Wait until one ends, or cancel one.",
            extra={"active_jobs": quota.active_jobs, "limit": quota.max_active_jobs},
        )
    if quota.max_jobs_per_day and quota.jobs_today >= quota.max_jobs_per_day:
        problem = Problem(
            HTTPStatus.TOO_MANY_REQUESTS,
            "quota_jobs_per_day",
            f"You have sent {quota.jobs_today} jobs within a day;"
            f" {quota.max_jobs_per_day} are allowed.",
            next_step="Send it later; Retry-After says in how many seconds.",
            extra={"jobs_today": quota.jobs_today, "limit": quota.max_jobs_per_day},
        )
        problem.headers["Retry-After"] = str(_seconds_until_a_turn(user, quota.max_jobs_per_day))
        raise problem


def require_place(user: User, num_bytes: int, pieces: Sequence[PartialUpload]) -> None:
    """Whether a job of so many bytes may be accepted now; `pieces` go with its acceptance.

    Raises: Problem.
    """
    _require_turn(user)
    require_room(user, num_bytes, freed_bytes=sum(piece.num_bytes for piece in pieces))


def take_place(user: User, num_bytes: int, pieces: Sequence[PartialUpload]) -> None:
    """Within the transaction that accepts the job: of two that come at once the second waits
    here, and counts the first.

    Raises: Problem.
    """
    lock(user)
    require_place(user, num_bytes, pieces)
    AcceptedJob.objects.filter(owner=user, accepted_at__lt=timezone.now() - _DAY).delete()
    AcceptedJob.objects.create(owner=user)


def lock(user: User) -> None:
    """Until the end of the transaction. SQLite has one writer at a time anyway."""
    assert transaction.get_connection().in_atomic_block  # noqa: S101  # a mistake of ours
    User.objects.select_for_update().get(pk=user.pk)


def _stored_bytes(user: User) -> int:
    """Photos, results and files made of them; uploads under way with their whole size."""
    sums = (
        rows.aggregate(sum=Sum("num_bytes"))["sum"] or 0
        for rows in (
            Photo.objects.filter(job__owner=user),
            Artifact.objects.filter(job__owner=user),
            Export.objects.filter(job__owner=user),
            PartialUpload.objects.filter(owner=user),
        )
    )
    return sum(sums)


def _accepted_today(user: User) -> QuerySet[AcceptedJob]:
    return AcceptedJob.objects.filter(owner=user, accepted_at__gt=timezone.now() - _DAY)


def _seconds_until_a_turn(user: User, limit: int) -> int:
    newest_first = _accepted_today(user).order_by("-accepted_at")
    freeing = newest_first[limit - 1]
    return max(1, math.ceil((freeing.accepted_at + _DAY - timezone.now()).total_seconds()))
