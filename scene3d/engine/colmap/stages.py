"""The parent's side of COLMAP's stages."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from scene3d.engine.cameras import group_cameras
from scene3d.engine.host import Host
from scene3d.engine.model import Model
from scene3d.engine.native.run import Event, NativeRequest, run_native
from scene3d.engine.options import ReconstructionOptions
from scene3d.engine.progress import Progress
from scene3d.engine.types import Photo, VerifiedPair
from scene3d.engine.workspace import Workspace


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
    request = NativeRequest(
        task="scene3d.engine.colmap.verification:verify",
        payload={
            "database": str(workspace.database_path),
            "matches": str(workspace.matches_path),
            "cameras": [asdict(prior) for prior in group_cameras(photos, options.photos)],
            "photos": [
                {"index": photo.index, "features": str(workspace.features(photo.index))}
                for photo in photos
            ],
            "options": options.verification.model_dump(),
            "seed": options.seed,
        },
        log=workspace.logs_dir / "verify.log",
    )

    def on_event(_child: int, event: Event) -> None:
        progress.update(num_pairs + event["done"], num_pairs=num_pairs)

    [verified] = run_native([request], on_event, progress.check)
    return [
        VerifiedPair(first=first, second=second, num_inliers=num_inliers, motion=motion)
        for first, second, num_inliers, motion in verified
    ]


def map_photos(
    photos: Sequence[Photo],
    options: ReconstructionOptions,
    workspace: Workspace,
    progress: Progress,
    host: Host,
) -> list[Model]:
    """Every model found, the largest first; COLMAP's files go to `workspace.models_dir`/N.

    Raises: NativeCrash, Cancelled.
    """
    num_known = sum(photo.focal_source != "guess" for photo in photos)
    request = NativeRequest(
        task="scene3d.engine.colmap.mapping:map_models",
        payload={
            "database": str(workspace.database_path),
            "models": str(workspace.models_dir),
            "photos": {
                photo.index: {"name": photo.name, "path": str(photo.path)} for photo in photos
            },
            "known_focal_share": num_known / len(photos),
            "options": options.mapping.model_dump(),
            "seed": options.seed,
            "num_threads": host.num_threads,
        },
        log=workspace.logs_dir / "map.log",
    )
    growth = _Growth(progress)
    [num_models] = run_native([request], growth.on_event, progress.check)
    return [
        Model.load(workspace.models_dir / str(position) / "arrays.npz")
        for position in range(num_models)
    ]


class _Growth:
    """Sums over models, since the mapper tells of the one that it works on."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._models: dict[int, Mapping[str, Any]] = {}

    def on_event(self, _child: int, event: Event) -> None:
        if event["event"] == "registered":
            self._models[event["model"]] = event
        num_registered = sum(model["num_registered"] for model in self._models.values())
        self._progress.update(
            num_registered,
            num_registered=num_registered,
            num_points=sum(model["num_points"] for model in self._models.values()),
            num_models=len(self._models),
        )
