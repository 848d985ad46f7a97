"""An alert's page, with its history and what a person can do about it."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.generic import DetailView, ListView, View

from accounts.public import User
from mlops import alerts
from mlops.access import OperatorsOnly
from mlops.alert_history import all_alerts
from mlops.models import Alert
from scene3d.engine.public import EngineError
from scene3d.http.problem import Problem

_HOURS = {1: "an hour", 8: "eight hours", 24: "a day", 168: "a week"}


class SilenceForm(forms.Form):
    hours = forms.TypedChoiceField(
        label="Silence it for", choices=list(_HOURS.items()), coerce=int, initial=8
    )
    reason = forms.CharField(
        label="Why?",
        max_length=2000,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Goes into its history, for whoever wonders later.",
    )


class AlertList(OperatorsOnly, ListView[Alert]):
    template_name = "mlops/alerts.html"
    context_object_name = "alerts"
    paginate_by = 50

    def get_queryset(self) -> QuerySet[Alert]:
        return all_alerts()


class AlertPage(OperatorsOnly, DetailView[Alert]):
    template_name = "mlops/alert.html"
    context_object_name = "alert"
    queryset = all_alerts()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        alert = self.object
        return super().get_context_data(**kwargs) | {
            "events": alert.events.all(),
            "silence": alerts.active_silences(alert.name).first(),
            "silence_form": SilenceForm(),
            "may_start": alert.name in alerts.STARTERS
            and not (alert.experiment is not None and alert.experiment.is_active),
        }


class AlertAction(OperatorsOnly, View):
    """Buttons of the alert's page."""

    def post(self, request: HttpRequest, pk: int, action: str) -> HttpResponse:
        alert = get_object_or_404(all_alerts(), pk=pk)
        try:
            messages.success(request, _ACTIONS[action](request, alert))
        except (Problem, EngineError) as problem:
            detail = problem.detail if isinstance(problem, Problem) else problem.message
            messages.error(request, f"{detail} {problem.next_step}")
        return HttpResponseRedirect(reverse("alerts:detail", args=[alert.pk]))


def _acknowledge(request: HttpRequest, alert: Alert) -> str:
    alerts.acknowledge(alert, _person(request))
    return "Everybody can see now that you know of it."


def _silence(request: HttpRequest, alert: Alert) -> str:
    form = SilenceForm(request.POST)
    form.is_valid()  # what is missing, the service refuses in words
    hours = form.cleaned_data.get("hours", 0)
    reason = form.cleaned_data.get("reason", "")
    alerts.silence(alert, _person(request), duration=timedelta(hours=hours), reason=reason)
    return f"For {_HOURS[hours]}, alerts of this name start no experiment."


def _lift(request: HttpRequest, alert: Alert) -> str:
    alerts.lift_silence(alert, _person(request))
    return "Alerts of this name count again."


def _start(request: HttpRequest, alert: Alert) -> str:
    experiment = alerts.start(alert, _person(request))
    return f"{experiment.name} waits for a worker."


_ACTIONS: Mapping[str, Callable[[HttpRequest, Alert], str]] = {
    "acknowledge": _acknowledge,
    "silence": _silence,
    "lift-silence": _lift,
    "start": _start,
}


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101  # OperatorsOnly has seen to it
    return request.user
