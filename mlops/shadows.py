"""Challengers that run in shadow, and what they found. Nothing here knows what a job is."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from mlops.models import Candidate, Experiment, ShadowRun
from mlops.states import UNDER_DECISION, ExperimentState


@dataclass(frozen=True, kw_only=True)
class Measures:
    """Of one result.

    Attributes:
        registration: share of all photos that are placed, in any model, 0 to 1.
        mean_error_px, num_points, mean_track_length: of the largest model; reprojection error, and
            photos per point.
        seconds_per_photo: of all stages, over all photos.
    """

    registration: float
    mean_error_px: float
    num_points: int
    mean_track_length: float
    seconds_per_photo: float

    @classmethod
    def of_report(cls, report: Mapping[str, Any]) -> "Measures":
        """Of an engine's report of a run that was not stopped."""
        counts, largest = report["counts"], report["models"][0]
        return cls(
            registration=counts["num_registered"] / counts["num_photos"],
            mean_error_px=largest["mean_error_px"],
            num_points=largest["num_points"],
            mean_track_length=largest["mean_track_length"],
            seconds_per_photo=report["total_seconds"] / counts["num_photos"],
        )


@dataclass(frozen=True, kw_only=True)
class ShadowResult:
    """A challenger on one job; without a challenger's measures it failed, and says why."""

    job: UUID
    num_photos: int
    challenger: Measures | None
    served: Measures
    challenger_fingerprint: str
    served_fingerprint: str
    error_code: str = ""


def challengers() -> list[Candidate]:
    """Those that run in shadow now, the oldest first."""
    return list(
        Candidate.objects.filter(is_shadow=True, state__in=UNDER_DECISION)
        .select_related("experiment")
        .order_by("pk")
    )


def is_challenger(pk: int) -> bool:
    return Candidate.objects.filter(pk=pk, is_shadow=True, state__in=UNDER_DECISION).exists()


def shadowed_jobs(candidate: Candidate) -> list[UUID]:
    """On which it has run already."""
    return list(candidate.shadow_runs.values_list("job", flat=True))


def record_shadow(candidate: Candidate, result: ShadowResult) -> bool:
    """Keep it; False where there is one of this job already, which stays."""
    _, is_new = ShadowRun.objects.get_or_create(
        candidate=candidate,
        job=result.job,
        defaults={
            "num_photos": result.num_photos,
            "challenger": asdict(result.challenger) if result.challenger is not None else {},
            "served": asdict(result.served),
            "challenger_fingerprint": result.challenger_fingerprint,
            "served_fingerprint": result.served_fingerprint,
            "error_code": result.error_code,
        },
    )
    return is_new


def is_experiment_waiting() -> bool:
    """For the worker that runs challengers, too."""
    return Experiment.objects.filter(state=ExperimentState.QUEUED).exists()
