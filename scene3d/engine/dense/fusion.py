"""From the depths of single pairs to one cloud in which every piece of surface is once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scene3d.engine.dense.depths import (
    Seen,
    around_trusted,
    seen_from,
    without_edges,
    without_speckle,
)
from scene3d.engine.dense.views import Image, Map, Mask, View
from scene3d.engine.types import FloatArray

_SCORE_WINDOW_PX = 9
_MIN_COSINE = 0.1
_OWN_WEIGHT = 1.0
_MAX_COLOUR_STEP = 40.0
"""Levels between two photos of one surface."""
_COLOUR_WINDOW_PX = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Cloud:
    """N points; world frame and units are the model's."""

    xyz: NDArray[np.float32]
    """(N, 3)."""
    normals: NDArray[np.float32]
    """(N, 3) unit, towards the photo that each point is from."""
    rgb: NDArray[np.uint8]
    """(N, 3)."""
    num_views: NDArray[np.uint8]
    """(N,) photos that agree on the point."""

    def __len__(self) -> int:
        return len(self.xyz)

    def taken(self, rows: NDArray[np.intp]) -> "Cloud":
        """The points `rows`, in that order."""
        return Cloud(
            xyz=self.xyz[rows],
            normals=self.normals[rows],
            rgb=self.rgb[rows],
            num_views=self.num_views[rows],
        )

    @classmethod
    def joined(cls, parts: Sequence["Cloud"]) -> "Cloud":
        """All points of at least one part."""
        return cls(
            xyz=np.concatenate([part.xyz for part in parts]),
            normals=np.concatenate([part.normals for part in parts]),
            rgb=np.concatenate([part.rgb for part in parts]),
            num_views=np.concatenate([part.num_views for part in parts]),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Sight:
    """A photo and the depths that its pairs agree on."""

    view: View
    depth: Map
    """(H, W), NaN where nothing is known."""
    rgb: Image
    gain: FloatArray
    """(3,) its colours times this are those of the other photos."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Surface:
    """What one photo knows."""

    view: View
    depth: Map
    """(H, W) along the optical axis, NaN where nothing is known."""
    score: Map
    """(H, W) how closely it sees each piece of surface: pixels per squared unit of it."""
    rgb: Image
    gain: FloatArray
    """(3,) its colours times this are those of the other photos."""


def confirm(
    surface: Sight, others: Iterable[Sight], min_views: int
) -> tuple[Map, NDArray[np.uint8]]:
    """Depths on which enough photos agree, averaged over these, and how many they are.

    A photo agrees when it has the same surface in the same colour. Where half as many look
    through a point as agree on it, it is dropped. One photo fewer is enough where nobody looks
    through and the surface goes on without a step from where there are enough: only the outermost
    photos see the ends of what all others show.
    """
    depth = surface.depth
    total = np.ones_like(depth)
    weight = np.ones_like(depth)
    num_views = np.ones(depth.shape, np.uint8)
    num_through = np.zeros(depth.shape, np.uint8)
    own = _levelled(surface)
    for other in others:
        seen = seen_from(depth, surface.view, other.view, other.depth)
        x_px, y_px = seen.usable_px
        shown = cv2.remap(_levelled(other), x_px, y_px, cv2.INTER_LINEAR)
        agrees = seen.agrees & (np.abs(shown - own).max(axis=-1) <= _MAX_COLOUR_STEP)
        total += np.where(agrees, seen.ratio, 0)
        weight += agrees
        num_views += agrees
        num_through += seen.sees_through
    agreed = np.where(np.isfinite(depth), depth * (total / weight), np.float32(np.nan))
    trusted = (num_views >= min_views) & (2 * num_through < num_views)
    likely = (num_views >= max(min_views - 1, 2)) & (num_through == 0)
    kept = trusted | around_trusted(agreed, trusted, trusted | likely)
    confirmed = np.where(kept, agreed, np.float32(np.nan))
    return without_speckle(without_edges(confirmed)), num_views


def _levelled(sight: Sight) -> Map:
    """(H, W, 3) with the photo's exposure taken out, a little smooth."""
    smooth = cv2.blur(sight.rgb, (_COLOUR_WINDOW_PX, _COLOUR_WINDOW_PX))
    return smooth.astype(np.float32) * sight.gain.astype(np.float32)


def closeness(depth: Map, normals: Map, view: View) -> Map:
    """`Surface.score`; smooth, so that neighbouring pixels are kept from one photo."""
    x, y = view.rays()
    along = normals[..., 0] * x[None, :] + normals[..., 1] * y[:, None] + normals[..., 2]
    cosine = -along / np.sqrt(1 + x[None, :] ** 2 + y[:, None] ** 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        score = np.maximum(cosine, _MIN_COSINE) * (view.focal_px / depth) ** 2
    known = np.isfinite(score)
    window = (_SCORE_WINDOW_PX, _SCORE_WINDOW_PX)
    total = cv2.boxFilter(np.where(known, score, 0).astype(np.float32), -1, window)
    share = cv2.boxFilter(known.astype(np.float32), -1, window)
    with np.errstate(invalid="ignore", divide="ignore"):
        smooth = np.asarray(total, np.float32) / np.asarray(share, np.float32)
    return np.where(known, smooth, np.float32(np.nan))


def select(surface: Surface, others: Iterable[Surface]) -> tuple[Mask, Image]:
    """Where no other photo sees the surface more closely, and its colours.

    Returns:
        (H, W) and (H, W, 3), exposure levelled, mean over the photos that agree.
    """
    own = np.isfinite(surface.depth)
    colour = (
        surface.rgb.astype(np.float32) * surface.gain.astype(np.float32) * np.float32(_OWN_WEIGHT)
    )
    weight = np.full(surface.depth.shape, np.float32(_OWN_WEIGHT))
    for other in others:
        seen = seen_from(surface.depth, surface.view, other.view, other.depth)
        agrees = seen.agrees
        theirs = _sampled_score(other.score, seen)
        closer = theirs > surface.score
        closer |= (theirs == surface.score) & (other.view.photo_index < surface.view.photo_index)
        own &= ~(agrees & closer)
        share = np.where(agrees, np.minimum(theirs / surface.score, 1), 0)
        x_px, y_px = seen.usable_px
        shown = cv2.remap(other.rgb, x_px, y_px, cv2.INTER_LINEAR)
        colour += share[..., None] * shown * other.gain.astype(np.float32)
        weight += share
    return own, np.clip(np.rint(colour / weight[..., None]), 0, 255).astype(np.uint8)


def _sampled_score(score: Map, seen: Seen) -> Map:
    x_px, y_px = seen.usable_px
    found = cv2.remap(
        score, x_px, y_px, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=0
    )
    return np.nan_to_num(np.asarray(found, np.float32))


def points_of(
    surface: Surface, chosen: Mask, normals: Map, colour: Image, num_views: NDArray[np.uint8]
) -> Cloud:
    """The pixels `chosen` as points of the world."""
    rows, columns = np.nonzero(chosen)
    rotation = surface.view.rotation_cam_from_world.astype(np.float32)
    return Cloud(
        xyz=world_points(surface.view, surface.depth, rows, columns).astype(np.float32),
        normals=(normals[rows, columns] @ rotation).astype(np.float32),
        rgb=colour[rows, columns],
        num_views=num_views[rows, columns],
    )


def world_points(
    view: View, depth: Map, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> FloatArray:
    """(N, 3) what a view sees at these pixels."""
    x, y = view.rays()
    ahead = depth[rows, columns].astype(np.float64)
    in_cam = np.stack([x[columns] * ahead, y[rows] * ahead, ahead], axis=1)
    xyz: FloatArray = (in_cam - view.translation_cam_from_world) @ view.rotation_cam_from_world
    return xyz
