"""Links: the owner makes and revokes them, and whoever has one sees that result."""

from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import View

from jobs.access import own_job
from jobs.artifacts import DOWNLOADS
from jobs.errors import StateForbids
from jobs.models import ShareLink
from jobs.serving import picture_file, result_file
from jobs.shares import LIFETIMES, find_share, make_share, note_view, opens, revoke_share
from jobs.viewer_config import viewer_config
from scene3d.http.files import serve
from scene3d.http.throttles import Throttled

Answer = TypeVar("Answer", bound=HttpResponseBase)


@method_decorator(never_cache, name="dispatch")
class MakeShare(LoginRequiredMixin, View):
    """The answer shows the address, once."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        job = own_job(request, pk)
        days = request.POST.get("days", "")
        if not days.isdecimal() or int(days) not in LIFETIMES:
            raise Http404
        try:
            link, token = make_share(
                job,
                may_download=bool(request.POST.get("may_download")),
                lifetime=timedelta(days=int(days)),
            )
        except StateForbids as problem:
            messages.error(request, f"{problem.detail} {problem.next_step}")
            return HttpResponseRedirect(reverse("jobs:detail", args=[pk]))
        address = request.build_absolute_uri(reverse("shares:page", args=[token]))
        context = {"job": job, "link": link, "address": address}
        return render(request, "jobs/share_made.html", context)


class RevokeShare(LoginRequiredMixin, View):
    def post(self, request: HttpRequest, pk: UUID, share: UUID) -> HttpResponse:
        link = own_job(request, pk).share_links.filter(pk=share).first()
        if link is None:
            raise Http404
        revoke_share(link)
        messages.success(request, "The link shows nothing any more.")
        return HttpResponseRedirect(f"{reverse('jobs:detail', args=[pk])}#shares-title")


class SharePage(Throttled, View):
    """Without a login, for nobody's list, and without a word about the owner."""

    throttle_scope = "share"
    throttled_methods = ("GET",)

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        link = find_share(token)
        if link is None:
            return _private(render(request, "jobs/share_gone.html", status=404))
        note_view(link)
        job, addresses = link.job, SharedAddresses(token)
        names = set(job.artifacts.values_list("name", flat=True))
        downloads = [
            (addresses.file(name), form) for name, form in DOWNLOADS.items() if name in names
        ]
        context = {
            "job": job,
            "link": link,
            "downloads": downloads if link.may_download else [],
            "viewer": viewer_config(job, addresses, may_download=link.may_download),
        }
        return _private(render(request, "jobs/share.html", context))


class SharedFile(View):
    def get(self, request: HttpRequest, token: str, name: str) -> HttpResponseBase:
        link = _link(token)
        if not opens(link, name):
            raise Http404
        wants_metres = link.may_download and request.GET.get("units") != "model"
        return _private(serve(request, result_file(link.job, name, wants_metres=wants_metres)))


class SharedPicture(View):
    def get(self, request: HttpRequest, token: str, index: int, kind: str) -> HttpResponseBase:
        return _private(serve(request, picture_file(_link(token).job, index, kind)))


class SharedAddresses:
    """Below the link's own."""

    def __init__(self, token: str) -> None:
        self._token = token

    def file(self, name: str) -> str:
        return reverse("shares:file", args=[self._token, name])

    def picture(self, index: int, kind: str) -> str:
        return reverse("shares:picture", args=[self._token, index, kind])


def _link(token: str) -> ShareLink:
    """Raises: Http404, which does not tell whether there ever was one."""
    link = find_share(token)
    if link is None:
        raise Http404
    return link


def _private(response: Answer) -> Answer:
    """The address is the key: it goes into no referrer, no search engine and no shared cache."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response.headers.setdefault("Cache-Control", "private, no-store")
    return response
