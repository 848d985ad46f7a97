"""Paint and light baked once into textures, so that every photo only looks colours up.

All textures, with their half-size copies (mip levels), lie in one flat atlas: one gather per
corner serves every surface of an image tile.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scene3d.engine.synthetic.arrays import FloatArray, IntArray
from scene3d.engine.synthetic.lighting import (
    Light,
    Occluders,
    ambient_light,
    encode,
    shade,
    sun_light,
)
from scene3d.engine.synthetic.patterns import Grid
from scene3d.engine.synthetic.surfaces import Surface

Texture = npt.NDArray[np.uint8]

NUM_LEVELS = 6
SUN_STEP_M = 0.045
AMBIENT_STEP_M = 0.18
FEWEST_LIGHT_SAMPLES = 3
BAND_TEXELS = 150_000
"""Textures are painted in bands of about this many texels, which stay in cache."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Atlas:
    """Every surface's texture at every level.

    ``offsets``, ``widths``, ``heights`` (S, NUM_LEVELS) locate level l of surface s in ``texels``
    (T, 4): red, green, blue, unused. ``origins_m`` (S, 2) is (u, v) of a texture's outer corner.
    """

    texels: Texture
    offsets: IntArray
    widths: IntArray
    heights: IntArray
    origins_m: npt.NDArray[np.float32]
    texel_m: npt.NDArray[np.float32]

    def look_up(self, surface: IntArray, uv_m: FloatArray, span_m: FloatArray) -> FloatArray:
        """Colours (N, 3) in [0, 255] at (u, v) (N, 2), averaged over about ``span_m`` (N,)."""
        texel_m = self.texel_m[surface]
        ratio = np.maximum(span_m / texel_m, np.float32(1.0))
        level = np.minimum(np.log2(ratio) + np.float32(0.5), NUM_LEVELS - 1).astype(np.int32)
        entry = surface * NUM_LEVELS + level
        width, height = self.widths.ravel()[entry], self.heights.ravel()[entry]
        place = (uv_m - self.origins_m[surface]) / np.ldexp(texel_m, level)[:, None]
        x = np.clip(place[:, 0] - np.float32(0.5), 0, width - np.float32(1))
        y = np.clip(place[:, 1] - np.float32(0.5), 0, height - np.float32(1))
        column, row = x.astype(np.int32), y.astype(np.int32)
        blend_x, blend_y = (x - column)[:, None], (y - row)[:, None]
        first = self.offsets.ravel()[entry] + row * width + column
        right = (column + 1 < width).astype(np.int32)
        below = np.where(row + 1 < height, width, 0)
        upper = self._between(first, first + right, blend_x)
        first += below
        lower = self._between(first, first + right, blend_x)
        lower -= upper
        lower *= blend_y
        lower += upper
        return lower[:, :3]

    def _between(self, left: IntArray, right: IntArray, share: FloatArray) -> FloatArray:
        packed = self.texels.view(np.uint32)[:, 0]
        a = packed[left].view(np.uint8).reshape(-1, 4).astype(np.float32)
        b = packed[right].view(np.uint8).reshape(-1, 4).astype(np.float32)
        b -= a
        b *= share
        b += a
        return b


class _Baked(NamedTuple):
    levels: list[Texture]
    origin_m: tuple[float, float]


def bake(
    surfaces: Sequence[Surface], texel_m: Sequence[float], *, seed: int, num_workers: int
) -> Atlas:
    """Paint and light all surfaces; ``texel_m`` gives each one's texel side in metres."""
    occluders = Occluders.of(surfaces)

    def bake_one(index: int) -> _Baked:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return _bake_surface(
                surfaces[index], texel_m[index], seed=seed * 8191 + 31 * index, occluders=occluders
            )

    with ThreadPoolExecutor(num_workers) as pool:
        baked = list(pool.map(bake_one, range(len(surfaces))))
    return _packed(baked, texel_m)


def _packed(baked: Sequence[_Baked], texel_m: Sequence[float]) -> Atlas:
    shapes = np.zeros((len(baked), NUM_LEVELS, 2), dtype=np.int32)
    offsets = np.zeros((len(baked), NUM_LEVELS), dtype=np.int32)
    chunks: list[Texture] = []
    end = 0
    for index, one in enumerate(baked):
        for level, texture in enumerate(one.levels):
            shapes[index, level] = texture.shape[:2]
            offsets[index, level] = end
            end += texture.shape[0] * texture.shape[1]
            chunks.append(texture.reshape(-1, 4))
    return Atlas(
        texels=np.concatenate(chunks),
        offsets=offsets,
        widths=shapes[..., 1],
        heights=shapes[..., 0],
        origins_m=np.array([one.origin_m for one in baked], dtype=np.float32),
        texel_m=np.array(texel_m, dtype=np.float32),
    )


def _bake_surface(surface: Surface, texel_m: float, *, seed: int, occluders: Occluders) -> _Baked:
    extent = surface.extent
    multiple = 2 ** (NUM_LEVELS - 1)
    width, height = (
        multiple * int(np.ceil(max(size_m, texel_m) / texel_m / multiple))
        for size_m in (extent.u_max - extent.u_min, extent.v_max - extent.v_min)
    )
    light = _LightMap.of(surface, occluders)
    texture = np.zeros((height, width, 4), dtype=np.uint8)
    for first, last in _bands(height, width):
        rows = np.arange(first - 1, last + 1)
        grid = Grid(
            extent.u_min + (np.arange(width) + 0.5) * texel_m,
            extent.v_min + (rows + 0.5) * texel_m,
            texel_m,
        )
        layer = surface.material(grid, seed)
        slope_v = (layer.height_m[2:] - layer.height_m[:-2]) / np.float32(2 * texel_m)
        slope_u = np.gradient(layer.height_m[1:-1], np.float32(texel_m), axis=1)
        inner = grid._replace(v_m=grid.v_m[1:-1])
        radiance = shade(layer.colour[1:-1], (slope_u, slope_v), light.on(inner))
        texture[first:last, :, :3] = np.round(encode(radiance))
    return _Baked(_levels(texture), (extent.u_min, extent.v_min))


def _bands(height: int, width: int) -> Iterator[tuple[int, int]]:
    rows = max(1, BAND_TEXELS // width)
    for first in range(0, height, rows):
        yield first, min(first + rows, height)


def _levels(texture: Texture) -> list[Texture]:
    levels = [texture]
    for _ in range(NUM_LEVELS - 1):
        above = levels[-1].astype(np.uint16)
        summed = above[::2, ::2] + above[1::2, ::2] + above[::2, 1::2] + above[1::2, 1::2]
        levels.append(((summed + 2) // 4).astype(np.uint8))
    return levels


@dataclass(frozen=True, kw_only=True, eq=False)
class _LightMap:
    """Light on coarse grids over one surface, read back at any texel."""

    sun_share: FloatArray
    sun_in_frame: FloatArray
    """(h, w, 3), or (1, 1, 3) on flat surfaces."""
    sun_u_m: FloatArray
    sun_v_m: FloatArray
    ambient: FloatArray
    ambient_u_m: FloatArray
    ambient_v_m: FloatArray

    @classmethod
    def of(cls, surface: Surface, occluders: Occluders) -> "_LightMap":
        extent = surface.extent
        sun_u_m = _samples(extent.u_min, extent.u_max, SUN_STEP_M)
        sun_v_m = _samples(extent.v_min, extent.v_max, SUN_STEP_M)
        share, in_frame = sun_light(surface.patch(*np.meshgrid(sun_u_m, sun_v_m)), occluders)
        u_m = _samples(extent.u_min, extent.u_max, AMBIENT_STEP_M)
        v_m = _samples(extent.v_min, extent.v_max, AMBIENT_STEP_M)
        ambient = ambient_light(surface.patch(*np.meshgrid(u_m, v_m)), occluders)
        if np.ptp(in_frame, axis=(0, 1)).max() < 1e-6:
            in_frame = in_frame[:1, :1]
        return cls(
            sun_share=share[..., None],
            sun_in_frame=in_frame,
            sun_u_m=sun_u_m,
            sun_v_m=sun_v_m,
            ambient=ambient,
            ambient_u_m=u_m,
            ambient_v_m=v_m,
        )

    def on(self, grid: Grid) -> Light:
        sun_axes = (self.sun_u_m, self.sun_v_m)
        share = _resampled(self.sun_share, sun_axes, grid)[..., 0]
        ambient = _resampled(self.ambient, (self.ambient_u_m, self.ambient_v_m), grid)
        in_frame = self.sun_in_frame
        if in_frame.shape[:2] != (1, 1):
            in_frame = _resampled(in_frame, sun_axes, grid)
        return Light(share, ambient, in_frame)


def _samples(low: float, high: float, spacing_m: float) -> FloatArray:
    count = max(FEWEST_LIGHT_SAMPLES, int(np.ceil((high - low) / spacing_m)))
    return low + (np.arange(count) + 0.5) * (high - low) / count


def _resampled(values: FloatArray, axes: tuple[FloatArray, FloatArray], grid: Grid) -> FloatArray:
    """Values (h, w, C) at positions ``axes`` (u, v), bilinear on the grid: (H, W, C)."""
    (column, blend_u), (row, blend_v) = (
        _weights(positions, axis)
        for positions, axis in zip((grid.u_m, grid.v_m), axes, strict=True)
    )
    blend_u, blend_v = blend_u[None, :, None], blend_v[:, None, None]
    across = values[:, column] * (1 - blend_u) + values[:, column + 1] * blend_u
    resampled: FloatArray = np.diff(across, axis=0)[row]
    resampled *= blend_v
    resampled += across[row]
    return resampled


def _weights(positions: FloatArray, axis: FloatArray) -> tuple[npt.NDArray[np.intp], FloatArray]:
    scaled = np.clip((positions - axis[0]) / (axis[1] - axis[0]), 0, len(axis) - 1)
    index = np.minimum(scaled.astype(np.intp), len(axis) - 2)
    return index, (scaled - index).astype(np.float32)
