"""Operators' pages: experiments, candidates, configurations and the log of what was decided."""

from collections.abc import Mapping
from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from accounts.public import User
from mlops import services
from mlops.comparison import compare
from mlops.errors import RightMissing
from mlops.history import has_other_champion, previous_version
from mlops.models import (
    AuditEntry,
    Candidate,
    Configuration,
    Experiment,
    ExperimentStage,
    WebhookDelivery,
)
from mlops.review import changes_of, presets_of
from mlops.rules import has_right, objection
from mlops.shadow_comparison import compare_runs
from mlops.states import UNDER_DECISION, Act
from mlops.webhooks import deliver_again
from scene3d.http.admin_base import (
    Question,
    ReadOnlyAdmin,
    ReadOnlyInline,
    ask,
    link,
    outside_link,
    pretty,
)


class StageInline(ReadOnlyInline):
    model = ExperimentStage
    fields = ("name", "state", "done", "total", "seconds", "words")
    verbose_name_plural = "stages"


class CandidateInline(ReadOnlyInline):
    model = Candidate
    fields = ("own_page", "preset", "state", "score")
    readonly_fields = ("own_page", "score")

    @admin.display(description="trial")
    def own_page(self, candidate: Candidate) -> SafeString:
        return link(candidate, candidate.trial)

    @admin.display(description="score, %")
    def score(self, candidate: Candidate) -> str:
        return _score(candidate)


@admin.register(Experiment)
class ExperimentAdmin(ReadOnlyAdmin[Experiment]):
    list_display = ("name", "state", "trigger", "started_by", "created_at", "finished_at")
    list_filter = ("state", "trigger")
    search_fields = ("name", "id")
    date_hierarchy = "created_at"
    inlines = [StageInline, CandidateInline]
    fieldsets = [
        (None, {"fields": ["state", "tracking", "trigger", "started_by", "data", "data_hash"]}),
        ("Times", {"fields": ["created_at", "started_at", "finished_at"]}),
        (
            "Details",
            {
                "classes": ["collapse"],
                "fields": ["spec_fingerprint", "own_spec", "own_evaluation", "own_decision"],
            },
        ),
    ]

    def get_fieldsets(self, request: HttpRequest, obj: Experiment | None = None) -> Any:
        """What went wrong comes first, if anything did."""
        if obj is None or not obj.error_code:
            return self.fieldsets
        fields = ["error_code", "error_message", "error_next_step", "traceback"]
        return [("What went wrong", {"fields": fields}), *self.fieldsets]

    @admin.display(description="tracking")
    def tracking(self, experiment: Experiment) -> SafeString | str:
        return outside_link(experiment.tracking_url)

    @admin.display(description="spec")
    def own_spec(self, experiment: Experiment) -> SafeString:
        return pretty(experiment.spec)

    @admin.display(description="evaluation")
    def own_evaluation(self, experiment: Experiment) -> SafeString:
        return pretty(experiment.evaluation)

    @admin.display(description="decision")
    def own_decision(self, experiment: Experiment) -> SafeString:
        return pretty(experiment.decision)


@admin.register(Candidate)
class CandidateAdmin(ReadOnlyAdmin[Candidate]):
    list_display = ("trial", "experiment", "preset", "state", "score", "created_at")
    list_filter = ("state", "preset", "is_shadow")
    search_fields = ("trial", "experiment__name")
    list_select_related = ("experiment",)
    fieldsets = [
        (
            "Origin",
            {
                "fields": [
                    "own_experiment",
                    "trial",
                    "preset",
                    "tracking",
                    "tracked_run",
                    "tracked_version",
                    "created_at",
                ]
            },
        ),
        (
            "All options",
            {"classes": ["collapse"], "fields": ["options_fingerprint", "own_options"]},
        ),
    ]

    @admin.display(description="score, %")
    def score(self, candidate: Candidate) -> str:
        return _score(candidate)

    @admin.display(description="experiment")
    def own_experiment(self, candidate: Candidate) -> SafeString:
        return link(candidate.experiment)

    @admin.display(description="tracking")
    def tracking(self, candidate: Candidate) -> SafeString | str:
        return outside_link(candidate.experiment.tracking_url)

    @admin.display(description="options")
    def own_options(self, candidate: Candidate) -> SafeString:
        return pretty(candidate.options)

    def get_urls(self) -> list[URLPattern]:
        """And the pages behind the buttons."""
        view = self.admin_site.admin_view(self.ask_act)
        own = path("<int:pk>/act/<slug:name>/", view, name="mlops_candidate_act")
        return [own, *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        candidate: Candidate = context["original"]
        obstacles = {act: objection(act, candidate, _person(request)) for act in _QUESTIONS}
        is_open = candidate.state in UNDER_DECISION
        context |= {
            "acts": [(act, _QUESTIONS[act][0]) for act in _QUESTIONS if obstacles[act] is None],
            "obstacle": obstacles[Act.PROMOTE] if is_open else None,
            "has_other_champion": is_open and has_other_champion(candidate),
            "compared": compare(candidate.metrics),
            "changes": changes_of(candidate),
            "decisions": candidate.auditentry_set.all(),
            "runs_in_shadow": is_open and candidate.is_shadow,
            "shadow": compare_runs(list(candidate.shadow_runs.all())),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def ask_act(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """The page behind a button."""
        candidate = self.visible(request, pk)
        if name not in _QUESTIONS:
            raise Http404
        act, who = Act(name), _person(request)
        button, title, words = _QUESTIONS[act]

        def do(reason: str) -> str:
            if act == Act.PROMOTE:
                return f"{services.promote(candidate, who, reason)} is served now."
            if act == Act.PROPOSE:
                services.propose(candidate, who, reason)
                return "The candidate is proposed: somebody else can promote it now."
            if act == Act.REJECT:
                services.reject(candidate, who, reason)
                return "The candidate is rejected."
            services.switch_shadow(candidate, who, reason, is_on=act == Act.SHADOW)
            return f"The candidate is {act.label.lower()}."

        question = Question(
            title=title.format(about=f"{candidate.trial} of {candidate.experiment}"),
            about=str(candidate),
            words=words.format(preset=candidate.preset),
            button=button,
            objection=objection(act, candidate, who),
            act=do,
            back=reverse("admin:mlops_candidate_change", args=[candidate.pk]),
        )
        return ask(request, question, self)


@admin.register(Configuration)
class ConfigurationAdmin(ReadOnlyAdmin[Configuration]):
    list_display = ("__str__", "is_active", "created_at", "created_by_name", "origin", "reason")
    list_select_related = ("candidate__experiment",)
    fieldsets = [
        ("All options", {"classes": ["collapse"], "fields": ["own_options"]}),
    ]

    @admin.display(description="origin")
    def origin(self, configuration: Configuration) -> SafeString | str:
        if configuration.candidate is not None:
            return link(configuration.candidate)
        if configuration.restores is not None:
            return link(
                configuration.restores, f"Restores configuration {configuration.restores_id}"
            )
        return "Restores the engine's own presets"

    @admin.display(description="options")
    def own_options(self, configuration: Configuration) -> SafeString:
        return pretty(configuration.options)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.ask_roll_back)
        own = path("roll-back/<int:version>/", view, name="mlops_configuration_roll_back")
        return [own, *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        configuration: Configuration = context["original"]
        can_roll_back = has_right(Act.ROLL_BACK, _person(request))
        target = (
            previous_version(configuration) if configuration.is_active else configuration.version
        )
        context |= {
            "target": target if can_roll_back else None,
            "presets": presets_of(configuration),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def ask_roll_back(self, request: HttpRequest, version: int) -> HttpResponse:
        """The page behind the button; version 0, which has no row, is the engine's presets."""
        if version:
            self.visible(request, version)
        who = _person(request)
        target = f"configuration {version}" if version else "the engine's own presets"
        question = Question(
            title=f"Roll back to {target}?",
            about=target.capitalize(),
            words=f"New jobs will use the options of {target} again, as a new version. Jobs that"
            " are there keep theirs.",
            button="Roll back",
            objection=None if has_right(Act.ROLL_BACK, who) else RightMissing(),
            act=lambda reason: f"{services.roll_back(version, who, reason)} is served now.",
            back=reverse("admin:mlops_configuration_changelist"),
        )
        return ask(request, question, self)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin[AuditEntry]):
    list_display = ("at", "who_name", "act", "reason", "about", "made")
    list_filter = ("act", "who_name")
    fields = ("at", "who", "who_name", "act", "reason", "about", "made")
    list_select_related = ("candidate__experiment", "configuration")
    search_fields = ("reason", "who_name")
    date_hierarchy = "at"

    @admin.display(description="candidate")
    def about(self, entry: AuditEntry) -> SafeString | str:
        return link(entry.candidate) if entry.candidate is not None else "–"

    @admin.display(description="configuration")
    def made(self, entry: AuditEntry) -> SafeString | str:
        return link(entry.configuration) if entry.configuration is not None else "–"


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin[WebhookDelivery]):
    list_display = ("event", "created_at", "state", "attempts", "last_status", "last_error")
    list_filter = ("state", "event")
    date_hierarchy = "created_at"
    fields = (
        "id", "event", "created_at", "state", "attempts", "next_attempt_at", "last_status",
        "last_error", "own_payload",
    )  # fmt: skip
    actions = ["deliver_again"]

    @admin.display(description="message")
    def own_payload(self, delivery: WebhookDelivery) -> SafeString:
        return pretty(delivery.payload)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Django asks for it by the action's `permissions`."""
        return _person(request).has_perm("mlops.operate_candidate")

    @admin.action(description="Deliver again", permissions=["operate"])
    def deliver_again(self, request: HttpRequest, rows: QuerySet[WebhookDelivery]) -> None:
        for row in rows:
            deliver_again(row)
        self.message_user(request, f"{len(rows)} will be delivered again.")


_QUESTIONS: Mapping[Act, tuple[str, str, str]] = {
    Act.PROMOTE: (
        "Promote",
        "Promote {about}?",
        "New jobs with the preset “{preset}” will use these options. Jobs that are there keep"
        " theirs.",
    ),
    Act.PROPOSE: ("Propose", "Propose {about}?", "Somebody else can then promote it."),
    Act.REJECT: (
        "Reject",
        "Reject {about}?",
        "It will not be served; a new experiment may find it again.",
    ),
    Act.SHADOW: (
        "Run in shadow",
        "Run {about} in shadow?",
        "After hours, its options run on photos of finished “{preset}” jobs. Operators see here"
        " what came of it; the people whose photos they are do not.",
    ),
    Act.END_SHADOW: (
        "Take out of shadow",
        "Take {about} out of shadow?",
        "It runs on no more jobs. What it found so far stays.",
    ),
}
"""By act: the button, the page's title, and its words."""


def _score(candidate: Candidate) -> str:
    score = candidate.metrics.get("score")
    return "–" if score is None else f"{score:.2f}"


def _person(request: HttpRequest) -> User:
    return cast("User", request.user)
