"""What the viewer's script reads from the page: where it finds the files of a result."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.urls import reverse

from jobs.models import Job


class Addresses(Protocol):
    """Who looks decides under which addresses files are found."""

    def file(self, name: str) -> str: ...

    def picture(self, index: int, kind: str) -> str: ...


@dataclass(frozen=True)
class OwnAddresses:
    """Of the API."""

    job: Job

    def file(self, name: str) -> str:
        return reverse("api:job-artifact", args=[self.job.pk, name])

    def picture(self, index: int, kind: str) -> str:
        return reverse("api:job-picture", args=[self.job.pk, index, kind])


def viewer_config_of_owner(job: Job, csrf_token: str) -> dict[str, Any]:
    """With what it takes to say how large the model is."""
    return viewer_config(job, OwnAddresses(job), may_download=True) | {
        "scaleUrl": reverse("api:job-detail", args=[job.pk]),
        "csrfToken": csrf_token,
    }


def viewer_config(job: Job, addresses: Addresses, *, may_download: bool) -> dict[str, Any]:
    """For looking only."""
    sizes = dict(job.artifacts.values_list("name", "num_bytes"))
    return {
        "jobName": job.name,
        "metresPerUnit": job.metres_per_unit,
        "mayDownload": may_download,
        "models": [_model_files(addresses, row, sizes) for row in job.model_rows],
        "camerasUrl": addresses.file("cameras.json") + "?units=model",
        "photos": [
            {
                "index": photo.index,
                "name": photo.name,
                "thumbnailUrl": addresses.picture(photo.index, "thumbnail"),
                "previewUrl": addresses.picture(photo.index, "preview"),
            }
            for photo in job.photos.filter(thumbnail_path__isnull=False)
        ],
    }


def _model_files(
    addresses: Addresses, row: Mapping[str, Any], sizes: Mapping[str, int]
) -> dict[str, Any]:
    """Where the viewer finds a model; what was not made of its surface is left out.

    Args:
        sizes: bytes of the job's artifacts, by name.
    """
    index = row["index"]
    files: dict[str, Any] = {
        "index": index,
        "numPoints": row["num_points"],
        "numRegistered": row["num_registered"],
        "pointsUrl": addresses.file(f"view-{index}.points.bin"),
        "tracksUrl": addresses.file(f"view-{index}.tracks.bin"),
    }
    for kind in ("preview", "dense", "mesh"):
        name = f"view-{index}.{kind}.bin"
        if name in sizes:
            files[f"{kind}Url"] = addresses.file(name)
            files[f"{kind}Bytes"] = sizes[name]
    return files
