"""Triangles over the pixels of single photos, which together are a mesh.

COLMAP's Poisson reconstruction makes one closed surface, but takes more time than everything before
it, and invents what nobody photographed; this follows the depths as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

import cv2
import numpy as np
from numpy.typing import NDArray

from scene3d.engine.dense.fusion import Surface, world_points
from scene3d.engine.dense.views import Image, Mask

_MAX_STEP = 0.008
"""Relative depth per pixel; a surface seen more flatly is torn, as between things."""
_CORNERS = ((0, 0), (1, 0), (0, 1)), ((0, 1), (1, 0), (1, 1))
"""Row and column of each triangle's corners in its cell, counter-clockwise for the camera."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Mesh:
    """V vertices and T triangles; world frame and units are the model's."""

    xyz: NDArray[np.float32]
    """(V, 3)."""
    rgb: NDArray[np.uint8]
    """(V, 3)."""
    triangles: NDArray[np.uint32]
    """(T, 3) rows of `xyz`, counter-clockwise from outside."""

    @classmethod
    def joined(cls, parts: Sequence["Mesh"]) -> "Mesh":
        """All triangles of at least one part."""
        starts = np.cumsum([0, *(len(part.xyz) for part in parts[:-1])])
        return cls(
            xyz=np.concatenate([part.xyz for part in parts]),
            rgb=np.concatenate([part.rgb for part in parts]),
            triangles=np.concatenate(
                [
                    part.triangles + np.uint32(start)
                    for part, start in zip(parts, starts, strict=True)
                ]
            ),
        )


def stride_for(num_points: int, max_triangles: int) -> int:
    """Pixels between vertices, so that so many points give no more triangles."""
    return max(1, ceil(sqrt(2 * num_points / max_triangles)))


def triangulated(surface: Surface, chosen: Mask, colour: Image, stride: int) -> Mesh:
    """Every `stride`-th pixel where `chosen` (H, W) says so, and a little beyond, so that the
    patches of neighbouring photos overlap.

    Args:
        colour: (H, W, 3) RGB.
    """
    size = 2 * stride + 1
    grown = cv2.dilate(chosen.astype(np.uint8), np.ones((size, size), np.uint8)) > 0
    rows, columns = np.mgrid[: chosen.shape[0] : stride, : chosen.shape[1] : stride]
    depth = surface.depth[::stride, ::stride]
    usable = grown[::stride, ::stride] & np.isfinite(depth)
    number = np.arange(depth.size).reshape(depth.shape)
    triangles = []
    for corners in _CORNERS:
        parts = [
            tuple(
                slice(shift, shift + side - 1)
                for shift, side in zip(corner, depth.shape, strict=True)
            )
            for corner in corners
        ]
        depths = np.stack([depth[part] for part in parts])
        whole = np.all([usable[part] for part in parts], axis=0)
        with np.errstate(invalid="ignore"):
            whole &= np.ptp(depths, axis=0) <= _MAX_STEP * stride * depths.min(axis=0)
        triangles.append(np.stack([number[part][whole] for part in parts], axis=1))
    used, vertices = np.unique(np.concatenate(triangles), return_inverse=True)
    pixels = rows.ravel()[used], columns.ravel()[used]
    return Mesh(
        xyz=world_points(surface.view, surface.depth, *pixels).astype(np.float32),
        rgb=colour[pixels],
        triangles=vertices.reshape(-1, 3).astype(np.uint32),
    )
