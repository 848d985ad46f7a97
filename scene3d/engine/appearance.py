"""The numbers by which photos that come are compared with those that came before."""

import math
from collections.abc import Callable, Mapping

from scene3d.engine.exif import FULL_FRAME_DIAGONAL_MM
from scene3d.engine.types import Photo

Appearance = Mapping[str, float | None]
"""By name; None where a photo does not tell."""


def _focal_35mm(photo: Photo) -> float | None:
    if photo.focal_source == "guess":
        return None
    return photo.focal_px * FULL_FRAME_DIAGONAL_MM / math.hypot(photo.width_px, photo.height_px)


_MEASURES: Mapping[str, Callable[[Photo], float | None]] = {
    "width_px": lambda photo: photo.width_px,
    "height_px": lambda photo: photo.height_px,
    "aspect_ratio": lambda photo: photo.width_px / photo.height_px,
    "long_side_px": lambda photo: photo.long_side_px,
    "brightness": lambda photo: photo.quality.mean_level,
    "contrast": lambda photo: photo.quality.contrast / max(photo.quality.mean_level, 1.0),
    "saturation": lambda photo: photo.quality.saturation,
    "blur_px": lambda photo: photo.quality.blur_px,
    "laplacian_variance": lambda photo: photo.quality.laplacian_variance,
    "has_focal": lambda photo: float(photo.focal_source != "guess"),
    "focal_35mm": _focal_35mm,
}
APPEARANCE_FEATURES = tuple(_MEASURES)
"""width_px, height_px: of the upright photo; aspect_ratio: width over height; contrast: deviation
of the levels over their mean, so that less light changes brightness alone; has_focal: 1 where EXIF
tells focal_35mm, in millimetres; the others as in `PhotoQuality`, where brightness is the mean
level."""


def appearance(photo: Photo) -> Appearance:
    """A value, or None, for each of APPEARANCE_FEATURES."""
    return {name: measure(photo) for name, measure in _MEASURES.items()}
