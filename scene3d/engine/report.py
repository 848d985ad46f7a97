"""What a run leaves behind for people, gates and tests: the same JSON everywhere."""

import importlib.metadata
import platform
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from scene3d.engine.geometry.upright import UpSource
from scene3d.engine.progress import Stage
from scene3d.engine.types import FocalSource, PartialReason

REPORT_VERSION = 1

PhotoStatus = Literal["registered", "not_registered", "rejected"]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WeightsUsed(_Document):
    name: str
    sha256: str
    licence: str


class StageSeconds(_Document):
    stage: Stage
    seconds: float


class PhotoRow(_Document):
    """One photo; what is None does not apply to its status."""

    index: int
    name: str
    status: PhotoStatus
    reason: str | None = None
    """Stable code of why it is not registered; of a registered one, of what is wrong with it."""
    explanation: str | None = None
    action: str | None = None
    """What its photographer can do."""
    evidence: dict[str, Any] = {}
    """Numbers and partners behind the reason."""
    width_px: int | None = None
    height_px: int | None = None
    focal_px: float | None = None
    """Refined where registered, prior otherwise."""
    focal_source: FocalSource | None = None
    num_keypoints: int | None = None
    num_verified_pairs: int | None = None
    """Photos that it shares a verified view with."""
    model: int | None = None
    num_observations: int | None = None
    """Points of its model that it sees."""
    mean_error_px: float | None = None


class ModelRow(_Document):
    index: int
    num_registered: int
    num_points: int
    num_observations: int
    mean_track_length: float
    mean_error_px: float
    num_cameras: int
    up_source: UpSource | None = None
    """What told which way is up; None for a model that was left as COLMAP had it."""
    num_level_photos: int | None = None
    """That agree on it."""


DenseStatus = Literal["off", "done", "partial", "failed"]


class DenseRow(_Document):
    """What the dense stage made of the largest model."""

    status: DenseStatus = "off"
    """off: nobody asked for it, or mapping was stopped before; partial: its time was over; failed:
    there is no dense cloud, and the sparse one is the result."""
    message: str = ""
    """Why, in a sentence, where the status is partial or failed."""
    num_photos: int = 0
    """That the cloud comes from."""
    num_pairs: int = 0
    num_points_found: int = 0
    num_points: int = 0
    """Left after decimation, in points.ply and the viewer."""
    num_points_per_cell: float = 1.0
    """How many points stand behind each that is left."""
    num_triangles: int = 0
    """Of the mesh."""
    left_out: tuple[str, ...] = ()
    """Photos that gave no reliable depth."""
    held_out: tuple[str, ...] = ()
    """Photos that it was asked not to use."""


class Counts(_Document):
    num_photos: int
    num_accepted: int
    num_rejected: int
    num_registered: int
    """In any model."""
    num_rescued: int = 0
    """Of these, placed by the second look alone."""
    num_keypoints: int
    num_pairs: int
    num_matched_pairs: int
    num_verified_pairs: int
    num_models: int
    num_points: int
    """Of the largest model."""
    num_points_clean: int
    num_points_shown: int


class Report(_Document):
    version: int = REPORT_VERSION
    options: dict[str, Any]
    fingerprint: str
    seed: int
    device: str
    num_threads: int
    versions: dict[str, str]
    weights: list[WeightsUsed]
    stages: list[StageSeconds]
    total_seconds: float
    is_partial: bool = False
    """Mapping ended before every photo had its turn, or the dense stage did."""
    partial_reason: PartialReason | None = None
    counts: Counts
    models: list[ModelRow]
    dense: DenseRow = DenseRow()
    photos: list[PhotoRow]

    def write(self, path: Path) -> None:
        path.write_text(self.model_dump_json(indent=1))

    @classmethod
    def read(cls, path: Path) -> "Report":
        return cls.model_validate_json(path.read_text())


def installed_versions() -> dict[str, str]:
    """Of everything that computes; packages that are not installed are left out."""
    versions = {"python": platform.python_version()}
    for package in (
        "numpy",
        "scipy",
        "pillow",
        "pillow-heif",
        "pycolmap",
        "torch",
        "kornia",
        "opencv-python-headless",
    ):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
