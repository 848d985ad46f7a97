"""A first look at the photos, in seconds, before anything expensive: advice, never a refusal."""

import logging
from collections.abc import Sequence
from itertools import combinations

from pydantic import BaseModel, ConfigDict

from scene3d.engine.errors import HostProblem
from scene3d.engine.host import Host
from scene3d.engine.options import ReconstructionOptions
from scene3d.engine.overlap import LOOKS_ALIKE, SmallCopies
from scene3d.engine.pairs import Pair
from scene3d.engine.progress import Progress
from scene3d.engine.quality import find_blurred, find_duplicates, is_dark, is_overexposed
from scene3d.engine.types import Photo, PhotoSet
from scene3d.engine.workspace import Workspace

logger = logging.getLogger(__name__)

_MAX_NUM_ALL_PAIRS = 40
"""Photos that are all compared with each other: a second or two."""
_NUM_NEIGHBOURS = 3
"""By name, to each side, where there are more."""
_MAX_NUM_ALONE = 12
"""More are not looked for among all photos: that is no longer a first look."""

_PHOTO_S = {"sift": 1.4, "aliked": 4.0}
_PAIR_S = {"mutual_nearest": 0.1, "lightglue": 1.5}
_MAPPING_S = 1.0
"""Rough seconds per photo and pair at 1024 px on two processor cores."""
_BASE_MB, _NETWORK_MB, _PHOTO_MB = 350, 900, 3
_BYTES_PER_PIXEL = 15
"""Of each photo that is being read: decoded, turned and shrunk copies."""


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Advice(_Document):
    """`code` is stable and part of the API; `photos` are names."""

    code: str
    message: str
    photos: list[str]


class Preflight(_Document):
    num_photos: int
    num_readable: int
    advice: list[Advice]
    """Empty for good photos."""
    expected_seconds: float
    expected_memory_mb: int


def look_over(
    photos: PhotoSet,
    options: ReconstructionOptions,
    workspace: Workspace,
    progress: Progress,
    host: Host,
) -> Preflight:
    """What can be said of photos whose previews lie in `workspace`.

    Raises: Cancelled.
    """
    accepted = photos.accepted
    num_photos = len(accepted) + len(photos.rejected)
    return Preflight(
        num_photos=num_photos,
        num_readable=len(accepted),
        advice=[
            *_advice_on_files(photos),
            *_advice_on_pictures(accepted),
            *_advice_on_overlap(accepted, workspace, progress, host),
        ],
        expected_seconds=round(_expected_s(accepted, options, host), 1),
        expected_memory_mb=_expected_memory_mb(accepted, options, host),
    )


def _advice_on_files(photos: PhotoSet) -> list[Advice]:
    names = [photo.name for photo in photos.rejected]
    return _advice("unreadable", names, "cannot be read and is left out", "cannot be read and are"
                   " left out")  # fmt: skip


def _advice_on_pictures(photos: Sequence[Photo]) -> list[Advice]:
    blurred, duplicates = find_blurred(photos), find_duplicates(photos)
    found = {
        "duplicate": [photo.name for photo in photos if photo.index in duplicates],
        "blurred": [photo.name for photo in photos if photo.index in blurred],
        "dark": [photo.name for photo in photos if is_dark(photo.quality)],
        "overexposed": [photo.name for photo in photos if is_overexposed(photo.quality)],
    }
    words = {
        "duplicate": ("repeats another picture", "repeat other pictures"),
        "blurred": ("looks blurred", "look blurred"),
        "dark": ("is very dark", "are very dark"),
        "overexposed": ("is overexposed", "are overexposed"),
    }
    return [
        advice for code, names in found.items() for advice in _advice(code, names, *words[code])
    ]


def _advice_on_overlap(
    photos: Sequence[Photo], workspace: Workspace, progress: Progress, host: Host
) -> list[Advice]:
    if len(photos) < 2:
        return []
    try:
        alone = _find_alone(photos, SmallCopies(photos, workspace, progress, host))
    except HostProblem as problem:  # advice is not worth a run
        logger.warning("the overlap was not looked at: %s", problem.message)
        return []
    return _advice(
        "no_partner",
        [photo.name for photo in photos if photo.index in alone],
        "seems to show nothing that another photo shows",
        "seem to show nothing that other photos show",
    )


def _find_alone(photos: Sequence[Photo], copies: SmallCopies) -> set[int]:
    """Photo.index of those that resemble no other; empty where that would take long to say."""
    indices = [photo.index for photo in sorted(photos, key=lambda photo: photo.name)]
    alone = set(indices) - _alike(copies, _first_pairs(indices))
    if len(indices) <= _MAX_NUM_ALL_PAIRS:
        return alone
    if len(alone) > _MAX_NUM_ALONE:
        return set()
    rest = [(lonely, other) for lonely in alone for other in indices if other != lonely]
    return alone - _alike(copies, rest)


def _first_pairs(indices: Sequence[int]) -> list[Pair]:
    if len(indices) <= _MAX_NUM_ALL_PAIRS:
        return list(combinations(indices, 2))
    return [
        (first, second)
        for position, first in enumerate(indices)
        for second in indices[position + 1 : position + 1 + _NUM_NEIGHBOURS]
    ]


def _alike(copies: SmallCopies, pairs: Sequence[Pair]) -> set[int]:
    return {
        index
        for likeness in copies.compare(pairs)
        if likeness.num_points >= LOOKS_ALIKE
        for index in (likeness.first, likeness.second)
    }


def _advice(code: str, names: list[str], one: str, several: str) -> list[Advice]:
    if not names:
        return []
    message = f"1 photo {one}" if len(names) == 1 else f"{len(names)} photos {several}"
    return [Advice(code=code, message=f"{message}.", photos=names)]


def _expected_s(photos: Sequence[Photo], options: ReconstructionOptions, host: Host) -> float:
    features = options.features
    num_photos, num_pairs = len(photos), options.pairs.max_num_pairs(len(photos))
    pixels = (features.long_side_px / 1024) ** 2
    per_photo_s = _PHOTO_S["sift" if features.extractor == "sift" else "aliked"] * pixels
    per_photo_s += _MAPPING_S
    total_s = num_photos * per_photo_s + num_pairs * _PAIR_S[options.matching.matcher]
    return total_s * 2 / host.num_threads


def _expected_memory_mb(photos: Sequence[Photo], options: ReconstructionOptions, host: Host) -> int:
    megapixels = max((photo.width_px * photo.height_px / 1e6 for photo in photos), default=0.0)
    has_network = options.features.extractor != "sift"
    return round(
        _BASE_MB
        + (_NETWORK_MB if has_network else 0)
        + _PHOTO_MB * len(photos)
        + _BYTES_PER_PIXEL * megapixels * host.num_threads
    )
