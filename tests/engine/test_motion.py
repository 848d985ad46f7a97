"""A turn on the spot is told from a step to the side."""

import numpy as np
import pycolmap
import pytest

from scene3d.engine.colmap.motion import _motion
from scene3d.engine.synthetic.arrays import FloatArray

FOCAL_PX = 400.0


def camera(focal_px: float, *, is_known: bool) -> pycolmap.Camera:
    made = pycolmap.Camera.create_from_model_name(1, "SIMPLE_RADIAL", focal_px, 480, 360)
    made.has_prior_focal_length = is_known
    return made


def homography(yaw_deg: float, step: float) -> FloatArray:
    """Of a wall straight ahead at distance 1, after a turn and a step to the side."""
    yaw = np.radians(yaw_deg)
    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    motion = turn + np.outer([step, 0, 0], [0, 0, 1])
    intrinsics = camera(FOCAL_PX, is_known=True).calibration_matrix()
    made: FloatArray = intrinsics @ motion @ np.linalg.inv(intrinsics) * -2.5
    return made


@pytest.mark.parametrize("yaw_deg", [4.0, -15.0, 30.0])
@pytest.mark.parametrize(
    ("step", "guess", "kind"),
    [
        (0.0, 1.0, "panoramic"),
        (0.0, 0.85, "panoramic"),
        (0.0, 1.6, "panoramic"),
        (0.15, 1.0, "planar"),
    ],
)
def test_motion(yaw_deg: float, step: float, guess: float, kind: str) -> None:
    geometry = pycolmap.TwoViewGeometry()
    geometry.config = pycolmap.TwoViewGeometryConfiguration.PLANAR_OR_PANORAMIC
    geometry.H = homography(yaw_deg, step)
    seen = camera(guess * FOCAL_PX, is_known=guess == 1.0)
    assert _motion(geometry, seen, seen) == kind


def test_matches_in_depth_are_general() -> None:
    geometry = pycolmap.TwoViewGeometry()
    geometry.config = pycolmap.TwoViewGeometryConfiguration.CALIBRATED
    seen = camera(FOCAL_PX, is_known=True)
    assert _motion(geometry, seen, seen) == "general"
