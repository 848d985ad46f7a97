"""The portal's pages of the offline loop: thin doors over submission and findings."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.generic import DetailView, FormView, ListView, View

from accounts.public import User
from mlops import submission
from mlops.access import OperatorsOnly
from mlops.charts import HEIGHT, WIDTH, score_charts
from mlops.experiment_files import figure_file, figures_of, result_file, validation_of
from mlops.findings import findings_of
from mlops.forms import SpecForm
from mlops.history import served_at
from mlops.models import Candidate, Experiment
from mlops.shadow_comparison import Comparison, compare_runs
from mlops.stage_graph import live_state, stage_rows
from mlops.states import ExperimentState
from scene3d.engine.public import EngineError
from scene3d.http.files import ServedFile, serve
from scene3d.http.problem import Problem
from scene3d.settings.env import BASE_DIR

_MAX_CHARTED = 200
_MAX_ISSUES = 200


class ExperimentList(OperatorsOnly, ListView[Experiment]):
    template_name = "mlops/experiments.html"
    context_object_name = "experiments"
    paginate_by = 24

    def get_queryset(self) -> QuerySet[Experiment]:
        return Experiment.objects.select_related("started_by")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return context | {
            "rows": [_list_row(experiment) for experiment in context["experiments"]],
            "charts": score_charts(list(self.get_queryset()[:_MAX_CHARTED])),
            "chart_width": WIDTH,
            "chart_height": HEIGHT,
        }


class NewExperiment(OperatorsOnly, FormView[SpecForm]):
    template_name = "mlops/new.html"
    form_class = SpecForm

    def get_initial(self) -> dict[str, Any]:
        """The text of the spec that the address names, else of the installation's own."""
        chosen = spec_files().get(self.request.GET.get("spec", ""), BASE_DIR / "params.yaml")
        return {"spec": chosen.read_text(encoding="utf-8")}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"specs": list(spec_files())}

    def form_valid(self, form: SpecForm) -> HttpResponse:
        content = form.cleaned_data["spec"].model_dump(mode="json")
        experiment = submission.submit(
            content, form.cleaned_data["data"], "button", _person(self.request)
        )
        if experiment.state == ExperimentState.RUNNING:
            messages.info(self.request, "This very experiment runs already: here it is.")
        return HttpResponseRedirect(reverse("mlops:detail", args=[experiment.pk]))


class ExperimentPage(OperatorsOnly, DetailView[Experiment]):
    template_name = "mlops/detail.html"
    context_object_name = "experiment"
    queryset = Experiment.objects.select_related("started_by")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        experiment = self.object
        validation = validation_of(experiment)
        return super().get_context_data(**kwargs) | {
            "stages": stage_rows(experiment),
            "findings": findings_of(experiment),
            "candidates": list(experiment.candidates.all()),
            "shadows": _shadows(experiment),
            "validation": validation,
            "issues": validation["issues"][:_MAX_ISSUES] if validation else [],
            "figures": figures_of(experiment),
            "champion_version": champion_version(experiment),
            "may_run_again": submission.may_run_again(experiment),
            "is_lost": submission.is_lost(experiment),
        }


class ExperimentLive(OperatorsOnly, View):
    """What the page of one that is active asks for now and then."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return JsonResponse(live_state(_experiment(pk)))


class ExperimentAction(OperatorsOnly, View):
    """Buttons of the experiment's page."""

    def post(self, request: HttpRequest, pk: UUID, action: str) -> HttpResponse:
        experiment = _experiment(pk)
        try:
            shown = _ACTIONS[action](request, experiment)
        except (Problem, EngineError) as problem:
            detail = problem.detail if isinstance(problem, Problem) else problem.message
            messages.error(request, f"{detail} {problem.next_step}")
            shown = experiment
        return HttpResponseRedirect(reverse("mlops:detail", args=[shown.pk]))


class ExperimentFigure(OperatorsOnly, View):
    def get(self, request: HttpRequest, pk: UUID, name: str) -> HttpResponseBase:
        return _serve(request, figure_file(_experiment(pk), name))


class ExperimentResult(OperatorsOnly, View):
    """A trial's points or cameras of one dataset."""

    def get(
        self, request: HttpRequest, pk: UUID, trial: str, seed: int, place: str
    ) -> HttpResponseBase:
        dataset, _, name = place.rpartition("/")
        return _serve(request, result_file(_experiment(pk), trial, seed, dataset, name))


def spec_files() -> dict[str, Path]:
    """Specs that an operator has put into the data folder, by name."""
    return {path.stem: path for path in sorted((settings.DATA_DIR / "specs").glob("*.yaml"))}


def champion_version(experiment: Experiment) -> int:
    """Of the configuration that the trials are compared with; 0: the engine's own presets."""
    served = served_at(experiment.created_at)
    return served.version if served is not None else 0


def _list_row(experiment: Experiment) -> dict[str, Any]:
    start, end = experiment.started_at, experiment.finished_at
    return {
        "experiment": experiment,
        "findings": findings_of(experiment),
        "champion_version": champion_version(experiment),
        "duration": end - start if start and end else None,
    }


def _shadows(experiment: Experiment) -> list[tuple[Candidate, Comparison]]:
    """Of its candidates that have run in shadow."""
    candidates = experiment.candidates.filter(shadow_runs__isnull=False).distinct()
    return [(row, compare_runs(list(row.shadow_runs.all()))) for row in candidates]


def _cancel(request: HttpRequest, experiment: Experiment) -> Experiment:
    submission.cancel(experiment)
    messages.success(request, "The experiment stops within a few seconds; finished stages stay.")
    return experiment


def _run_again(request: HttpRequest, experiment: Experiment) -> Experiment:
    started = submission.run_again(experiment, "button", _person(request))
    is_new = started.pk != experiment.pk
    words = "A new experiment waits for a worker." if is_new else "It goes on where it stopped."
    messages.success(request, words)
    return started


_ACTIONS: Mapping[str, Callable[[HttpRequest, Experiment], Experiment]] = {
    "cancel": _cancel,
    "run-again": _run_again,
}


def _experiment(pk: UUID) -> Experiment:
    """Raises: Http404."""
    experiment = Experiment.objects.filter(pk=pk).first()
    if experiment is None:
        raise Http404
    return experiment


def _person(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def _serve(request: HttpRequest, file: ServedFile | None) -> HttpResponseBase:
    if file is None:
        raise Http404
    return serve(request, file)
