"""The portal's pages: thin doors over services."""

from collections.abc import Callable, Mapping
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.urls import reverse
from django.views.generic import DetailView, ListView, TemplateView, View

from accounts.public import User
from drift.public import ODD, upload_verdict
from jobs import exports, services
from jobs.access import own_job, own_jobs
from jobs.api.serializers import error_of, feedback_of_owner, progress_of, queue_position_of
from jobs.artifacts import DOWNLOADS
from jobs.errors import StateForbids
from jobs.files import LIVE
from jobs.models import Artifact, Export, Job, Photo, Preset
from jobs.presets import offered_presets
from jobs.quotas import quota_of
from jobs.retention import kept_until
from jobs.shares import LIFETIMES, active_shares
from jobs.stage_view import stage_steps
from jobs.states import JobState, PhotoStatus
from jobs.submission import Request as SubmissionRequest
from jobs.submission import submit
from jobs.uploads import MIN_NUM_PHOTOS, Arrived, receive, sort_out
from jobs.viewer_config import viewer_config_of_owner
from jobs.workers import capabilities
from mlops.public import source_of
from scene3d.engine.public import FORMATS, PHOTO_SUFFIXES, EngineError, ExportFormat
from scene3d.http.problem import Problem


class JobList(LoginRequiredMixin, ListView[Job]):
    template_name = "jobs/list.html"
    context_object_name = "jobs"
    paginate_by = 24

    def get_queryset(self) -> QuerySet[Job]:
        jobs = own_jobs(self.request).with_cover()
        if search := self.request.GET.get("search", "").strip():
            jobs = jobs.filter(name__icontains=search)
        if (state := self.request.GET.get("state", "")) in JobState.values:
            jobs = jobs.filter(state=state)
        return jobs

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        for job in context["jobs"]:
            job.progress = progress_of(job) if job.is_active else None
        return context | {
            "search": self.request.GET.get("search", ""),
            "state": self.request.GET.get("state", ""),
            "states": JobState.choices,
            "has_any": own_jobs(self.request).exists(),
            "has_active": any(job.is_active for job in context["jobs"]),
        }


class NewJob(LoginRequiredMixin, TemplateView):
    template_name = "jobs/new.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        """The plain form, of browsers without JavaScript."""
        owner = cast("User", request.user)
        files = cast("list[TemporaryUploadedFile]", request.FILES.getlist("files"))
        wanted = SubmissionRequest(
            name=request.POST.get("name", ""), preset=request.POST.get("preset") or None
        )
        try:
            archive, photos = sort_out([Arrived.in_request(file) for file in files])
            with receive(archive, photos) as upload:
                job = submit(owner, upload, wanted)
        except EngineError as error:
            return self._refused(Problem.of_engine(error))
        except Problem as problem:
            return self._refused(problem)
        return HttpResponseRedirect(reverse("jobs:detail", args=[job.pk]))

    def _refused(self, problem: Problem) -> HttpResponse:
        context = self.get_context_data(problem=f"{problem.detail} {problem.next_step}")
        return self.render_to_response(context, status=problem.status)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        available = capabilities()["presets"]
        presets = [(preset, available.get(preset.base, True)) for preset in offered_presets()]
        return super().get_context_data(**kwargs) | {
            "presets": presets,
            "suffixes": ",".join(sorted(PHOTO_SUFFIXES)),
            "min_num_photos": MIN_NUM_PHOTOS,
            "max_num_photos": settings.ENV.max_photos,
            "max_upload_mb": settings.ENV.max_upload_mb,
            "quota": quota_of(cast("User", self.request.user)),
        }


class JobPage(LoginRequiredMixin, DetailView[Job]):
    template_name = "jobs/detail.html"
    context_object_name = "job"

    def get_queryset(self) -> QuerySet[Job]:
        return own_jobs(self.request)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job = self.object
        photos = sorted(job.photos.all(), key=_problems_first)
        return super().get_context_data(**kwargs) | {
            "photos": photos,
            "num_unplaced": sum(p.status == PhotoStatus.NOT_REGISTERED for p in photos),
            "num_rejected": sum(p.status == PhotoStatus.REJECTED for p in photos),
            "blocking": [p for p in photos if p.reason] if job.state == JobState.FAILED else [],
            "progress": progress_of(job),
            "queue_position": queue_position_of(job),
            "steps": stage_steps(job),
            "error": error_of(job),
            "downloads": _downloads(job),
            "orders": _orders(job),
            "viewer": viewer_config_of_owner(job, get_token(self.request))
            if job.has_result
            else None,
            "shares": active_shares(job),
            "share_lifetimes": LIFETIMES,
            "live_name": LIVE,
            "has_live": job.is_active and job.artifacts.filter(name=LIVE).exists(),
            "kept_until": kept_until(job),
            "has_worker": bool(capabilities()["workers"]),
            **_origin(self.request, job),
            **_drift(job),
            "feedback": feedback_of_owner(job),
            "last_event_id": job.events.order_by("-pk").values_list("pk", flat=True).first() or 0,
        }


class ViewerPage(LoginRequiredMixin, DetailView[Job]):
    """The viewer alone, filling the window."""

    template_name = "jobs/viewer.html"
    context_object_name = "job"

    def get_queryset(self) -> QuerySet[Job]:
        return own_jobs(self.request).filter(report__isnull=False)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {
            "viewer": viewer_config_of_owner(self.object, get_token(self.request))
        }


class JobAction(LoginRequiredMixin, View):
    """Buttons of the job's page."""

    actions: Mapping[str, tuple[Callable[[Job], None], str]] = {
        "cancel": (
            services.request_cancel,
            "The job stops within a few seconds; photos placed by then are kept.",
        ),
        "retry": (services.retry, "The job waits for a worker again."),
        "delete": (services.delete, "The job, its photos and its result are deleted."),
    }

    def post(self, request: HttpRequest, pk: UUID, action: str) -> HttpResponse:
        if action not in self.actions:
            raise Http404
        job = own_job(request, pk)
        act, words = self.actions[action]
        try:
            act(job)
        except StateForbids as problem:
            messages.error(request, f"{problem.detail} {problem.next_step}")
            return HttpResponseRedirect(reverse("jobs:detail", args=[pk]))
        messages.success(request, words)
        if action == "delete":
            return HttpResponseRedirect(reverse("jobs:list"))
        return HttpResponseRedirect(reverse("jobs:detail", args=[pk]))


class ExportAction(LoginRequiredMixin, View):
    """Buttons of the job's list of downloads."""

    def post(self, request: HttpRequest, pk: UUID, form: str) -> HttpResponse:
        if form not in FORMATS or not FORMATS[form].is_on_demand:
            raise Http404
        try:
            exports.request_export(own_job(request, pk), FORMATS[form].file)
        except StateForbids as problem:
            messages.error(request, f"{problem.detail} {problem.next_step}")
        page = reverse("jobs:detail", args=[pk])
        return HttpResponseRedirect(f"{page}#downloads-title")


def _origin(request: HttpRequest, job: Job) -> dict[str, Any]:
    """For operators, where the job's options came from: the candidate is None where its preset was
    the engine's own."""
    if not (request.user.is_staff and request.user.has_perm("mlops.view_configuration")):
        return {"may_see_origin": False}
    preset = Preset.objects.filter(name=job.preset).first()
    source = source_of(job.configuration_version, preset.base) if preset is not None else None
    return {"may_see_origin": True, "source": source}


def _drift(job: Job) -> dict[str, Any]:
    """The verdict on the photos, and what of it an owner is shown."""
    verdict = upload_verdict(job.pk)
    odd = [feature for feature in verdict.features if feature.verdict in ODD] if verdict else []
    return {"drift": verdict, "drift_shown": odd}


def _problems_first(photo: Photo) -> tuple[int, int]:
    """Not placed or not readable, then placed with a flaw, then the good ones."""
    is_unused = photo.status in {PhotoStatus.NOT_REGISTERED, PhotoStatus.REJECTED}
    return (0 if is_unused else 1 if photo.reason else 2, photo.index)


def _downloads(job: Job) -> list[tuple[Artifact, ExportFormat]]:
    by_name = {artifact.name: artifact for artifact in job.artifacts.all()}
    return [(by_name[name], form) for name, form in DOWNLOADS.items() if name in by_name]


def _orders(job: Job) -> list[tuple[str, ExportFormat, Export | None]]:
    """What can be asked for, by the API's name, and what became of it."""
    by_name = {export.name: export for export in job.exports.all()}
    has_surfaces = any(artifact.name == FORMATS["mesh"].file for artifact in job.artifacts.all())
    return [
        (name, form, by_name.get(form.file))
        for name, form in FORMATS.items()
        if form.is_on_demand and (has_surfaces or not form.is_optional)
    ]
