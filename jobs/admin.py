"""Operators' view of jobs, presets and workers."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs import services
from jobs.errors import StateForbids
from jobs.models import Artifact, Job, Keeper, Photo, Preset, StageRun
from jobs.storage_use import with_storage
from jobs.upload_models import UserLimits
from jobs.worker_models import Worker
from scene3d.http.admin_base import ReadOnlyInline


class PhotoInline(ReadOnlyInline):
    model = Photo
    fields = ("index", "name", "status", "reason", "num_keypoints", "num_observations")


class ArtifactInline(ReadOnlyInline):
    model = Artifact
    fields = ("name", "num_bytes", "sha256")


class StageRunInline(ReadOnlyInline):
    model = StageRun
    fields = ("stage", "seconds", "num_units")


@admin.register(Job)
class JobAdmin(admin.ModelAdmin[Job]):
    list_display = (
        "name",
        "owner",
        "state",
        "stage",
        "preset",
        "configuration_version",
        "num_photos",
        "created_at",
        "error_code",
    )
    list_filter = ("state", "preset", "configuration_version", "error_code")
    search_fields = ("name", "owner__username", "id")
    date_hierarchy = "created_at"
    readonly_fields = ("configuration",)
    inlines = [StageRunInline, ArtifactInline, PhotoInline]
    actions = ["cancel", "retry"]

    @admin.display(description="configuration")
    def configuration(self, job: Job) -> SafeString | str:
        if not job.configuration_version:
            return "The engine's own presets"
        address = reverse("admin:mlops_configuration_change", args=[job.configuration_version])
        return format_html('<a href="{}">Configuration {}</a>', address, job.configuration_version)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        """States change through services; actions are open to those who may see jobs."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        return obj is not None and obj.is_terminal and super().has_delete_permission(request, obj)

    def delete_model(self, request: HttpRequest, obj: Job) -> None:
        services.delete(obj)

    @admin.action(description="Cancel", permissions=["view"])
    def cancel(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        self._apply(request, jobs, services.request_cancel, "cancelled")

    @admin.action(description="Try again", permissions=["view"])
    def retry(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        self._apply(request, jobs, services.retry, "queued again")

    def _apply(
        self, request: HttpRequest, jobs: QuerySet[Job], act: object, participle: str
    ) -> None:
        changed = 0
        for job in jobs:
            try:
                act(job)  # type: ignore[operator]
            except StateForbids as problem:
                self.message_user(request, f"{job}: {problem.detail}", level="warning")
            else:
                changed += 1
        if changed:
            self.message_user(request, f"{changed} {participle}.")


@admin.register(Preset)
class PresetAdmin(admin.ModelAdmin[Preset]):
    list_display = ("name", "title", "base", "is_enabled", "is_default", "position")


@admin.register(Keeper)
class KeeperAdmin(admin.ModelAdmin[Keeper]):
    """Who takes how much room; people themselves are in accounts."""

    list_display = ("username", "num_jobs", "photos", "results")
    list_display_links = None
    search_fields = ("username",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Keeper]:
        return with_storage(super().get_queryset(request))

    @admin.display(description="jobs", ordering="num_jobs")
    def num_jobs(self, keeper: Keeper) -> int:
        return int(keeper.num_jobs)  # type: ignore[attr-defined]  # annotated above

    @admin.display(description="photos", ordering="photo_bytes")
    def photos(self, keeper: Keeper) -> str:
        return filesizeformat(keeper.photo_bytes)  # type: ignore[attr-defined]  # likewise

    @admin.display(description="results and files made of them", ordering="result_bytes")
    def results(self, keeper: Keeper) -> str:
        return filesizeformat(keeper.result_bytes)  # type: ignore[attr-defined]  # likewise

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Keeper | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Keeper | None = None) -> bool:
        return False


@admin.register(Worker)
class WorkerAdmin(admin.ModelAdmin[Worker]):
    list_display = ("name", "started_at", "heartbeat_at", "network_loads")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Worker | None = None) -> bool:
        return False


@admin.register(UserLimits)
class UserLimitsAdmin(admin.ModelAdmin[UserLimits]):
    list_display = ("user", "max_active_jobs", "max_stored_gb", "max_jobs_per_day")
    search_fields = ("user__username",)
    autocomplete_fields = ("user",)
