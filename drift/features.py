"""What is compared: which measures, on which scale, and how people are told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Direction = Literal["low", "high"]


@dataclass(frozen=True, kw_only=True)
class Feature:
    """A measure of photos, or of jobs, and what is said of it."""

    title: str
    low: str
    """Of photos that have less of it than usual: "... than 98 % of the photos"."""
    high: str
    is_ratio: bool = True
    """Whether half and double are equally far from usual; compared by logarithms then."""
    least_spread: float = 0.1
    """Scenes are taken to differ by this at least (in logarithms a tenth), so that a baseline of
    equal values does not find everything else infinitely strange."""
    typical_spread: float = 0.25
    """How much scenes differ wherever people take photos, as far as is known before many have come:
    brightness and contrast of public datasets do by a fifth to a third."""
    harm: frozenset[Direction] = frozenset({"low", "high"})
    """Directions that make a worse result; the owner of an upload is not troubled about others."""
    follows: str | None = None
    """A feature that takes this one with it, so that this one is not named as the cause."""
    smallest: float = 1e-3
    """Logarithms are taken of no less."""
    unit: str = ""
    digits: int = 2
    """After the point."""


PHOTO_FEATURES: Mapping[str, Feature] = {
    "brightness": Feature(
        title="Brightness", low="Darker", high="Brighter", smallest=1.0, unit="of 255", digits=0
    ),
    "contrast": Feature(title="Contrast", low="Lower in contrast", high="Higher in contrast"),
    "saturation": Feature(
        title="Colour",
        low="Paler in colour",
        high="Stronger in colour",
        is_ratio=False,
        least_spread=0.05,
        harm=frozenset(),
        follows="contrast",
    ),
    "blur_px": Feature(
        title="Blur", low="Sharper", high="More blurred", harm=frozenset({"high"}), unit="px"
    ),
    "long_side_px": Feature(
        title="Size",
        low="Smaller",
        high="Larger",
        typical_spread=0.3,
        harm=frozenset({"low"}),
        unit="px",
        digits=0,
    ),
    "focal_35mm": Feature(
        title="Lens",
        low="Taken with a wider lens",
        high="Taken with a longer lens",
        typical_spread=0.35,
        unit="mm",
        digits=0,
    ),
    "has_focal": Feature(
        title="Lens known",
        low="Less often with a known lens",
        high="More often with a known lens",
        is_ratio=False,
        harm=frozenset(),
    ),
}
"""Known of every photo that is read, before anything is computed; names as in
`scene3d.engine.appearance`."""
RESULT_FEATURES: Mapping[str, Feature] = {
    "num_keypoints": Feature(
        title="Details found",
        low="Poorer in details",
        high="Richer in details",
        smallest=1.0,
        digits=0,
    ),
    "verified_ratio": Feature(
        title="Pairs that overlap",
        low="Less often overlapping",
        high="More often overlapping",
        is_ratio=False,
        least_spread=0.05,
    ),
}
"""Known of a job that has a result: keypoints of a photo, and the share of the compared pairs that
show the same place. They depend on the options, so only a baseline of jobs has them."""
FEATURES: Mapping[str, Feature] = {**PHOTO_FEATURES, **RESULT_FEATURES}

OUTCOMES: Mapping[str, Feature] = {
    "registration_ratio": Feature(
        title="Photos placed",
        low="Fewer photos placed",
        high="More photos placed",
        is_ratio=False,
        least_spread=0.05,
        harm=frozenset({"low"}),
    ),
    "reprojection_error_px": Feature(
        title="Fit", low="Sharper fit", high="Poorer fit", harm=frozenset({"high"}), unit="px"
    ),
    "track_length": Feature(
        title="Photos per point",
        low="Fewer photos per point",
        high="More photos per point",
        harm=frozenset({"low"}),
    ),
    "points_per_photo": Feature(
        title="Points per photo",
        low="Fewer points per photo",
        high="More points per photo",
        smallest=1.0,
        harm=frozenset({"low"}),
        digits=0,
    ),
    "failure_ratio": Feature(
        title="Jobs that fail",
        low="Fewer jobs fail",
        high="More jobs fail",
        is_ratio=False,
        least_spread=0.2,
        harm=frozenset({"high"}),
    ),
    "seconds_per_photo": Feature(
        title="Seconds per photo",
        low="Quicker",
        high="Slower",
        harm=frozenset({"high"}),
        unit="s",
    ),
    "satisfaction": Feature(
        title="Thumbs up",
        low="Fewer thumbs up",
        high="More thumbs up",
        is_ratio=False,
        least_spread=0.2,
        harm=frozenset({"low"}),
    ),
}
"""What became of jobs. They have no baseline: a window is compared with the jobs before it."""
