"""Where baselines come from: folders of photos, and jobs that this server has seen."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from drift.baselines import Measures, columns, describe, scene_medians
from drift.documents import BaselineDocument
from drift.errors import BaselineMalformed, TooFewMeasured
from drift.models import Outcome, Upload
from drift.scoring import measures_of
from drift.windows import photos_of
from scene3d.engine.options import PhotoOptions
from scene3d.engine.photos import UnreadablePhotoError, glance, read_photo
from scene3d.engine.sources import PhotoSource, find_photos


def baseline_of(
    scenes: Sequence[Sequence[Measures]],
    *,
    results: Sequence[Mapping[str, float]] = (),
    num_unreadable: int = 0,
    params: Mapping[str, Any] | None = None,
) -> BaselineDocument:
    """Of photos by scene.

    Args:
        results: of RESULT_FEATURES, one for each scene that has as many photos as it takes, if any.
    Raises:
        TooFewMeasured: no scene has a few photos.
    """
    medians = scene_medians(scenes)
    if not medians:
        raise TooFewMeasured("There is no scene with three photos that can be read.")
    photos = [photo for scene in scenes for photo in scene]
    told = columns(photos)
    said = dict(params or {})
    return BaselineDocument.versioned(
        data_hash=_digest([list(map(dict, scene)) for scene in scenes]),
        params=said,
        fingerprint=_digest(said)[:16],
        num_labelled=len(photos) + num_unreadable,
        num_sampled=len(photos) + num_unreadable,
        num_unreadable=num_unreadable,
        num_pairs=0,
        num_verified_pairs=0,
        features={name: describe(values) for name, values in told.items()},
        scenes=[{**row, **more} for row, more in _paired(medians, results)],
        descriptors=None,
    )


def baseline_of_folder(folder: Path, num_threads: int) -> BaselineDocument:
    """Of all photos below a folder; those in one folder are one scene.

    Raises: InputNotFound, TooFewMeasured.
    """
    sources = find_photos(folder)
    with ThreadPoolExecutor(num_threads) as pool:
        measured = list(pool.map(_measure_or_none, sources))
    scenes: dict[Path, list[Measures]] = {}
    for source, measures in zip(sources, measured, strict=True):
        if measures is not None:
            scenes.setdefault(source.path.parent, []).append(measures)
    return baseline_of(
        [scenes[path] for path in sorted(scenes)],
        num_unreadable=sum(measures is None for measures in measured),
        params={"source": "folder"},
    )


def baseline_of_jobs(job_ids: Sequence[UUID]) -> BaselineDocument:
    """Of what was measured when they were uploaded.

    Raises: TooFewMeasured, also where a job is not known here.
    """
    uploads = {upload.job_id: upload for upload in Upload.objects.filter(job_id__in=job_ids)}
    if unknown := [str(job_id) for job_id in job_ids if job_id not in uploads]:
        raise TooFewMeasured(f"Photos of these jobs were never measured: {', '.join(unknown)}.")
    results = dict(Outcome.objects.filter(job_id__in=job_ids).values_list("job_id", "result"))
    whole = [uploads[job_id] for job_id in job_ids if uploads[job_id].medians]
    return baseline_of(
        [photos_of(upload) for upload in whole],
        results=[results.get(upload.job_id, {}) for upload in whole],
        params={"source": "jobs", "num_jobs": len(whole)},
    )


def last_jobs(count: int) -> list[UUID]:
    """The newest that were measured, the oldest of them first.

    Raises: TooFewMeasured.
    """
    newest = Upload.objects.exclude(medians={}).values_list("job_id", flat=True)
    if jobs := list(newest[: max(count, 0)]):
        return jobs[::-1]
    raise TooFewMeasured("No job's photos have been measured yet.")


def read_baseline(path: Path) -> BaselineDocument:
    """Raises: BaselineMalformed."""
    try:
        return BaselineDocument.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BaselineMalformed(f"{path} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise BaselineMalformed(f"{path}: {place}: {problem['msg']}.") from error


def _measure_or_none(source: PhotoSource) -> Measures | None:
    try:
        image, metadata = read_photo(source.path, PhotoOptions())
    except UnreadablePhotoError:
        return None
    return measures_of(glance(0, source, image, metadata))


def _paired(
    medians: Sequence[Mapping[str, float]], results: Sequence[Mapping[str, float]]
) -> list[tuple[Mapping[str, float], Mapping[str, float]]]:
    return list(zip(medians, results or [{}] * len(medians), strict=True))


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
