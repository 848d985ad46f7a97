"""Photos as ideal pinhole cameras see them: straight lines are straight, at the working size."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from scene3d.engine.geometry.pixels import centred_from_colmap_px
from scene3d.engine.model import Model
from scene3d.engine.photos import shrunk_size_px
from scene3d.engine.types import FloatArray

Image = NDArray[np.uint8]
Map = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """A pinhole camera without distortion and the photo that it stands for."""

    photo_index: int
    width_px: int
    height_px: int
    focal_px: float
    centre_xy_px: FloatArray
    """(2,) principal point, centred pixels."""
    rotation_cam_from_world: FloatArray
    """(3, 3)."""
    translation_cam_from_world: FloatArray
    """(3,)."""

    @property
    def intrinsics(self) -> FloatArray:
        """(3, 3) centred pixels from points on the plane z = 1."""
        cx, cy = self.centre_xy_px
        return np.array([[self.focal_px, 0, cx], [0, self.focal_px, cy], [0, 0, 1.0]])

    @property
    def centre_in_world(self) -> FloatArray:
        """(3,) projection centre."""
        centre: FloatArray = -self.rotation_cam_from_world.T @ self.translation_cam_from_world
        return centre

    def project(self, xyz_in_world: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Centred pixels (N, 2) and depths (N,) of points (N, 3); pixels mean something only where
        the depth is positive."""
        in_cam = xyz_in_world @ self.rotation_cam_from_world.T + self.translation_cam_from_world
        depth = in_cam[:, 2]
        safe = np.where(depth > 0, depth, 1.0)[:, None]
        return in_cam[:, :2] / safe * self.focal_px + self.centre_xy_px, depth

    def rays(self) -> tuple[Map, Map]:
        """x of each column (W,) and y of each row (H,) on the plane z = 1."""
        x = (np.arange(self.width_px) - self.centre_xy_px[0]) / self.focal_px
        y = (np.arange(self.height_px) - self.centre_xy_px[1]) / self.focal_px
        return x.astype(np.float32), y.astype(np.float32)


def view_of(model: Model, position: int, long_side_px: int) -> View:
    """The pinhole view of the photo at `position` in the model's rows."""
    width, height = (int(side) for side in model.size_px[position])
    width_px, height_px = shrunk_size_px((width, height), long_side_px)
    scale = width_px / width
    principal_px = model.principal_point_xy_px[position] * [scale, height_px / height]
    return View(
        photo_index=int(model.photo_indices[position]),
        width_px=width_px,
        height_px=height_px,
        focal_px=float(model.focal_px[position]) * scale,
        centre_xy_px=centred_from_colmap_px(principal_px),
        rotation_cam_from_world=model.rotation_cam_from_world[position],
        translation_cam_from_world=model.translation_cam_from_world[position],
    )


def undistorted(model: Model, position: int, view: View, photo: Path) -> tuple[Image, Mask]:
    """(H, W, 3) RGB of `view` and where it shows anything of the photo.

    Source: COLMAP documentation, "Camera Models", RADIAL: a point (x, y) on the plane z = 1 is
    seen at focal * (1 + k1 * r^2 + k2 * r^4) * (x, y) + principal point.

    Args:
        photo: the re-encoded JPEG.
    """
    shrunk = _read_shrunk(photo, (view.width_px, view.height_px))
    x, y = view.rays()
    squared = x[None, :] ** 2 + y[:, None] ** 2
    k1, k2 = model.radial_distortion[position].astype(np.float32)
    factor = 1 + k1 * squared + k2 * squared**2
    focal = np.float32(view.focal_px)
    source_x = focal * factor * x[None, :] + np.float32(view.centre_xy_px[0])
    source_y = focal * factor * y[:, None] + np.float32(view.centre_xy_px[1])
    rgb = cv2.remap(shrunk, source_x, source_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    inside = (source_x >= 0) & (source_x <= view.width_px - 1)
    inside &= (source_y >= 0) & (source_y <= view.height_px - 1)
    return np.asarray(rgb, np.uint8), inside & ~_folds(squared, float(k1), float(k2))


def _folds(squared: Map, k1: float, k2: float) -> Mask:
    """Where the distortion is no longer one-to-one."""
    folded: Mask = 1 + 3 * k1 * squared + 5 * k2 * squared**2 <= 0.1
    return folded


def _read_shrunk(photo: Path, size_px: tuple[int, int]) -> Image:
    bgr = cv2.imread(str(photo), cv2.IMREAD_COLOR_BGR)
    if bgr is None:
        raise FileNotFoundError(photo)
    rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    if (rgb.shape[1], rgb.shape[0]) != size_px:
        rgb = cv2.resize(rgb, size_px, interpolation=cv2.INTER_AREA)
    return np.asarray(rgb, np.uint8)
