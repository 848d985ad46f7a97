"""Which photos seem to show the same place: a glance at small copies, in seconds.

A guess for advice and explanations; what is reconstructed is decided by matching and
verification alone.
"""

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scene3d.engine.errors import HostProblem
from scene3d.engine.features.base import load_features
from scene3d.engine.features.extract import extract_features
from scene3d.engine.geometry.agreement import in_long_sides, largest_agreement
from scene3d.engine.host import Host
from scene3d.engine.matching.mutual_nearest import match_mutual_nearest, unit_descriptors
from scene3d.engine.options import FeatureOptions
from scene3d.engine.pairs import Pair
from scene3d.engine.progress import Progress, Unreported
from scene3d.engine.seeding import generator
from scene3d.engine.types import FloatArray, Photo
from scene3d.engine.workspace import Workspace

logger = logging.getLogger(__name__)

_FEATURES = FeatureOptions(extractor="sift", max_keypoints=512, long_side_px=480)
_MAX_RATIO = 0.8
LOOKS_ALIKE = 9
"""Points that agree by chance stay below."""


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """What two photos seem to have in common."""

    first: int
    """Photo.index."""
    second: int
    num_points: int
    """Recognised in both and in the same arrangement."""
    turn_deg: float
    """By which the second is turned against the first, clockwise, -180 to 180."""


def compare_leftovers(
    photos: Sequence[Photo],
    leftovers: Collection[int],
    workspace: Workspace,
    progress: Progress,
    host: Host,
) -> list[Likeness]:
    """Of each leftover (Photo.index) and every other photo; empty where nothing can be said.

    Raises: Cancelled.
    """
    if not leftovers:
        return []
    try:
        copies = SmallCopies(photos, workspace, progress, host)
    except HostProblem as problem:  # an explanation is not worth a run
        logger.warning("leftovers were not compared: %s", problem.message)
        return []
    others = [photo.index for photo in photos]
    return copies.compare(
        (leftover, other)
        for leftover in leftovers
        for other in others
        if other != leftover and (other not in leftovers or leftover < other)
    )


class SmallCopies:
    """Features of small copies of a run's photos; made once in its workspace, by whoever asks
    first, and compared as often as wanted."""

    def __init__(
        self, photos: Sequence[Photo], workspace: Workspace, progress: Progress, host: Host
    ) -> None:
        """Raises: NativeCrash, Cancelled."""
        folder = Workspace(workspace.root / "small")
        if not folder.root.exists():
            unfinished = Workspace(workspace.root / "small-unfinished")
            unfinished.prepare()
            previews = [replace(photo, path=workspace.preview(photo.index)) for photo in photos]
            extract_features(previews, _FEATURES, unfinished, Unreported(progress), host)
            unfinished.root.rename(folder.root)
        self._points: dict[int, FloatArray] = {}
        self._descriptors: dict[int, NDArray[np.float32]] = {}
        for photo in photos:
            features = load_features(folder.features(photo.index))
            self._points[photo.index] = in_long_sides(features.keypoints_xy_px, photo.long_side_px)
            self._descriptors[photo.index] = unit_descriptors(features)

    def compare(self, pairs: Iterable[Pair]) -> list[Likeness]:
        return [self._compare(first, second) for first, second in pairs]

    def _compare(self, first: int, second: int) -> Likeness:
        matches = match_mutual_nearest(
            self._descriptors[first], self._descriptors[second], _MAX_RATIO
        )
        num_points, turn_deg = largest_agreement(
            self._points[first][matches[:, 0]],
            self._points[second][matches[:, 1]],
            generator(0, "overlap"),
        )
        return Likeness(first=first, second=second, num_points=num_points, turn_deg=turn_deg)
