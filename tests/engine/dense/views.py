"""Two pinhole cameras and a textured plane before them, with known depths."""

import numpy as np

from scene3d.engine.dense.stereo import Side
from scene3d.engine.dense.views import Image, Map, View
from scene3d.engine.types import FloatArray

SIZE_PX = (320, 240)
FOCAL_PX = 300.0


def rotation_about(axis: FloatArray, angle_deg: float) -> FloatArray:
    """(3, 3). Source: Rodrigues."""
    x, y, z = axis / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(angle_deg)
    turn: FloatArray = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return turn


def view_at(center: FloatArray, rotation: FloatArray | None = None, index: int = 0) -> View:
    """At `center`, turned by `rotation` (cam from world)."""
    turn = np.eye(3) if rotation is None else rotation
    return View(
        photo_index=index,
        width_px=SIZE_PX[0],
        height_px=SIZE_PX[1],
        focal_px=FOCAL_PX,
        centre_xy_px=np.array([159.5, 119.5]),
        rotation_cam_from_world=turn,
        translation_cam_from_world=-turn @ center,
    )


def plane_depth(view: View, normal: FloatArray, offset: float) -> Map:
    """Depth of the plane normal · X = offset (world) at every pixel."""
    x, y = view.rays()
    rays = np.stack(np.broadcast_arrays(x[None, :], y[:, None], np.float32(1)), axis=-1)
    in_world = rays @ view.rotation_cam_from_world
    depth: Map = ((offset - normal @ view.centre_in_world) / (in_world @ normal)).astype(np.float32)
    return depth


def points_on(view: View, depth: Map) -> FloatArray:
    """(H, W, 3) world points of a view's pixels."""
    x, y = view.rays()
    in_cam = np.stack([x[None, :] * depth, y[:, None] * depth, depth], axis=-1)
    return (in_cam - view.translation_cam_from_world) @ view.rotation_cam_from_world


def textured(view: View, depth: Map) -> Image:
    """(H, W) grey levels that depend on the point of the world alone, smooth and never alike."""
    xyz = points_on(view, depth)
    rng = np.random.default_rng(5)
    level = np.zeros(depth.shape)
    for wave, phase in zip(rng.normal(0, 9, (24, 3)), rng.uniform(0, 6.3, 24), strict=True):
        level += np.sin(xyz @ wave + phase)
    return np.clip(128 + 22 * level, 0, 255).astype(np.uint8)


def side_of(view: View, depth: Map) -> Side:
    return Side(view=view, grey=textured(view, depth), is_photo=np.ones(depth.shape, bool))
