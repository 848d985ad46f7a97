"""Rows of a rectified pair show the same points, whatever the baseline."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scene3d.engine.dense.rectification import rectify
from scene3d.engine.dense.stereo import match_pair
from scene3d.engine.dense.views import View
from scene3d.engine.types import FloatArray
from tests.engine.dense.views import plane_depth, rotation_about, side_of, view_at

WALL = np.array([0.1, -0.2, 1.0])
DISTANCE = 5.0
POINTS = np.random.default_rng(1).uniform([-1.2, -0.8, 4], [1.2, 0.8, 6.5], (200, 3))

small_angles = st.floats(-8, 8)


def in_picture(view: View, homography: FloatArray, xyz: FloatArray) -> FloatArray:
    xy_px, _ = view.project(xyz)
    moved = np.column_stack([xy_px, np.ones(len(xy_px))]) @ homography.T
    return moved[:, :2] / moved[:, 2:]


@settings(deadline=None, max_examples=25)
@given(direction_deg=st.floats(0, 360), first_deg=small_angles, second_deg=small_angles,
       forward=st.floats(-0.2, 0.2))  # fmt: skip
def test_a_point_lies_in_the_same_row_at_its_disparity(
    direction_deg: float, first_deg: float, second_deg: float, forward: float
) -> None:
    angle = np.radians(direction_deg)
    center = 0.6 * np.array([np.cos(angle), np.sin(angle), forward])
    axis = np.array([0.3, 1.0, 0.2])
    first = view_at(np.zeros(3), rotation_about(axis, first_deg))
    second = view_at(center, rotation_about(axis[::-1], second_deg))
    pair = rectify(first, second, POINTS)
    assert pair is not None
    left = in_picture(first, pair.rect_from_view(first, 0), POINTS)
    right = in_picture(second, pair.rect_from_view(second, 1), POINTS)
    assert np.abs(left[:, 1] - right[:, 1]).max() < 1e-6
    common = pair.rotations_rect_from_cam[0] @ first.rotation_cam_from_world
    depth = (POINTS @ common.T)[:, 2]
    disparity = left[:, 0] - right[:, 0]
    expected = pair.focal_px * pair.baseline / depth + pair.infinity_px
    assert np.abs(disparity - expected).max() < 1e-6
    inside = (disparity >= 0) & (disparity < pair.num_disparities)
    assert inside.mean() > 0.98


def test_a_photo_taken_further_on_is_not_torn_apart() -> None:
    ahead = view_at(np.array([0.0, 0.0, 1.0]))
    assert rectify(view_at(np.zeros(3)), ahead, POINTS) is None


def test_photos_that_look_past_each_other_are_left_alone() -> None:
    back = view_at(np.array([0.5, 0.0, 0.0]), rotation_about(np.array([0.0, 1.0, 0.0]), 180.0))
    assert rectify(view_at(np.zeros(3)), back, POINTS) is None


@pytest.mark.parametrize("direction_deg", [0, 45, 90, 180, 270])
def test_the_depth_of_a_wall_comes_out(direction_deg: float) -> None:
    angle = np.radians(direction_deg)
    center = 0.5 * np.array([np.cos(angle), np.sin(angle), 0.05])
    views = view_at(np.zeros(3)), view_at(center, rotation_about(np.array([1.0, 1.0, 0.0]), 2.0))
    truths = [plane_depth(view, WALL, DISTANCE) for view in views]
    sides = [side_of(view, truth) for view, truth in zip(views, truths, strict=True)]
    pair = rectify(views[0], views[1], POINTS)
    assert pair is not None
    for found, truth in zip(match_pair(sides[0], sides[1], pair), truths, strict=True):
        known = np.isfinite(found)
        assert 0.6 < known.mean() < 1.0
        error = np.abs(found[known] / truth[known] - 1)
        assert 1e-5 < np.median(error) < 0.008
        assert 0.9 < np.mean(error < 0.03) < 1.0  # what only one photo shows has no match
