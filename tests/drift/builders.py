"""Baselines, jobs and windows made by hand."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from drift import services
from drift.baselines import Measures
from drift.documents import BaselineDocument
from drift.making import baseline_of
from drift.models import Baseline, Source, Upload
from drift.public import record_outcome
from drift.scoring import score_photos
from drift.verdicts import JobMeasures
from scene3d.engine.types import Photo
from tests.engine.builders import make_photo, make_quality

LEVELS = (90.0, 100.0, 110.0, 120.0, 130.0, 140.0, 105.0, 115.0, 125.0, 135.0)
"""How bright the scenes of a usual world are."""


def measures(brightness: float = 115.0, **changes: float | None) -> Measures:
    return {
        "brightness": brightness, "contrast": 0.5, "saturation": 0.3, "blur_px": 0.8,
        "long_side_px": 1600.0, "focal_35mm": 28.0, "has_focal": 1.0, **changes,
    }  # fmt: skip


def scene(brightness: float, num_photos: int = 5, /, **changes: float | None) -> list[Measures]:
    """Photos around a brightness."""
    middle = num_photos // 2
    return [measures(brightness + index - middle, **changes) for index in range(num_photos)]


def usual_baseline(levels: Sequence[float] = LEVELS) -> BaselineDocument:
    return baseline_of([scene(level) for level in levels])


def job_of(photos: Sequence[Measures], **outcomes: float) -> JobMeasures:
    middle = photos[len(photos) // 2] if photos else {}
    told = {name: value for name, value in middle.items() if value is not None}
    return JobMeasures(photos=photos, medians=told, outcomes=outcomes)


def keep(document: BaselineDocument | None = None) -> Baseline:
    return services.add_baseline(document or usual_baseline(), Source.JOBS, made_by="a test")


def photos_of(brightness: float, num_photos: int = 3, *, first: int = 0) -> list[Photo]:
    return [
        make_photo(first + index, quality=make_quality(mean_level=brightness + index))
        for index in range(num_photos)
    ]


def report(**changes: Any) -> dict[str, Any]:
    """What of the engine's report counts."""
    return {
        "counts": {
            "num_photos": 4, "num_accepted": 4, "num_registered": 3, "num_points": 300,
            "num_keypoints": 8000, "num_pairs": 6, "num_verified_pairs": 3,
        },
        "models": [{"mean_error_px": 0.5, "mean_track_length": 3.0}],
        "total_seconds": 20.0,
        **changes,
    }  # fmt: skip


def run_job(brightness: float, *, succeeds: bool = True) -> UUID:
    """Photos that are looked at, and the end of their job."""
    job_id = uuid4()
    score_photos(job_id, photos_of(brightness))
    record_outcome(job_id, report() if succeeds else None)
    return job_id


def uploads() -> int:
    return Upload.objects.count()
