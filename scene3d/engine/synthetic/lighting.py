"""Light that does not depend on the viewer: a low warm sun with soft shadows, sky and bounce."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from scene3d.engine.synthetic.arrays import BoolArray, FloatArray
from scene3d.engine.synthetic.patterns import rgb
from scene3d.engine.synthetic.surfaces import Patch, Rays, Surface, normalised

SUN_DIRECTION = np.array([-0.64, -0.46, 0.62]) / np.linalg.norm([-0.64, -0.46, 0.62])
SUN_COLOUR = np.array([2.75, 2.35, 1.75], dtype=np.float32)
SKY_COLOUR = np.array([0.68, 0.82, 1.02], dtype=np.float32)
BOUNCE_COLOUR = np.array([0.46, 0.36, 0.25], dtype=np.float32)
SUN_SAMPLES = 5
SUN_RADIUS = 0.012
"""Half width of the sun in radians, a little more than true, for soft edges."""
SKY_SAMPLES = 56
SHADOW_REACH_M = 30.0
SKY_REACH_M = 1.8
LIFT_M = 0.004
"""Shadow rays start this far above the surface."""
SUN_BLOCK, SKY_BLOCK = 32, 10
"""Light is sampled in square blocks of this many samples a side, culled together."""


class Light(NamedTuple):
    """Light arriving at points (H, W): sun visibility, sky and bounce (3), sun in the frame."""

    sun_share: FloatArray
    ambient: FloatArray
    sun_in_frame: FloatArray
    """(H, W, 3) or (1, 1, 3): the sun's direction along tangent u, tangent v and normal."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Occluders:
    """The surfaces that cast shadows, with their bounds for culling."""

    surfaces: Sequence[Surface]
    lows: FloatArray
    highs: FloatArray

    @classmethod
    def of(cls, surfaces: Sequence[Surface]) -> "Occluders":
        bounds = np.stack([surface.bounds for surface in surfaces])
        return cls(surfaces=surfaces, lows=bounds[:, 0], highs=bounds[:, 1])

    def blocked(self, points: FloatArray, directions: FloatArray, reach_m: float) -> BoolArray:
        """Whether anything lies within reach of points (N, 3) along directions (K, 3): (N, K)."""
        starts = np.repeat(points.astype(np.float32), len(directions), axis=0)
        along = np.tile(directions.astype(np.float32), (len(points), 1))
        rays = Rays(_components(starts), _components(along))
        blocked = np.zeros(len(starts), dtype=np.bool_)
        for index in self._candidates(points, directions, reach_m):
            blocked |= self.surfaces[index].distance(rays) < reach_m
        return blocked.reshape(len(points), len(directions))

    def _candidates(
        self, points: FloatArray, directions: FloatArray, reach_m: float
    ) -> Iterator[int]:
        """Surfaces whose bounds any of the swept boxes around the points can touch."""
        low, high = points.min(axis=0), points.max(axis=0)
        near = np.all(
            (self.lows <= high + reach_m) & (self.highs >= low - reach_m), axis=1
        ).nonzero()[0]
        centre, half = 0.5 * (low + high), 0.5 * (high - low) + LIFT_M
        safe = np.where(np.abs(directions) < 1e-9, 1e-9, directions)[:, None, :]
        first = (self.lows[near] - half - centre) / safe
        second = (self.highs[near] + half - centre) / safe
        enter = np.minimum(first, second).max(axis=2)
        leave = np.maximum(first, second).min(axis=2)
        hit = (enter <= leave) & (leave >= 0.0) & (enter <= reach_m)
        touched = hit.any(axis=0)
        yield from (int(index) for index in near[touched])


def sun_light(patch: Patch, occluders: Occluders) -> tuple[FloatArray, FloatArray]:
    """Visible share of the sun (H, W) and its direction (H, W, 3) in each point's frame."""
    frames = (patch.tangents_u, patch.tangents_v, patch.normals)
    in_frame = np.stack([frame @ SUN_DIRECTION for frame in frames], axis=-1)
    share = np.zeros(patch.points.shape[:2], dtype=np.float32)
    if float(in_frame[..., 2].max()) > 0.0:
        rays = _sun_rays()
        for block in _blocks(share.shape, SUN_BLOCK):
            points = _lifted(patch, block)
            blocked = occluders.blocked(points, rays, SHADOW_REACH_M)
            share[block] = 1.0 - blocked.mean(axis=1).reshape(share[block].shape)
    return share, in_frame.astype(np.float32)


def ambient_light(patch: Patch, occluders: Occluders) -> FloatArray:
    """Light (H, W, 3) from the open sky and from whatever hides it."""
    ambient = np.zeros(patch.points.shape, dtype=np.float32)
    everywhere = _sphere(SKY_SAMPLES)
    horizon = np.clip(everywhere[:, 2:] * 6.0 + 0.5, 0.0, 1.0)
    seen = (BOUNCE_COLOUR + (SKY_COLOUR - BOUNCE_COLOUR) * horizon).astype(np.float32)
    for block in _blocks(ambient.shape[:2], SKY_BLOCK):
        normals = patch.normals[block].reshape(-1, 3)
        weights = np.maximum(normals @ everywhere.T, 0.0)
        used = weights.max(axis=0) > 0.0
        weights = weights[:, used] / weights[:, used].sum(axis=1, keepdims=True)
        blocked = occluders.blocked(_lifted(patch, block), everywhere[used], SKY_REACH_M)
        light = np.where(blocked[..., None], 0.42 * BOUNCE_COLOUR, seen[used])
        total = np.sum(weights[..., None] * light, axis=1)
        ambient[block] = total.reshape(ambient[block].shape)
    return ambient


def shade(colour: FloatArray, slopes: tuple[FloatArray, FloatArray], light: Light) -> FloatArray:
    """Radiance (H, W, 3) of a painted, slightly rough surface.

    Args:
        colour: reflectance (H, W, 3), linear.
        slopes: of the paint's height along u and v, each (H, W).
    """
    slope_u, slope_v = slopes
    along_u, along_v, along_n = np.moveaxis(light.sun_in_frame, -1, 0)
    facing = along_n - slope_u * along_u - slope_v * along_v
    steepness = np.sqrt(1 + slope_u * slope_u + slope_v * slope_v)
    sun = np.maximum(facing, 0.0) / steepness * light.sun_share
    radiance: FloatArray = sun[..., None] * SUN_COLOUR
    radiance += light.ambient
    radiance *= colour
    return radiance


def encode(radiance: FloatArray) -> FloatArray:
    """Display values (..., 3) in [0, 255]: a filmic shoulder, then the display's gamma.

    Source: the curve is K. Narkowicz's fit of the ACES film response (2016).
    """
    x = np.maximum(radiance, 0.0) * np.float32(0.56)
    filmic = x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14)
    encoded: FloatArray = 255.0 * np.clip(filmic, 0.0, 1.0) ** np.float32(1 / 2.2)
    return encoded


def sky(elevation: FloatArray, sunward: FloatArray) -> FloatArray:
    """Display values (N, 3) of sky and sea; sine of elevation and cosine to the sun, each (N,)."""
    haze, zenith = rgb("#e9e4d4"), rgb("#6fa3cf")
    sea, shore = rgb("#2f6f8a"), rgb("#a9cbd0")
    up = np.clip(elevation, 0.0, 1.0)[:, None] ** np.float32(0.55)
    down = np.clip(-3.0 * elevation, 0.0, 1.0)[:, None] ** np.float32(0.6)
    glow = np.clip(sunward, 0.0, 1.0)[:, None] ** 24 * np.float32(0.25)
    above = haze + (zenith - haze) * np.minimum(1.25 * up, 1.0) + glow
    below = shore + (sea - shore) * down
    blend = np.clip(elevation[:, None] * 160 + 0.5, 0.0, 1.0)
    colour = below + (above - below) * blend
    encoded: FloatArray = 255.0 * np.clip(colour, 0.0, 1.0) ** np.float32(1 / 2.2)
    return encoded


def _sun_rays() -> FloatArray:
    """Directions (SUN_SAMPLES, 3) spread over the sun's disc."""
    across = np.cross(SUN_DIRECTION, [0.0, 0.0, 1.0])
    across /= np.linalg.norm(across)
    upward = np.cross(across, SUN_DIRECTION)
    turns = 2 * np.pi * np.arange(SUN_SAMPLES) / SUN_SAMPLES
    offsets = np.cos(turns)[:, None] * across + np.sin(turns)[:, None] * upward
    rays = SUN_DIRECTION + SUN_RADIUS * offsets
    return normalised(rays)


def _sphere(count: int) -> FloatArray:
    """Evenly spread unit vectors (count, 3) on a Fibonacci spiral."""
    index = np.arange(count) + 0.5
    z = 1 - 2 * index / count
    turn = np.pi * (1 + np.sqrt(5)) * index
    across = np.sqrt(1 - z * z)
    return np.stack([across * np.cos(turn), across * np.sin(turn), z], axis=1)


def _blocks(shape: tuple[int, ...], side: int) -> Iterator[tuple[slice, slice]]:
    for top in range(0, shape[0], side):
        for left in range(0, shape[1], side):
            yield slice(top, top + side), slice(left, left + side)


def _lifted(patch: Patch, block: tuple[slice, slice]) -> FloatArray:
    points = patch.points[block] + LIFT_M * patch.normals[block]
    return points.reshape(-1, 3)


def _components(vectors: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    x, y, z = np.ascontiguousarray(vectors.T)
    return x, y, z
