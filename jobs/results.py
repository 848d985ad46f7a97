"""A job's published result and photos as files of a folder, as the engine wants them."""

import zipfile
from pathlib import Path
from typing import Any

from jobs.files import fetch
from jobs.models import Job
from scene3d.engine.delivery import Order
from scene3d.engine.public import FORMATS, PhotoSource


def fetch_order(job: Job, form: str, folder: Path, **wishes: Any) -> Order:
    """What `deliver` needs for `form`, in `folder`, which is made.

    Args:
        wishes: fields of the Order that differ from the job's.
    """
    result = folder / "result"
    result.mkdir(parents=True)
    for artifact in job.artifacts.exclude(name__startswith="view-"):
        fetch(artifact.path, result / artifact.name)
    with zipfile.ZipFile(result / "colmap.zip") as models:  # ours, so its names are safe
        models.extractall(result)
    photos = fetch_photos(job, folder / "photos") if FORMATS[form].needs_photos else []
    known = {
        "photos": photos,
        "metres_per_unit": job.metres_per_unit,
        "dataset": job.name,
    }
    return Order(result=result, **(known | wishes))


def fetch_photos(job: Job, folder: Path) -> list[PhotoSource]:
    """In their order, under the names that their sender gave them."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = []
    for photo in job.photos.all():
        target = folder / Path(photo.stored_path).name
        fetch(photo.stored_path, target)
        sources.append(PhotoSource(name=photo.name, path=target))
    return sources
