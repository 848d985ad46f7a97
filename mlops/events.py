"""What webhooks tell of experiments and of what is served: names, scores, reasons, no secrets."""

from typing import Any

from django.urls import reverse

from mlops.models import Candidate, Configuration, Experiment
from mlops.states import ExperimentState, WebhookEvent
from mlops.webhooks import is_wanted, record


def tell_of_experiment(experiment: Experiment) -> None:
    """That it runs, or how it ended; to be called in the transaction that made it so."""
    if not is_wanted():
        return
    events = {
        ExperimentState.RUNNING: WebhookEvent.EXPERIMENT_STARTED,
        ExperimentState.DONE: WebhookEvent.EXPERIMENT_DONE,
    }
    event = events.get(ExperimentState(experiment.state), WebhookEvent.EXPERIMENT_FAILED)
    record(event, _experiment(experiment))


def tell_of_configuration(configuration: Configuration) -> None:
    """That it is served now, likewise."""
    if not is_wanted():
        return
    event = (
        WebhookEvent.CONFIGURATION_PROMOTED
        if configuration.candidate is not None
        else WebhookEvent.CONFIGURATION_ROLLED_BACK
    )
    record(event, _configuration(configuration))


def _experiment(experiment: Experiment) -> dict[str, Any]:
    scores = {row["trial"]: row["score"] for row in experiment.evaluation.get("trials", [])}
    passed = {row["trial"]: row["passed"] for row in experiment.decision.get("trials", [])}
    error = {
        "code": experiment.error_code,
        "message": experiment.error_message,
        "next_step": experiment.error_next_step,
    }
    return {
        "id": str(experiment.pk),
        "name": experiment.name,
        "state": experiment.state,
        "attempt": experiment.attempt,
        "trigger": experiment.trigger,
        "data_hash": experiment.data_hash,
        "path": reverse("mlops:detail", args=[experiment.pk]),
        "error": error if experiment.error_code else None,
        "best": experiment.decision.get("best"),
        "trials": [
            {"trial": trial, "score": score, "passed": passed.get(trial)}
            for trial, score in scores.items()
        ],
    }


def _configuration(configuration: Configuration) -> dict[str, Any]:
    candidate = configuration.candidate
    return {
        "version": configuration.version,
        "restores": configuration.restored_version,
        "by": configuration.created_by_name,
        "reason": configuration.reason,
        "path": reverse("admin:mlops_configuration_change", args=[configuration.pk]),
        "candidate": _candidate(candidate) if candidate is not None else None,
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "id": candidate.pk,
        "trial": candidate.trial,
        "preset": candidate.preset,
        "score": candidate.metrics.get("score"),
        "experiment": {
            "id": str(candidate.experiment_id),
            "name": candidate.experiment.name,
            "path": reverse("mlops:detail", args=[candidate.experiment_id]),
        },
    }
