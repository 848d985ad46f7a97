"""The parent's side of COLMAP's stages."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scene3d.engine.cameras import group_cameras
from scene3d.engine.colmap.salvage import MappingStopped, Salvage
from scene3d.engine.errors import Cancelled, NativeCrash, TimeLimitReached
from scene3d.engine.failpoints import failpoint
from scene3d.engine.host import Host
from scene3d.engine.model import Model
from scene3d.engine.native.run import Event, NativeRequest, run_native
from scene3d.engine.options import ReconstructionOptions
from scene3d.engine.progress import Progress
from scene3d.engine.types import PartialReason, Photo, VerifiedPair
from scene3d.engine.workspace import Workspace

SNAPSHOT_EVERY_S = 1.0
SNAPSHOT_MAX_SHARE = 0.05
"""Of the mapper's time, from the second snapshot on."""


def verify_pairs(
    photos: Sequence[Photo],
    options: ReconstructionOptions,
    workspace: Workspace,
    progress: Progress,
    *,
    num_pairs: int,
) -> list[VerifiedPair]:
    """Check the matches in `workspace.matches_path`; fills `workspace.database_path`.

    Progress goes on from `num_pairs`, the pairs matched before.

    Raises: NativeCrash, Cancelled.
    """
    scene = {
        "cameras": [asdict(prior) for prior in group_cameras(photos, options.photos)],
        "photos": [
            {"index": photo.index, "features": str(workspace.features(photo.index))}
            for photo in photos
        ],
    }

    def on_event(_child: int, event: Event) -> None:
        failpoint("verifying")
        progress.update(num_pairs + event["done"], num_pairs=num_pairs)

    request = _verification_request("verify", scene, options, workspace)
    return _verified(run_native([request], on_event, progress.check))


def verify_more(
    added_features: Mapping[int, Path],
    options: ReconstructionOptions,
    workspace: Workspace,
    progress: Progress,
) -> list[VerifiedPair]:
    """Check the matches in `workspace.matches_path` too; all pairs that were ever verified.

    Args:
        added_features: by Photo.index; their keypoints come after those in the database.
    Raises: NativeCrash, Cancelled.
    """
    scene = {
        "photos": [
            {"index": index, "features": [str(workspace.features(index)), str(added)]}
            for index, added in sorted(added_features.items())
        ]
    }
    request = _verification_request("verify_more", scene, options, workspace)
    return _verified(run_native([request], lambda _child, _event: None, progress.check))


def _verification_request(
    task: str, scene: Mapping[str, Any], options: ReconstructionOptions, workspace: Workspace
) -> NativeRequest:
    return NativeRequest(
        task=f"scene3d.engine.colmap.verification:{task}",
        payload={
            **scene,
            "database": str(workspace.database_path),
            "matches": str(workspace.matches_path),
            "options": options.verification.model_dump(),
            "seed": options.seed,
        },
        log=workspace.logs_dir / f"{task}.log",
    )


def _verified(results: Sequence[Any]) -> list[VerifiedPair]:
    [rows] = results
    return [
        VerifiedPair(first=first, second=second, num_inliers=num_inliers, motion=motion)
        for first, second, num_inliers, motion in rows
    ]


def map_photos(
    photos: Sequence[Photo],
    options: ReconstructionOptions,
    workspace: Workspace,
    progress: Progress,
    host: Host,
    resume_from: Path | None = None,
) -> list[Model]:
    """Every model found, the largest first; COLMAP's files go to `workspace.models_dir`/N.

    Args:
        resume_from: a finished model, which the incremental mapper then adds photos to.
    Raises:
        MappingStopped: it ended early, for one of the reasons below, and there is a model.
        NativeCrash, Cancelled, TimeLimitReached: and there is none.
    """
    request = _mapping_request(photos, options, workspace, host, resume_from)
    salvage = Salvage(workspace, num_threads=host.num_threads)
    growth = _Growth(progress, salvage)
    try:
        run_native([request], growth.on_event, progress.check)
    except (Cancelled, TimeLimitReached, NativeCrash) as stop:
        models = salvage.take_newest()
        if not models:
            raise
        raise MappingStopped(models, partial_reason(stop)) from stop
    return salvage.take_finished()


def _mapping_request(
    photos: Sequence[Photo],
    options: ReconstructionOptions,
    workspace: Workspace,
    host: Host,
    resume_from: Path | None,
) -> NativeRequest:
    num_known = sum(photo.focal_source != "guess" for photo in photos)
    return NativeRequest(
        task="scene3d.engine.colmap.mapping:map_models",
        payload={
            "database": str(workspace.database_path),
            "models": str(workspace.models_dir),
            "resume_from": resume_from and str(resume_from),
            "names": {photo.index: photo.name for photo in photos},
            "snapshots": {
                "folder": str(workspace.snapshots_dir),
                "min_model_size": options.mapping.min_model_size,
                "every_s": SNAPSHOT_EVERY_S,
                "max_share": SNAPSHOT_MAX_SHARE,
            },
            "known_focal_share": num_known / len(photos),
            "options": options.mapping.model_dump(),
            "seed": options.seed,
            "num_threads": host.num_threads,
        },
        log=workspace.logs_dir / "map.log",
    )


def partial_reason(stop: Exception) -> PartialReason:
    """What a result is called that `stop` left incomplete."""
    if isinstance(stop, Cancelled):
        return "cancelled"
    return "time_limit" if isinstance(stop, TimeLimitReached) else "native_crash"


class _Growth:
    """Sums over models, since the mapper tells of the one that it works on."""

    def __init__(self, progress: Progress, salvage: Salvage) -> None:
        self._progress = progress
        self._salvage = salvage
        self._models: dict[int, Mapping[str, Any]] = {}

    def on_event(self, _child: int, event: Event) -> None:
        failpoint("mapping")
        if event["event"] == "snapshot":
            self._progress.grown(self._salvage.look())
            return
        if event["event"] == "registered":
            self._models[event["model"]] = event
        num_registered = sum(model["num_registered"] for model in self._models.values())
        self._progress.update(
            num_registered,
            num_registered=num_registered,
            num_points=sum(model["num_points"] for model in self._models.values()),
            num_models=len(self._models),
        )
