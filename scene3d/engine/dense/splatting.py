"""Pictures of a cloud: every point a square of pixels, the nearest one wins."""

import numpy as np
from numpy.typing import NDArray

from scene3d.engine.dense.views import Image, Map, View

_NEAR = 1e-6


def splat(
    view: View, xyz: NDArray[np.floating], rgb: NDArray[np.uint8], size_px: int = 2
) -> tuple[Image, Map]:
    """(H, W, 3) colours and (H, W) depths, inf where no point is seen."""
    xy_px, depth = view.project(np.asarray(xyz, np.float64))
    ahead = depth > _NEAR
    corner = (
        np.floor(xy_px[ahead] - (size_px / 2 - 1)).astype(np.int64)
        if size_px > 1
        else np.rint(xy_px[ahead]).astype(np.int64)
    )
    nearest = np.full(view.height_px * view.width_px, np.inf, np.float32)
    colour = np.zeros((view.height_px * view.width_px, 3), np.uint8)
    order = np.argsort(-depth[ahead], kind="stable")
    corner, depth, shown = corner[order], depth[ahead][order], rgb[ahead][order]
    targets, rows = [], []
    for dy in range(size_px):
        for dx in range(size_px):
            x, y = corner[:, 0] + dx, corner[:, 1] + dy
            inside = np.flatnonzero(
                (x >= 0) & (x < view.width_px) & (y >= 0) & (y < view.height_px)
            )
            targets.append(y[inside] * view.width_px + x[inside])
            rows.append(inside)
    row = np.concatenate(rows)
    in_order = np.argsort(row, kind="stable")  # the last write, of the nearest point, stays
    target, row = np.concatenate(targets)[in_order], row[in_order]
    nearest[target] = depth[row]
    colour[target] = shown[row]
    shape = (view.height_px, view.width_px)
    return colour.reshape(*shape, 3), nearest.reshape(shape)
