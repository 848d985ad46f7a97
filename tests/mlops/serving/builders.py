"""Experiments and candidates, recorded the way the runner records them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib.auth.models import Group

from accounts.models import User
from mlops.gates import Reason
from mlops.models import AuditEntry, Candidate, Configuration, Experiment
from mlops.services import JudgedTrial, record_candidates
from mlops.states import ExperimentState
from scene3d.engine.public import PRESETS, ReconstructionOptions

PASSED = (
    Reason(gate="min_gain", passed=True, words="Score 61.00 against 58.50: +2.50."),
    Reason(gate="max_time_ratio", passed=True, words="1.10 times, at most 1.50 wanted."),
)
REFUSED = (
    PASSED[0],
    Reason(gate="max_time_ratio", passed=False, words="1.90 times, at most 1.50 wanted."),
)
METRICS: Mapping[str, Any] = {
    "score": 61.0,
    "mAA": 52.4,
    "clusterness": 73.0,
    "registration": 0.91,
    "seconds_per_photo": 2.2,
    "per_dataset": {"castle": 63.5, "fountain": 58.5},
    "per_scene": {"castle/yard": 63.5, "fountain/front": 58.5},
    "champion": {
        "score": 58.5,
        "mAA": 49.9,
        "clusterness": 73.0,
        "registration": 0.9,
        "seconds_per_photo": 2.0,
        "per_dataset": {"castle": 56.0, "fountain": 61.0},
        "per_scene": {"castle/yard": 56.0, "fountain/front": 61.0},
    },
}
TRIAL = JudgedTrial(
    trial="trial-1",
    preset="standard",
    options=PRESETS["standard"].options,
    metrics=METRICS,
    reasons=PASSED,
)
WHY = "Better on every dataset that matters."


def tuned(preset: str = "standard", *, seed: int = 1) -> ReconstructionOptions:
    """The engine's options with another seed, which is what tells them apart here."""
    return PRESETS[preset].options.merged({"seed": seed})


def make_experiment(name: str = "Nightly", **fields: Any) -> Experiment:
    values: dict[str, Any] = {
        "state": ExperimentState.DONE,
        "spec": {"trials": 2},
        "spec_fingerprint": "0" * 16,
        "data": "train",
        "tracking_url": "https://tracker.example.org/runs/1",
    }
    return Experiment.objects.create(name=name, **values | fields)


def make_candidate(
    experiment: Experiment | None = None,
    *,
    preset: str = "standard",
    seed: int = 1,
    score: float = 61.0,
    **changes: Any,
) -> Candidate:
    """A candidate that waits, of a finished experiment; `changes` are of the trial."""
    row = replace(
        TRIAL,
        trial=f"{preset}-{seed}",
        preset=preset,
        options=tuned(preset, seed=seed),
        metrics={**METRICS, "score": score},
    )
    [candidate] = record_candidates(experiment or make_experiment(), [replace(row, **changes)])
    return candidate


def everything() -> dict[str, list[dict[str, Any]]]:
    """All rows that a decision may change."""
    tables = (Candidate, Configuration, AuditEntry)
    return {
        table.__name__: [dict(row) for row in table.objects.order_by("pk").values()]
        for table in tables
    }


def served_seeds(configuration: Configuration | None = None) -> dict[str, int]:
    """By preset, of what is served (or of a version)."""
    row = configuration or Configuration.objects.get(is_active=True)
    return {preset: options["seed"] for preset, options in row.options.items()}


def person(name: str, *groups: str, is_staff: bool = True) -> User:
    """Somebody in these groups."""
    user = User.objects.create_user(name, password="Gate-at-dawn-17", is_staff=is_staff)
    user.groups.set(Group.objects.filter(name__in=groups))
    return user
