"""Two trials beside each other."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import Http404
from django.urls import reverse
from django.views.generic import TemplateView

from mlops.access import OperatorsOnly
from mlops.experiment_files import DatasetResult, results_of
from mlops.findings import findings_of
from mlops.models import Experiment
from mlops.side_by_side import BAR_WIDTH, Side, numbers, scene_deltas
from mlops.states import ExperimentState

_MAX_OFFERED = 50


class Compare(OperatorsOnly, TemplateView):
    """?a=<experiment>/<trial>&b=<experiment>/<trial>; without them, a choice."""

    template_name = "mlops/compare.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = [self.request.GET.get(name, "") for name in ("a", "b")]
        context = super().get_context_data(**kwargs) | {
            "offered": offered_sides(),
            "asked_a": asked[0],
            "asked_b": asked[1],
        }
        if not all(asked):
            return context
        a, b = map(side_of, asked)
        return context | {
            "a": a,
            "b": b,
            "is_same_data": a.experiment.data_hash == b.experiment.data_hash,
            "numbers": numbers(a.trial, b.trial),
            "scenes": scene_deltas(a.trial, b.trial),
            "bar_width": BAR_WIDTH,
            "models": _models(a, b),
        }


def side_of(reference: str) -> Side:
    """Raises: Http404."""
    experiment_id, _, trial_name = reference.partition("/")
    try:
        experiment = Experiment.objects.filter(pk=UUID(experiment_id)).first()
    except ValueError:
        raise Http404 from None
    findings = findings_of(experiment) if experiment else None
    trial = findings.of(trial_name) if findings else None
    if experiment is None or trial is None:
        raise Http404
    return Side(experiment=experiment, trial=trial)


def offered_sides() -> Sequence[Side]:
    """All trials of the latest finished experiments."""
    done = Experiment.objects.filter(state=ExperimentState.DONE)[:_MAX_OFFERED]
    return [
        Side(experiment=experiment, trial=trial)
        for experiment in done
        if (findings := findings_of(experiment))
        for trial in findings.trials
    ]


def _models(a: Side, b: Side) -> list[dict[str, Any]]:
    """By dataset that either has a model of, what the two views load; None where there is none."""
    of_a, of_b = (results_of(side.experiment, side.trial.name) for side in (a, b))
    return [
        {"dataset": name, "a": _model(a, of_a.get(name)), "b": _model(b, of_b.get(name))}
        for name in sorted({*of_a, *of_b})
    ]


def _model(side: Side, result: DatasetResult | None) -> dict[str, Any] | None:
    if result is None:
        return None

    def url(name: str) -> str:
        place = f"{result.dataset}/{name}"
        arguments = [side.experiment.pk, side.trial.name, result.seed, place]
        return reverse("mlops:result", args=arguments)

    return {
        "pointsUrl": url("points.ply"),
        "camerasUrl": url("cameras.json"),
        "numPoints": result.num_points,
        "numRegistered": result.num_registered,
        "numPhotos": result.num_photos,
        "seed": result.seed,
    }
