"""Links that let others see one result: made, found, revoked."""

from collections.abc import Mapping
from datetime import timedelta

from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.public import EventKind, digest_of, new_secret, record
from jobs.artifacts import DOWNLOADS
from jobs.errors import StateForbids
from jobs.models import Job, ShareLink

LIFETIMES: Mapping[int, str] = {1: "a day", 7: "a week", 30: "30 days", 365: "a year"}
"""In days, as the portal offers them."""


def make_share(job: Job, *, may_download: bool, lifetime: timedelta) -> tuple[ShareLink, str]:
    """A new link, and the token that nobody will see again.

    Raises: StateForbids, before there is a result.
    """
    if not job.has_result:
        raise StateForbids("share", job)
    token = new_secret()
    link = ShareLink.objects.create(
        job=job,
        digest=digest_of(token),
        may_download=may_download,
        expires_at=timezone.now() + lifetime,
    )
    record(EventKind.SHARE_MADE, job.owner, **_facts(link), may_download=may_download)
    return link, token


def active_shares(job: Job) -> QuerySet[ShareLink]:
    return job.share_links.filter(revoked_at=None, expires_at__gt=timezone.now())


def find_share(token: str) -> ShareLink | None:
    """The link, while it lasts and there is something to see."""
    links = ShareLink.objects.select_related("job__owner").filter(
        digest=digest_of(token),
        revoked_at=None,
        expires_at__gt=timezone.now(),
        job__report__isnull=False,
        job__owner__is_active=True,
    )
    return links.first()


def note_view(link: ShareLink) -> None:
    """Somebody has opened the page."""
    ShareLink.objects.filter(pk=link.pk).update(
        num_views=F("num_views") + 1, last_used_at=timezone.now()
    )
    record(EventKind.SHARE_USED, link.job.owner, **_facts(link))


def revoke_share(link: ShareLink) -> None:
    """For good; a second time changes nothing."""
    ended = ShareLink.objects.filter(pk=link.pk, revoked_at=None)
    if ended.update(revoked_at=timezone.now()):
        record(EventKind.SHARE_REVOKED, link.job.owner, **_facts(link))


def opens(link: ShareLink, name: str) -> bool:
    """Whether it shows this file of the result: what the viewer needs, and downloads if allowed."""
    is_viewers = name == "cameras.json" or (name.startswith("view-") and name.endswith(".bin"))
    return is_viewers or (link.may_download and name in DOWNLOADS)


def _facts(link: ShareLink) -> dict[str, str]:
    return {"link": str(link.pk), "job": str(link.job_id)}
