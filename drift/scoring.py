"""The workers' door: uploads are judged before any work, windows when enough jobs have ended."""

import logging
from collections.abc import Mapping, Sequence
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from pydantic import ValidationError

from drift.baselines import Measures, rounded, scene_medians
from drift.documents import BaselineDocument, UploadDocument
from drift.errors import DriftBlocked
from drift.features import PHOTO_FEATURES
from drift.models import Baseline, Upload
from drift.state import active_baseline
from drift.verdicts import judge_upload
from drift.windows import look_at_windows
from scene3d.engine.appearance import appearance
from scene3d.engine.types import Photo

__all__ = ["look_at_windows", "refuse_if_told", "score_photos"]

logger = logging.getLogger(__name__)

OTHER_VERSION = "The baseline is of another version of this software."


def score_photos(job_id: UUID, photos: Sequence[Photo]) -> UploadDocument:
    """Judge what a job's photos look like beside the active baseline, and keep it; another attempt
    takes the first one's place. Everything was measured when the photos were read."""
    measures = {photo.index: measures_of(photo) for photo in photos}
    baseline = active_baseline()
    document = _judge(measures, baseline)
    medians = scene_medians([list(measures.values())])
    Upload.objects.update_or_create(
        job_id=job_id,
        defaults={
            "baseline": baseline,
            "measured_at": timezone.now(),
            "num_photos": len(photos),
            "measures": as_columns(measures),
            "medians": medians[0] if medians else {},
            "status": document.status,
            "document": document.model_dump(mode="json"),
        },
    )
    return document


def refuse_if_told(document: UploadDocument) -> None:
    """Raises: DriftBlocked, where DRIFT_BLOCKS says that such photos are not worked on."""
    if settings.DRIFT_BLOCKS != "critical" or document.status != "critical":
        return
    odd = [feature for feature in document.features if feature.verdict == "critical"]
    reasons = {index: feature.words for feature in reversed(odd) for index in feature.photos}
    raise DriftBlocked(
        document.words,
        [
            {
                "index": index,
                "reason": DriftBlocked.code,
                "explanation": words,
                "action": "Take it again, or leave it out.",
                "evidence": {},
            }
            for index, words in sorted(reasons.items())
        ],
    )


def measures_of(photo: Photo) -> Measures:
    """By PHOTO_FEATURES."""
    told = appearance(photo)
    return {
        name: None if (value := told[name]) is None else rounded(value) for name in PHOTO_FEATURES
    }


def as_columns(measures: Mapping[int, Measures]) -> dict[str, list[float | None]]:
    """What `Upload.measures` holds."""
    rows = list(measures.values())
    return {
        "index": [float(index) for index in measures],
        **{name: [row[name] for row in rows] for name in PHOTO_FEATURES},
    }


def _judge(measures: Mapping[int, Measures], baseline: Baseline | None) -> UploadDocument:
    try:
        document: BaselineDocument | None = baseline.read() if baseline is not None else None
    except ValidationError:
        logger.warning("%s is of another version", baseline)
        return judge_upload(measures, None).model_copy(update={"words": OTHER_VERSION})
    return judge_upload(measures, document)
