"""The door of this room for the web process and for whoever ends a job; nothing heavy.

Workers have a second one, `drift.scoring`, which loads numpy and scipy.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from drift import services
from drift.documents import (
    ODD,
    SEVERITY,
    BaselineDocument,
    FeatureVerdict,
    UploadDocument,
    Verdict,
)
from drift.errors import DriftBlocked
from drift.models import Baseline, Source, Upload
from drift.services import add_baseline, record_satisfaction
from drift.state import (
    FeatureState,
    ServiceState,
    active_baseline,
    current_state,
    jobs_behind,
    trend,
)

__all__ = [
    "ODD",
    "SEVERITY",
    "Baseline",
    "BaselineDocument",
    "DriftBlocked",
    "FeatureState",
    "FeatureVerdict",
    "ServiceState",
    "Source",
    "UploadDocument",
    "Verdict",
    "active_baseline",
    "add_baseline",
    "current_state",
    "jobs_behind",
    "record_outcome",
    "record_satisfaction",
    "trend",
    "upload_facts",
    "upload_verdict",
]


def upload_verdict(job_id: UUID) -> UploadDocument | None:
    """What was said of a job's photos; None before they were looked at."""
    upload = Upload.objects.filter(job_id=job_id).first()
    return upload.verdict if upload is not None else None


def upload_facts(document: UploadDocument) -> dict[str, Any]:
    """What an owner is told: words, and the photos that they are about."""
    told = {"feature", "title", "verdict", "words", "value", "usual", "effect", "photos"}
    return {
        "status": document.status,
        "words": document.words,
        "baseline_version": document.baseline_version,
        "features": [feature.model_dump(include=told) for feature in document.features],
    }


def record_outcome(job_id: UUID, report: Mapping[str, Any] | None) -> None:
    """What became of a job, once a job: a second call takes the first one's place.

    Args:
        report: the engine's, as JSON; None for a job that failed.
    """
    values: dict[str, float] = {"failure_ratio": 1.0 if report is None else 0.0}
    result: dict[str, float] = {}
    if report is not None:
        counts = report["counts"]
        values["registration_ratio"] = _ratio(counts["num_registered"], counts["num_accepted"])
        values["points_per_photo"] = _ratio(counts["num_points"], counts["num_registered"])
        values["seconds_per_photo"] = _ratio(report["total_seconds"], counts["num_photos"])
        result["num_keypoints"] = _ratio(counts["num_keypoints"], counts["num_accepted"])
        if counts["num_pairs"]:
            result["verified_ratio"] = _ratio(counts["num_verified_pairs"], counts["num_pairs"])
        if report["models"]:
            largest = report["models"][0]
            values["reprojection_error_px"] = float(largest["mean_error_px"])
            values["track_length"] = float(largest["mean_track_length"])
    services.record_outcome(job_id, values, result)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
