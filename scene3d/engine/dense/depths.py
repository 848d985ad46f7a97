"""Depth maps: what several of them agree on, and how one looks from another photo."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from scene3d.engine.dense.views import Map, Mask, View

TOLERANCE = 0.01
"""Relative depths closer than this are of one surface."""
_SEEN_THROUGH = 0.03
"""A point so much nearer than what another photo sees there is in the way of that photo's rays."""
_EDGE_STEP = 0.03
_EDGE_RADIUS_PX = 2
_SPECKLE_AREA_PX = 80
_LOG_STEPS = 1000.0
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
_MAX_STEP_IN_PATCH = 0.01
_TRUSTED_SHARE = 0.6
"""Of a patch, so that the rest of it is believed too."""
_NORMAL_WINDOW_PX = 7


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """Where the surface of one photo lies in another: all maps (H, W) of the first photo."""

    x_px: Map
    y_px: Map
    ratio: Map
    """Depth that the other photo has there over the one that it would have to have; NaN where it
    has none."""

    @property
    def usable_px(self) -> tuple[Map, Map]:
        """x and y without NaN: what is not in the other photo lies far outside."""
        return np.nan_to_num(self.x_px, nan=-9.0), np.nan_to_num(self.y_px, nan=-9.0)

    @property
    def agrees(self) -> Mask:
        agrees: Mask = np.abs(self.ratio - 1) <= TOLERANCE
        return agrees

    @property
    def sees_through(self) -> Mask:
        """The other photo sees something farther away, so nothing can be here."""
        through: Mask = self.ratio > 1 + _SEEN_THROUGH
        return through


def merge(hypotheses: Sequence[Map]) -> Map:
    """(H, W) the depth that most hypotheses of one photo are near, averaged over these; NaN
    without any."""
    best = np.full(hypotheses[0].shape, np.nan, np.float32)
    best_count = np.zeros(best.shape, np.uint8)
    with np.errstate(invalid="ignore"):
        for hypothesis in hypotheses:
            total = np.zeros_like(best)
            count = np.zeros_like(best_count)
            for other in hypotheses:
                near = np.abs(other - hypothesis) <= TOLERANCE * hypothesis
                total += np.where(near, other, 0)
                count += near
            better = count > best_count
            best[better] = total[better] / count[better]
            best_count[better] = count[better]
    return best


def seen_from(depth: Map, view: View, other: View, other_depth: Map) -> Seen:
    """The surface `depth` of `view` held against the depths of another photo."""
    rotation = (other.rotation_cam_from_world @ view.rotation_cam_from_world.T).astype(np.float32)
    shift = (other.translation_cam_from_world - rotation @ view.translation_cam_from_world).astype(
        np.float32
    )
    x, y = view.rays()
    in_other = [
        depth * (row[0] * x[None, :] + (row[1] * y + row[2])[:, None]) + offset
        for row, offset in zip(rotation, shift, strict=True)
    ]
    with np.errstate(invalid="ignore", divide="ignore"):
        needed = np.where(in_other[2] > 0, in_other[2], np.nan)
        scale = np.float32(other.focal_px) / needed
        x_px = in_other[0] * scale + np.float32(other.centre_xy_px[0])
        y_px = in_other[1] * scale + np.float32(other.centre_xy_px[1])
        found = sample(other_depth, np.nan_to_num(x_px, nan=-9.0), np.nan_to_num(y_px, nan=-9.0))
        return Seen(x_px=x_px, y_px=y_px, ratio=np.asarray(found / needed, np.float32))


def sample(values: Map, x_px: Map, y_px: Map) -> Map:
    """The nearest value of (H, W) at each position, NaN outside."""
    found = cv2.remap(
        values, x_px, y_px, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=np.nan
    )
    return np.asarray(found, np.float32)


def without_edges(depth: Map) -> Map:
    """Without the nearer side of every step: matching makes what is in front too large."""
    size = 2 * _EDGE_RADIUS_PX + 1
    farthest = cv2.dilate(np.nan_to_num(depth, nan=0.0), np.ones((size, size), np.uint8))
    return np.where(farthest > (1 + _EDGE_STEP) * depth, np.float32(np.nan), depth)


def without_speckle(depth: Map) -> Map:
    """Without patches of a few pixels that nothing around is connected to."""
    with np.errstate(invalid="ignore", divide="ignore"):
        steps = np.log(depth) * _LOG_STEPS
    known = np.isfinite(steps)
    if not known.any():
        return depth
    middle = float(np.median(steps[known]))
    limit = np.iinfo(np.int16).max - 1
    levels = np.where(known, np.clip(steps - middle, -limit, limit), -limit - 1).astype(np.int16)
    cv2.filterSpeckles(levels, -limit - 1, _SPECKLE_AREA_PX, TOLERANCE * _LOG_STEPS)
    return np.where(levels == -limit - 1, np.float32(np.nan), depth)


def around_trusted(depth: Map, trusted: Mask, likely: Mask) -> Mask:
    """Which `likely` pixels (H, W) are of patches without a step that are mostly `trusted`."""
    known = likely & np.isfinite(depth)
    farthest = cv2.dilate(np.where(known, depth, np.float32(0)), _CROSS)
    nearest = cv2.erode(np.where(known, depth, np.float32(np.inf)), _CROSS)
    is_smooth = known & (farthest / (1 + _MAX_STEP_IN_PATCH) <= nearest)
    _, labels = cv2.connectedComponents(is_smooth.astype(np.uint8), connectivity=4)
    area = np.bincount(labels.ravel())
    share = np.bincount(labels.ravel(), (trusted & is_smooth).ravel()) / np.maximum(area, 1)
    found: Mask = is_smooth & (share[labels] >= _TRUSTED_SHARE)
    return found


def normals(depth: Map, view: View) -> Map:
    """(H, W, 3) unit normals towards the camera, in its frame; where nothing is known, straight
    towards it.

    Inverse depth is linear over the picture of a plane: 1 / z = a x + b y + c, and (a, b, c) is
    the plane's normal.
    """
    x, y = view.rays()
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = np.asarray(1 / depth, np.float32)
        gradients = [_mean_step(inverse, axis) * np.float32(view.focal_px) for axis in (1, 0)]
        offset = inverse - gradients[0] * x[None, :] - gradients[1] * y[:, None]
        found = -np.stack([*gradients, offset], axis=-1)
        found /= np.linalg.norm(found, axis=-1, keepdims=True)
    straight = np.stack(np.broadcast_arrays(-x[None, :], -y[:, None], np.float32(-1)), axis=-1)
    straight = straight / np.linalg.norm(straight, axis=-1, keepdims=True)
    return np.where(np.isfinite(found), found, straight).astype(np.float32)


def _mean_step(inverse: Map, axis: int) -> Map:
    """The mean difference to the next pixel around each, edges left out."""
    step = np.diff(inverse, axis=axis, append=np.nan)
    usable = np.isfinite(step) & (np.abs(step) <= TOLERANCE * inverse)
    window = (_NORMAL_WINDOW_PX, _NORMAL_WINDOW_PX)
    total = cv2.boxFilter(np.where(usable, step, 0).astype(np.float32), -1, window, normalize=False)
    count = cv2.boxFilter(usable.astype(np.float32), -1, window, normalize=False)
    mean = np.asarray(total) / np.where(count > 0, count, np.float32(np.nan))
    return np.asarray(mean, np.float32)
