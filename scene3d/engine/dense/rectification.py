"""Two views turned so that a point of the world lies in the same row of both.

Source: Fusiello, Trucco, Verri, "A compact algorithm for rectification of stereo pairs", 2000. The
common x axis is the baseline whatever its direction, so photos taken one above the other are
simply turned on their side.
"""

from dataclasses import dataclass

import numpy as np

from scene3d.engine.dense.views import View
from scene3d.engine.types import FloatArray

_MAX_GROWTH = 2.5
"""Of the area: beyond, the epipole is too close and the photos are stretched."""
_MIN_COSINE = 0.25
"""Of every corner's ray to the common direction of view."""
DISPARITY_STEP = 16
_MAX_NUM_DISPARITIES = 256
_MARGIN = 0.12
"""Of the range of the points, on both sides."""
_MARGIN_PX = 6.0
_NEARER = 1.6
"""Times the largest disparity of the points: the ground before a house has few of them."""
_NUM_EXTENDED = 192
"""Disparities that this may cost."""
_PERCENTILES = (0.5, 99.5)
_MIN_ROWS_PX = 32


@dataclass(frozen=True, kw_only=True, eq=False)
class Rectified:
    """A pair on one plane; the first view is the left one."""

    rotations_rect_from_cam: tuple[FloatArray, FloatArray]
    """(3, 3) of each view."""
    focal_px: float
    left_centre_xy_px: FloatArray
    """(2,) centred pixels of the left picture; the right one has the same y."""
    right_centre_x_px: float
    width_px: int
    height_px: int
    baseline: float
    """Distance of the centres, in model units."""
    num_disparities: int
    """Of the pictures as shifted here: disparities go from 0 to this."""

    @property
    def infinity_px(self) -> float:
        """The disparity of what is infinitely far."""
        return float(self.left_centre_xy_px[0] - self.right_centre_x_px)

    def intrinsics(self, side: int) -> FloatArray:
        """(3, 3) of the left (0) or right (1) picture."""
        cx = self.right_centre_x_px if side else self.left_centre_xy_px[0]
        return np.array(
            [[self.focal_px, 0, cx], [0, self.focal_px, self.left_centre_xy_px[1]], [0, 0, 1.0]]
        )

    def rect_from_view(self, view: View, side: int) -> FloatArray:
        """(3, 3) homography from the view's centred pixels to the picture's."""
        rotation = self.rotations_rect_from_cam[side]
        homography: FloatArray = self.intrinsics(side) @ rotation @ np.linalg.inv(view.intrinsics)
        return homography


def rectify(first: View, second: View, xyz_in_world: FloatArray) -> Rectified | None:
    """The pair on a common plane, or None where that would tear it: one photo lies ahead of the
    other, or they look past each other. The points (N, 3) that both see tell the range of depths.
    """
    rotation = _common_rotation(first, second)
    if rotation is None:
        return None
    first_turn = rotation @ first.rotation_cam_from_world.T
    second_turn = rotation @ second.rotation_cam_from_world.T
    corners = _corners(first, first_turn), _corners(second, second_turn)
    if min(corner[:, 2].min() for corner in corners) < _MIN_COSINE:
        return None
    baseline = float(np.linalg.norm(second.centre_in_world - first.centre_in_world))
    depth = (xyz_in_world - first.centre_in_world) @ rotation[2]
    low, high = _disparity_range(baseline / depth[depth > 0]) if np.any(depth > 0) else (0.0, 0.0)
    if high <= low:
        return None
    focal_px = min(
        (first.focal_px + second.focal_px) / 2, (_MAX_NUM_DISPARITIES - 1) / (high - low)
    )
    low_px, num_disparities = _searched(low * focal_px, high * focal_px)
    planes = [corner[:, :2] / corner[:, 2:] * focal_px for corner in corners]
    top = np.ceil(max(plane[:, 1].min() for plane in planes))
    bottom = np.floor(min(plane[:, 1].max() for plane in planes))
    left = max(planes[0][:, 0].min(), planes[1][:, 0].min() + low_px) - num_disparities
    right = min(planes[0][:, 0].max(), planes[1][:, 0].max() + low_px + num_disparities)
    width_px, height_px = int(np.ceil(right - left)) + 1, int(bottom - top) + 1
    if _is_torn(width_px, height_px, (first, second)):
        return None
    return Rectified(
        rotations_rect_from_cam=(first_turn, second_turn),
        focal_px=focal_px,
        left_centre_xy_px=np.array([-left, -top]),
        right_centre_x_px=float(-left + low_px),
        width_px=width_px,
        height_px=height_px,
        baseline=baseline,
        num_disparities=num_disparities,
    )


def _searched(low_px: float, high_px: float) -> tuple[float, int]:
    """The lowest disparity that is looked for, and how many."""
    start_px = low_px - _MARGIN_PX
    extended_px = min(_NEARER * high_px - start_px, float(_NUM_EXTENDED))
    spread_px = max(high_px - low_px + 2 * _MARGIN_PX, extended_px)
    return start_px, -(-int(np.ceil(spread_px)) // DISPARITY_STEP) * DISPARITY_STEP


def _is_torn(width_px: int, height_px: int, views: tuple[View, View]) -> bool:
    largest = max(view.width_px * view.height_px for view in views)
    return height_px < _MIN_ROWS_PX or width_px * height_px > _MAX_GROWTH * largest


def _common_rotation(first: View, second: View) -> FloatArray | None:
    """(3, 3) rect from world: x along the baseline, z as close to both views as can be."""
    x_axis = second.centre_in_world - first.centre_in_world
    length = np.linalg.norm(x_axis)
    forward = first.rotation_cam_from_world[2] + second.rotation_cam_from_world[2]
    if length < 1e-9 or np.linalg.norm(forward) < 0.5:
        return None
    x_axis = x_axis / length
    z_axis = forward - (forward @ x_axis) * x_axis
    if np.linalg.norm(z_axis) < _MIN_COSINE:
        return None
    z_axis /= np.linalg.norm(z_axis)
    return np.stack([x_axis, np.cross(z_axis, x_axis), z_axis])


def _corners(view: View, turn: FloatArray) -> FloatArray:
    """(4, 3) unit rays of the view's corners in the common frame."""
    w, h = view.width_px - 0.5, view.height_px - 0.5
    xy_px = np.array([(-0.5, -0.5), (w, -0.5), (w, h), (-0.5, h)])
    rays = np.column_stack([(xy_px - view.centre_xy_px) / view.focal_px, np.ones(4)])
    unit: FloatArray = (rays / np.linalg.norm(rays, axis=1, keepdims=True)) @ turn.T
    return unit


def _disparity_range(per_focal: FloatArray) -> tuple[float, float]:
    low, high = np.percentile(per_focal, _PERCENTILES)
    margin = _MARGIN * (high - low)
    return max(float(low - margin), 0.0), float(high + margin)
