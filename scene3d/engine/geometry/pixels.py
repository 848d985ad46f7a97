"""The two pixel conventions, and the way between them.

*Centred*: the centre of the top-left pixel is (0, 0); arrays, kornia and our Features.
*COLMAP*: it is (0.5, 0.5); the database, models and projections.
"""

import numpy as np
from numpy.typing import NDArray

from scene3d.engine.types import FloatArray


def colmap_from_centred_px(xy_px: NDArray[np.floating]) -> FloatArray:
    """(N, 2) to (N, 2), N may be 0. Source: COLMAP documentation, "Database Format", keypoints."""
    return xy_px.astype(np.float64) + 0.5


def centred_from_colmap_px(xy_px: NDArray[np.floating]) -> FloatArray:
    """Inverse of `colmap_from_centred_px`."""
    return xy_px.astype(np.float64) - 0.5


def rescaled_centred_px(
    xy_px: NDArray[np.floating], from_size_px: tuple[int, int], to_size_px: tuple[int, int]
) -> FloatArray:
    """Centred pixels of an image after it was resized; both sizes are (width, height)."""
    scale = np.asarray(to_size_px, np.float64) / np.asarray(from_size_px, np.float64)
    return centred_from_colmap_px(colmap_from_centred_px(xy_px) * scale)
