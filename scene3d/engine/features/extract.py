"""Features of all photos, by whichever extractor the options name."""

from collections.abc import Sequence
from typing import Any

from scene3d.engine.failpoints import failpoint
from scene3d.engine.features.base import save_features
from scene3d.engine.host import Host
from scene3d.engine.native.run import Event, NativeRequest, run_native
from scene3d.engine.options import FeatureOptions
from scene3d.engine.progress import Progress
from scene3d.engine.types import Photo
from scene3d.engine.workspace import Workspace


def extract_features(
    photos: Sequence[Photo],
    options: FeatureOptions,
    workspace: Workspace,
    progress: Progress,
    host: Host,
) -> dict[int, int]:
    """Write `workspace.features(index)` for every photo.

    Returns:
        Photo.index to its number of keypoints, which may be 0.
    Raises: WeightsMissing, NativeCrash, GpuMemoryFull, Cancelled.
    """
    if options.extractor == "sift":
        return _extract_in_children(photos, options, workspace, progress, host)
    return _extract_here(photos, options, workspace, progress, host)


def _extract_here(
    photos: Sequence[Photo],
    options: FeatureOptions,
    workspace: Workspace,
    progress: Progress,
    host: Host,
) -> dict[int, int]:
    # A SIFT-only run does not pay torch's seconds of start-up.
    from scene3d.engine.features.aliked import AlikedExtractor  # noqa: PLC0415

    num_keypoints: dict[int, int] = {}
    progress.check()
    for photo, features in AlikedExtractor(options, host).extract(photos):
        save_features(features, workspace.features(photo.index))
        num_keypoints[photo.index] = len(features)
        progress.update(len(num_keypoints), num_keypoints=sum(num_keypoints.values()))
        progress.check()
    return {photo.index: num_keypoints[photo.index] for photo in photos}


def _extract_in_children(
    photos: Sequence[Photo],
    options: FeatureOptions,
    workspace: Workspace,
    progress: Progress,
    host: Host,
) -> dict[int, int]:
    """COLMAP's detector holds Python's lock, so photos are shared out over processes."""
    num_children = min(host.num_threads, len(photos))
    requests = [
        NativeRequest(
            task="scene3d.engine.features.sift:extract_sift",
            payload={
                "options": options.model_dump(),
                "photos": [_for_child(photo, workspace) for photo in photos[child::num_children]],
            },
            log=workspace.logs_dir / f"extract-{child}.log",
        )
        for child in range(num_children)
    ]
    num_keypoints: dict[int, int] = {}

    def on_event(_child: int, event: Event) -> None:
        failpoint("extracting")
        num_keypoints[event["index"]] = event["num_keypoints"]
        progress.update(len(num_keypoints), num_keypoints=sum(num_keypoints.values()))

    run_native(requests, on_event, progress.check)
    return num_keypoints


def _for_child(photo: Photo, workspace: Workspace) -> dict[str, Any]:
    return {
        "index": photo.index,
        "path": str(photo.path),
        "target": str(workspace.features(photo.index)),
        "width_px": photo.width_px,
        "height_px": photo.height_px,
    }
