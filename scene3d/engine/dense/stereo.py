"""How far away every pixel of a rectified pair is: OpenCV's semi-global matching, both ways."""

from dataclasses import dataclass

import cv2
import numpy as np

from scene3d.engine.dense.rectification import Rectified
from scene3d.engine.dense.views import Image, Map, Mask, View
from scene3d.engine.types import FloatArray

_BLOCK_PX = 5
_SMALL_PENALTY, _LARGE_PENALTY = 8 * _BLOCK_PX**2, 32 * _BLOCK_PX**2
_MAX_LEFT_RIGHT_PX = 1
_UNIQUENESS_PERCENT = 5
_PREFILTER_CAP = 31
_SPECKLE_PX, _SPECKLE_RANGE_PX = 100, 1
_STEPS_PER_PX = 16
_MAX_JUMP_PX = 1.0
"""Between neighbouring pixels; beyond, there is an edge, and nothing is interpolated over it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Side:
    """One of the two photos of a pair."""

    view: View
    grey: Image
    """(H, W)."""
    is_photo: Mask
    """(H, W) False where undistortion left nothing."""


def match_pair(first: Side, second: Side, rectified: Rectified) -> tuple[Map, Map]:
    """Depth along the optical axis of each pixel of both views, (H, W) each, NaN where the two
    photos do not agree on one."""
    size_px = rectified.width_px, rectified.height_px
    greys: list[Image] = []
    masks: list[Image] = []
    for side, photo in enumerate((first, second)):
        homography = rectified.rect_from_view(photo.view, side)
        for pictures, values, flags in (
            (greys, photo.grey, cv2.INTER_CUBIC),
            (masks, photo.is_photo.astype(np.uint8), cv2.INTER_NEAREST),
        ):
            warped = cv2.warpPerspective(values, homography, size_px, flags=flags)
            pictures.append(np.asarray(warped, np.uint8))
    left = _disparity(greys[0], greys[1], rectified)
    left[(masks[0] == 0) | ~_matches_photo(left, masks[1])] = np.nan
    right = _seen_from_right(left)
    right[masks[1] == 0] = np.nan
    return (
        _depth(left, first.view, rectified, 0),
        _depth(right, second.view, rectified, 1),
    )


def _disparity(left: Image, right: Image, rectified: Rectified) -> Map:
    matcher = cv2.StereoSGBM.create(
        minDisparity=0,
        numDisparities=rectified.num_disparities,
        blockSize=_BLOCK_PX,
        P1=_SMALL_PENALTY,
        P2=_LARGE_PENALTY,
        disp12MaxDiff=_MAX_LEFT_RIGHT_PX,
        preFilterCap=_PREFILTER_CAP,
        uniquenessRatio=_UNIQUENESS_PERCENT,
        speckleWindowSize=_SPECKLE_PX,
        speckleRange=_SPECKLE_RANGE_PX,
        mode=cv2.StereoSGBM_MODE_SGBM_3WAY,
    )
    steps = np.asarray(matcher.compute(left, right))
    disparity = np.asarray(steps / _STEPS_PER_PX, np.float32)
    disparity[steps < 0] = np.nan
    return disparity


def _matches_photo(left: Map, right_mask: Image) -> Mask:
    """Where the match of a left pixel lies in the right photo."""
    column = np.arange(left.shape[1], dtype=np.float32)[None, :]
    target = np.clip(np.nan_to_num(column - left, nan=0.0), 0, left.shape[1] - 1)
    found = np.take_along_axis(right_mask, np.rint(target).astype(np.intp), axis=1)
    return found > 0


def _seen_from_right(left: Map) -> Map:
    """The same matches by the pixels of the right picture; the nearest of several wins."""
    rows, columns = np.nonzero(np.isfinite(left))
    values = left[rows, columns]
    target = rows * left.shape[1] + np.rint(columns - values).astype(np.intp)
    is_inside = np.rint(columns - values) >= 0
    order = np.argsort((values[is_inside] * _STEPS_PER_PX).astype(np.int16), kind="stable")
    right = np.full(left.size, np.nan, np.float32)
    right[target[is_inside][order]] = values[is_inside][order]
    return _without_gaps(right.reshape(left.shape))


def _without_gaps(disparity: Map) -> Map:
    """Single pixels that a stretched surface left out between two of it get their mean."""
    before, after = disparity[:, :-2], disparity[:, 2:]
    filled = disparity.copy()
    gap = np.isnan(disparity[:, 1:-1]) & (np.abs(after - before) <= _MAX_JUMP_PX)
    filled[:, 1:-1][gap] = (before[gap] + after[gap]) / 2
    return filled


def _depth(disparity: Map, view: View, rectified: Rectified, side: int) -> Map:
    """From disparities in a rectified picture to depths in the view's own frame."""
    homography = rectified.rect_from_view(view, side)
    at_view = _warped_back(disparity, homography, (view.width_px, view.height_px))
    row = rectified.rotations_rect_from_cam[side][2].astype(np.float32)
    x, y = view.rays()
    depth_in_rect_per_depth = row[0] * x[None, :] + row[1] * y[:, None] + row[2]
    shift = np.float32(rectified.infinity_px)
    with np.errstate(invalid="ignore", divide="ignore"):
        parallax = at_view - shift
        depth = np.float32(rectified.focal_px * rectified.baseline) / (
            parallax * depth_in_rect_per_depth
        )
        depth[~(parallax > 0)] = np.nan
    return np.asarray(depth, np.float32)


def _warped_back(disparity: Map, homography: FloatArray, size_px: tuple[int, int]) -> Map:
    """(H, W) of the view: interpolated on surfaces, the nearest value at their edges."""

    def warp(values: Map, flags: int) -> Map:
        flags |= cv2.WARP_INVERSE_MAP
        warped = cv2.warpPerspective(
            values, homography, size_px, flags=flags, borderValue=float("nan")
        )
        return np.asarray(warped, np.float32)

    nearest = warp(disparity, cv2.INTER_NEAREST)
    linear = warp(disparity, cv2.INTER_LINEAR)
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(linear - nearest) <= _MAX_JUMP_PX / 2, linear, nearest)
