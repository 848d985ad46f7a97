"""Values that flow between stages."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
UInt32Array = NDArray[np.uint32]

FocalSource = Literal["exif_35mm", "guess"]
MotionKind = Literal["general", "planar", "panoramic"]
"""planar: the points lie in a plane; panoramic: the camera only turned, so there is no depth."""


@dataclass(frozen=True, kw_only=True)
class PhotoQuality:
    """What a glance at a photo tells, measured on a copy of 640 pixels; see `quality`."""

    blur_px: float | None
    """Standard deviation of the blur across edges, pixels of the copy; None without edges."""
    mean_level: float
    """0 is black, 255 white; so are the next three."""
    contrast: float
    """Standard deviation of the levels."""
    black_share: float
    white_share: float
    saturation: float
    """Mean, 0 is grey, 1 pure colour."""
    laplacian_variance: float
    """Squared levels. Grows with sharpness, and with what the photo shows even more; `blur_px`
    judges single photos, this one compares many."""
    picture_hash: int | None
    """256 bits that survive another size or JPEG quality; None where there is nothing to see."""
    sha256: str
    """Of the file as it came in."""


PartialReason = Literal["cancelled", "time_limit", "native_crash"]
"""Why mapping ended early; the codes of the errors that they would have been."""


@dataclass(frozen=True, kw_only=True)
class Photo:
    """A photo that was read: upright, 8-bit RGB, re-encoded by us."""

    index: int
    """Position among all sources, rejected ones included."""
    name: str
    path: Path
    """The re-encoded JPEG, without metadata; the only file that native code may read."""
    width_px: int
    height_px: int
    focal_px: float
    focal_source: FocalSource
    device: str | None
    """What took it, at which zoom, in which size and orientation; None without EXIF."""
    quality: PhotoQuality

    @property
    def long_side_px(self) -> int:
        return max(self.width_px, self.height_px)


@dataclass(frozen=True, kw_only=True)
class RejectedPhoto:
    """A file that could not be read as a photo, and why."""

    index: int
    name: str
    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class PhotoSet:
    """Every source is in exactly one of the two lists."""

    accepted: tuple[Photo, ...]
    rejected: tuple[RejectedPhoto, ...]


@dataclass(frozen=True, kw_only=True)
class CameraPrior:
    """The SIMPLE_RADIAL camera that photos start from."""

    width_px: int
    height_px: int
    focal_px: float
    is_focal_known: bool
    photo_indices: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Features:
    """Keypoints of one photo, strongest first."""

    keypoints_xy_px: NDArray[np.float32]
    """(N, 2), x right, y down, pixels of the upright photo, centre of the first pixel (0, 0)."""
    descriptors: NDArray[np.float16] | NDArray[np.uint8]
    """(N, D); float16 with unit length, or uint8 root-SIFT."""

    def __len__(self) -> int:
        return len(self.keypoints_xy_px)


@dataclass(frozen=True, kw_only=True)
class PairMatches:
    """Matches of two photos."""

    first: int
    """Photo.index."""
    second: int
    """Photo.index, larger than `first`."""
    keypoint_indices: UInt32Array
    """(M, 2): index into the first photo's keypoints, into the second's."""
    num_agreeing: int = 0
    """Matches in the same arrangement; 0 where nobody looked."""
    is_undecided: bool = False
    """A glance spoke against this pair, so it has no matches here, and may have some."""

    @classmethod
    def undecided(cls, pair: tuple[int, int], num_agreeing: int) -> "PairMatches":
        return cls(
            first=pair[0],
            second=pair[1],
            keypoint_indices=np.empty((0, 2), np.uint32),
            num_agreeing=num_agreeing,
            is_undecided=True,
        )


@dataclass(frozen=True, kw_only=True)
class VerifiedPair:
    """A pair whose matches agree with one camera motion."""

    first: int
    second: int
    num_inliers: int
    motion: MotionKind = "general"
