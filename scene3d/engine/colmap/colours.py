"""Colours of a model's points, from the photos that see them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from scene3d.engine.model import Model

Rgb = NDArray[np.uint8]


def mean_colours(model: Model, load_rgb: Callable[[int], Rgb], *, num_threads: int) -> Rgb:
    """(P, 3) mean of the pixels that show each point.

    Args:
        load_rgb: (H, W, 3) of a photo by its index, in any size; called from several threads,
            since decoding does not hold Python's lock.
    """
    rows_of = [np.flatnonzero(model.track_photos == index) for index in model.photo_indices]

    def sample(position: int) -> Rgb:
        rgb = load_rgb(int(model.photo_indices[position]))
        shown_px = np.array(rgb.shape[1::-1])
        scale = shown_px / model.size_px[position]
        scaled_px = model.track_xy_px[rows_of[position]] * scale
        xy = np.clip(scaled_px.astype(int), 0, shown_px - 1)  # COLMAP's pixels: the floor is ours
        shown: Rgb = rgb[xy[:, 1], xy[:, 0]]
        return shown

    point_of_row = np.repeat(np.arange(model.num_points), model.track_lengths)
    sums = np.zeros((model.num_points, 3))
    with ThreadPoolExecutor(num_threads) as pool:
        for rows, colours in zip(rows_of, pool.map(sample, range(len(rows_of))), strict=True):
            np.add.at(sums, point_of_row[rows], colours)
    means = sums / np.maximum(model.track_lengths, 1)[:, None]
    rounded: Rgb = np.rint(means).astype(np.uint8)
    return rounded
