"""Colours of a model's points, from the photos that see them."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pycolmap

from scene3d.engine.photos import load_rgb


def colour_points(model: pycolmap.Reconstruction, photo_paths: Mapping[int, Path]) -> None:
    """Set every point's colour to the mean of the pixels that show it.

    COLMAP's own extraction opens photos by their name in the model; ours are named by index.
    """
    rows = {point_id: row for row, point_id in enumerate(model.points3D)}
    sums = np.zeros((len(rows), 3))
    counts = np.zeros(len(rows))
    for image_id in model.reg_image_ids():
        image = model.images[image_id]
        observed = [point for point in image.points2D if point.has_point3D()]
        if not observed:
            continue
        rgb = load_rgb(photo_paths[int(image.name)])
        xy_px = np.array([point.xy for point in observed])  # COLMAP's: floor is the pixel
        column = np.clip(xy_px[:, 0].astype(int), 0, rgb.shape[1] - 1)
        line = np.clip(xy_px[:, 1].astype(int), 0, rgb.shape[0] - 1)
        seen = np.array([rows[point.point3D_id] for point in observed])
        np.add.at(sums, seen, rgb[line, column])
        np.add.at(counts, seen, 1)
    means = np.rint(sums / np.maximum(counts, 1)[:, None]).astype(np.uint8)
    for point_id, row in rows.items():
        model.points3D[point_id].color = means[row]
