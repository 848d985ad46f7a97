"""Operators' pages: baselines to compare and to activate, and what the windows say."""

from typing import Any, cast

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from pydantic import ValidationError

from accounts.public import User
from drift import services
from drift.charts import HEIGHT, WIDTH, panels
from drift.documents import ODD
from drift.errors import BaselineOutdated, RightMissing
from drift.models import Activation, Baseline, Window
from drift.state import jobs_behind
from scene3d.http.admin_base import Question, ReadOnlyAdmin, ask, link
from scene3d.http.problem import Problem


@admin.register(Baseline)
class BaselineAdmin(ReadOnlyAdmin[Baseline]):
    list_display = (
        "__str__", "is_active", "source", "note", "num_photos", "num_scenes", "made_by",
        "created_at",
    )  # fmt: skip
    list_filter = ("source",)
    fields = ("content_version", "source", "note", "num_photos", "num_scenes", "made_by")

    def get_urls(self) -> list[URLPattern]:
        """And the pages behind the buttons."""
        view = self.admin_site.admin_view
        own = [
            path("<int:pk>/activate/", view(self.ask_activate), name="drift_baseline_activate"),
            path("<int:pk>/beside/<int:other>/", view(self.compare), name="drift_baseline_compare"),
        ]
        return [*own, *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        baseline: Baseline = context["original"]
        context |= {
            "may_activate": _objection(baseline, _person(request)) is None,
            "others": Baseline.objects.exclude(pk=baseline.pk),
            "is_outdated": not _is_readable(baseline),
            "panels": panels([baseline.read()]) if _is_readable(baseline) else [],
            "chart": {"width": WIDTH, "height": HEIGHT},
            "activations": baseline.activations.all(),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def ask_activate(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The page behind the button."""
        baseline = self.visible(request, pk)
        who = _person(request)

        def do(reason: str) -> str:
            services.activate(baseline, who, reason)
            return f"Uploads are compared with {baseline} from now on."

        question = Question(
            title=f"Compare uploads with {baseline}?",
            about=str(baseline),
            words="New uploads and the next window of jobs are compared with it. Verdicts that are"
            " there stay.",
            button="Activate",
            objection=_objection(baseline, who),
            act=do,
            back=reverse("admin:drift_baseline_change", args=[baseline.pk]),
        )
        return ask(request, question, self)

    def compare(self, request: HttpRequest, pk: int, other: int) -> HttpResponse:
        """Two baselines side by side."""
        pair = [self.visible(request, pk), self.visible(request, other)]
        if not all(_is_readable(baseline) for baseline in pair):
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "title": f"{pair[0]} beside {pair[1]}",
            "pair": pair,
            "panels": panels([baseline.read() for baseline in pair]),
            "chart": {"width": WIDTH, "height": HEIGHT},
            "media": self.media,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/drift/baseline/compare.html", context)


@admin.register(Activation)
class ActivationAdmin(ReadOnlyAdmin[Activation]):
    list_display = ("at", "who_name", "about", "before", "reason")
    fields = ("at", "who", "who_name", "about", "before", "reason")
    list_select_related = ("baseline", "replaces")
    date_hierarchy = "at"

    @admin.display(description="baseline")
    def about(self, activation: Activation) -> SafeString:
        return link(activation.baseline)

    @admin.display(description="instead of")
    def before(self, activation: Activation) -> SafeString | str:
        return link(activation.replaces) if activation.replaces is not None else "–"


@admin.register(Window)
class WindowAdmin(ReadOnlyAdmin[Window]):
    list_display = ("__str__", "status", "performance", "num_photos", "own_baseline", "words")
    list_filter = ("status", "performance")
    fields = ("status", "performance", "own_baseline", "first_at", "last_at", "num_photos")
    list_select_related = ("baseline",)

    @admin.display(description="baseline")
    def own_baseline(self, window: Window) -> SafeString | str:
        return link(window.baseline) if window.baseline is not None else "–"

    @admin.display(description="by itself")
    def words(self, window: Window) -> str:
        return window.verdict.words

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        window: Window = context["original"]
        found = window.verdict
        rows = [*found.features, *found.outcomes]
        context |= {
            "rows": [
                {
                    "row": row,
                    "standing": window.standing(row.feature),
                    "jobs": jobs_behind(row.feature, 5, window) if row.verdict in ODD else [],
                }
                for row in rows
                if row.verdict != "unknown"
            ],
            "document": found,
        }
        return super().render_change_form(request, context, *args, **kwargs)


def _objection(baseline: Baseline, who: User) -> Problem | None:
    if not services.may_activate(who):
        return RightMissing()
    return None if _is_readable(baseline) else BaselineOutdated(baseline)


def _is_readable(baseline: Baseline) -> bool:
    try:
        baseline.read()
    except ValidationError:
        return False
    return True


def _person(request: HttpRequest) -> User:
    return cast("User", request.user)
