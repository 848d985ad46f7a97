"""Which part of a photo is open sky, where matching finds surfaces that are not there."""

import cv2
import numpy as np
from numpy.typing import NDArray

from scene3d.engine.dense.views import Image, Mask, View
from scene3d.engine.types import FloatArray

_MAX_SLOPE = 10.0
"""Levels per pixel of what counts as smooth."""
_MIN_LEVEL = 90.0
_MAX_REDNESS = 8.0
"""Levels by which sky may be more red than blue."""
_MIN_SHARE = 0.01
"""Of the photo; smaller smooth patches are walls and windows."""
_GROWN_BY_PX = 3
"""Matching widens what stands before the sky."""
_MAX_POINT_DENSITY = 0.1
"""Of the photo's own: the world's points lie on things."""
_OPENING = np.ones((3, 3), np.uint8)


def find_sky(rgb: Image, view: View, up_in_world: FloatArray, points_px: FloatArray) -> Mask:
    """(H, W) the smooth, bright, not reddish region that reaches the upper edges of the photo,
    above the horizon, and shows none of the model's points.

    Args:
        points_px: (N, 2) where the photo shows points of the model, centred pixels.
    """
    grey = cv2.GaussianBlur(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), (3, 3), 0).astype(np.float32)
    slope = np.hypot(cv2.Sobel(grey, -1, 1, 0), cv2.Sobel(grey, -1, 0, 1)) / 4
    above = _elevation(view, up_in_world)
    warmth = rgb[..., 0].astype(np.float32) - rgb[..., 2]
    like_sky = (slope < _MAX_SLOPE) & (grey > _MIN_LEVEL) & (warmth < _MAX_REDNESS) & (above > 0)
    opened = cv2.morphologyEx(like_sky.astype(np.uint8), cv2.MORPH_OPEN, _OPENING)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    sky = np.zeros(grey.shape, bool)
    inside = np.clip(np.rint(points_px), 0, [view.width_px - 1, view.height_px - 1]).astype(int)
    density = len(points_px) / grey.size
    for label in _at_upper_edges(np.asarray(labels, np.int32), above):
        area = int(stats[label, cv2.CC_STAT_AREA])
        region = labels == label
        num_points = np.count_nonzero(region[inside[:, 1], inside[:, 0]])
        if area >= _MIN_SHARE * grey.size and num_points <= _MAX_POINT_DENSITY * density * area:
            sky |= region
    size = 2 * _GROWN_BY_PX + 1
    grown: Mask = cv2.dilate(sky.astype(np.uint8), np.ones((size, size), np.uint8)) > 0
    return grown


def without_rim(sky: Mask) -> Mask:
    """Where `sky` (H, W) is beyond doubt: not within what it was grown by, nor near that."""
    size = 4 * _GROWN_BY_PX + 1
    sure: Mask = cv2.erode(sky.astype(np.uint8), np.ones((size, size), np.uint8)) > 0
    return sure


def _elevation(view: View, up_in_world: FloatArray) -> NDArray[np.float32]:
    """(H, W) positive above the horizon."""
    up = (view.rotation_cam_from_world @ up_in_world).astype(np.float32)
    x, y = view.rays()
    return np.asarray(up[0] * x[None, :] + (up[1] * y + up[2])[:, None], np.float32)


def _at_upper_edges(labels: NDArray[np.int32], above: NDArray[np.float32]) -> list[int]:
    """Labels at any border of the photo, above the horizon."""
    borders = [labels[0], labels[-1], labels[:, 0], labels[:, -1]]
    return sorted(set(np.concatenate(borders).tolist()) - {0})
