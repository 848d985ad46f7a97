"""Whose jobs are whose: a foreign id does not exist."""

from uuid import UUID

from django.http import Http404, HttpRequest
from rest_framework.request import Request

from accounts.public import User
from jobs.models import Job
from jobs.querysets import JobQuerySet


def own_jobs(request: HttpRequest | Request) -> JobQuerySet:
    """Jobs of the one who asks; none for a stranger."""
    user = request.user
    return Job.objects.filter(owner=user) if isinstance(user, User) else Job.objects.none()


def own_job(request: HttpRequest | Request, pk: UUID) -> Job:
    """Raises: Http404, which does not tell whether somebody else has it."""
    job = own_jobs(request).filter(pk=pk).first()
    if job is None:
        raise Http404
    return job
