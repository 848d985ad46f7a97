"""One reconstructed model as arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scene3d.engine.types import FloatArray, UInt32Array


@dataclass(frozen=True, kw_only=True)
class Model:
    """P points, C registered photos, T observations. World frame and units are COLMAP's."""

    xyz: FloatArray
    """(P, 3) in world."""
    rgb: NDArray[np.uint8]
    """(P, 3)."""
    error_px: NDArray[np.float32]
    """(P,) mean reprojection error."""
    track_offsets: UInt32Array
    """(P + 1,): observations of point p are rows track_offsets[p] to track_offsets[p + 1]."""
    track_photos: UInt32Array
    """(T,) Photo.index."""
    track_xy_px: NDArray[np.float32]
    """(T, 2) COLMAP pixels of the upright photo."""
    photo_indices: UInt32Array
    """(C,) Photo.index, rising."""
    rotation_cam_from_world: FloatArray
    """(C, 3, 3)."""
    translation_cam_from_world: FloatArray
    """(C, 3)."""
    size_px: UInt32Array
    """(C, 2) width, height."""
    focal_px: FloatArray
    """(C,)."""
    principal_point_xy_px: FloatArray
    """(C, 2) COLMAP pixels."""
    radial_distortion: FloatArray
    """(C, 2) k1 and k2 of COLMAP's RADIAL."""
    camera_ids: UInt32Array
    """(C,) equal for photos that share a camera."""

    @property
    def num_points(self) -> int:
        return len(self.xyz)

    @property
    def num_registered(self) -> int:
        return len(self.photo_indices)

    @property
    def track_lengths(self) -> UInt32Array:
        """(P,) number of photos that see each point."""
        lengths: UInt32Array = np.diff(self.track_offsets).astype(np.uint32)
        return lengths

    @property
    def centers_in_world(self) -> FloatArray:
        """(C, 3) projection centres."""
        rotation_world_from_cam = self.rotation_cam_from_world.transpose(0, 2, 1)
        centers: FloatArray = -np.einsum(
            "cij,cj->ci", rotation_world_from_cam, self.translation_cam_from_world
        )
        return centers
