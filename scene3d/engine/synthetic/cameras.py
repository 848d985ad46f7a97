"""Cameras with exactly known parameters.

World: metres, z up. Camera: COLMAP axes (x right, y down, z forward). Pixels: COLMAP origin,
the centre of the top-left pixel is (0.5, 0.5).
"""

from dataclasses import dataclass

import numpy as np

from scene3d.engine.synthetic.arrays import FloatArray

NEWTON_STEPS = 20
CONVERGED = 1e-12
"""On the plane z = 1; reached in a few steps wherever the distortion is one-to-one."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RigidTransform:
    """Rotation (3, 3) and translation (3,), named ``target_from_source``."""

    rotation: FloatArray
    translation: FloatArray

    def apply(self, points: FloatArray) -> FloatArray:
        """Move points (N, 3) from the source frame into the target frame."""
        moved: FloatArray = points @ self.rotation.T + self.translation
        return moved

    def inverse(self) -> "RigidTransform":
        rotation = self.rotation.T
        return RigidTransform(rotation=rotation, translation=-rotation @ self.translation)


@dataclass(frozen=True, kw_only=True)
class TrueCamera:
    """One device as it photographs one way up, in COLMAP's SIMPLE_RADIAL model.

    Source: COLMAP documentation, "Camera Models": a point (x, y) on the plane z = 1 is seen at
    ``focal * (1 + k1 * r^2) * (x, y) + centre``.
    """

    device: str
    width_px: int
    height_px: int
    focal_px: float
    centre_x_px: float
    centre_y_px: float
    k1: float

    def project(self, points_in_cam: FloatArray) -> FloatArray:
        """Pixels (N, 2) of points (N, 3) in the camera frame; meaningful only where z > 0."""
        xy = points_in_cam[:, :2] / points_in_cam[:, 2:]
        scale = 1.0 + self.k1 * np.sum(xy * xy, axis=1, keepdims=True)
        centre_px = np.array([self.centre_x_px, self.centre_y_px])
        xy_px: FloatArray = self.focal_px * scale * xy + centre_px
        return xy_px

    def unproject(self, xy_px: FloatArray) -> FloatArray:
        """Points (N, 2) on the plane z = 1 of the camera frame that are seen at pixels (N, 2)."""
        centre_px = np.array([self.centre_x_px, self.centre_y_px])
        distorted = (xy_px - centre_px) / self.focal_px
        distorted_radius = np.linalg.norm(distorted, axis=1)
        radius = distorted_radius.copy()
        for _ in range(NEWTON_STEPS):
            error = radius * (1.0 + self.k1 * radius**2) - distorted_radius
            radius -= error / (1.0 + 3.0 * self.k1 * radius**2)
            if float(np.max(np.abs(error), initial=0.0)) < CONVERGED:
                break
        at_centre = distorted_radius == 0.0
        scale = np.where(at_centre, 1.0, radius / np.where(at_centre, 1.0, distorted_radius))
        xy: FloatArray = distorted * scale[:, None]
        return xy

    def pixel_centres(self, samples_per_side: int = 1) -> FloatArray:
        """Sample positions (H * s, W * s, 2) on a regular grid, s samples a pixel side."""
        num_columns = self.width_px * samples_per_side
        num_rows = self.height_px * samples_per_side
        x_px = (np.arange(num_columns) + 0.5) / samples_per_side
        y_px = (np.arange(num_rows) + 0.5) / samples_per_side
        return np.stack(np.meshgrid(x_px, y_px), axis=-1)

    def turned(self) -> "TrueCamera":
        """The same device held the other way up (landscape to portrait)."""
        return TrueCamera(
            device=self.device,
            width_px=self.height_px,
            height_px=self.width_px,
            focal_px=self.focal_px,
            centre_x_px=self.centre_y_px,
            centre_y_px=self.centre_x_px,
            k1=self.k1,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class TruePhoto:
    """A photo on disk (``name``) and the camera and pose it was rendered with, upright."""

    name: str
    camera: TrueCamera
    cam_from_world: RigidTransform

    @property
    def position_in_world(self) -> FloatArray:
        """The projection centre (3,), metres."""
        return self.cam_from_world.inverse().translation


@dataclass(frozen=True, kw_only=True)
class Viewpoint:
    """Where a photographer stands, what is aimed at (world, metres) and how level the camera is."""

    eye: tuple[float, float, float]
    target: tuple[float, float, float]
    roll_deg: float = 0.0

    def cam_from_world(self) -> RigidTransform:
        eye = np.array(self.eye)
        forward = _unit(np.array(self.target) - eye)
        right = _unit(np.cross(forward, np.array([0.0, 0.0, 1.0])))
        down = np.cross(forward, right)
        cosine, sine = np.cos(np.radians(self.roll_deg)), np.sin(np.radians(self.roll_deg))
        rows = [cosine * right + sine * down, cosine * down - sine * right, forward]
        rotation = np.stack(rows)
        return RigidTransform(rotation=rotation, translation=-rotation @ eye)


def _unit(vector: FloatArray) -> FloatArray:
    unit: FloatArray = vector / np.linalg.norm(vector)
    return unit
