"""Procedural patterns on regular grids: value noise, courses of blocks, rings, spots.

Everything is a pure function of position and seed (an integer hash), so a surface can be painted
band by band and in any order with the same result. Nothing repeats.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from scene3d.engine.synthetic.arrays import FloatArray, IntArray

FINEST_CELL_TEXELS = 2.0
"""Noise finer than this cannot be held by the texture and would only alias."""


class Grid(NamedTuple):
    """A band of texels: centres along u (W,) and v (H,), metres, and the texel's side."""

    u_m: FloatArray
    v_m: FloatArray
    texel_m: float

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.v_m), len(self.u_m)


class Layer(NamedTuple):
    """Paint on a grid: linear RGB reflectance (H, W, 3) and height above the surface (H, W), m."""

    colour: FloatArray
    height_m: FloatArray


Material = Callable[[Grid, int], Layer]
"""Paints a grid; the seed makes every surface its own piece."""


class Cells(NamedTuple):
    """A partition of the grid, each (H, W): distance to the cell's border in metres, its hash."""

    border_m: FloatArray
    key: IntArray


def rgb(*hex_codes: str) -> FloatArray:
    """Linear RGB (3,) of one sRGB code such as "#c8a070", or a palette (K, 3) of several."""
    bytes_ = np.array([list(bytes.fromhex(code.removeprefix("#"))) for code in hex_codes])
    encoded = bytes_ / 255.0
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    palette = linear.astype(np.float32)
    return palette[0] if len(hex_codes) == 1 else palette


def hash_cells(i: IntArray, j: IntArray, seed: int) -> IntArray:
    """Well mixed uint32 of integer cells, broadcast over ``i`` and ``j``."""
    mixed = np.atleast_1d(i).astype(np.uint32) * np.uint32(0x9E3779B1)
    mixed = mixed ^ (np.atleast_1d(j).astype(np.uint32) * np.uint32(0x85EBCA77))
    return remix(mixed, seed)


def remix(key: IntArray, seed: int) -> IntArray:
    """Another independent uint32 for every uint32."""
    mixed = np.asarray(key, dtype=np.uint32) ^ np.uint32(
        (seed * 0xC2B2AE3D + 0x27D4EB2F) & 0xFFFFFFFF
    )
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        mixed = (mixed ^ (mixed >> np.uint32(shift))) * np.uint32(factor)
    return mixed ^ (mixed >> np.uint32(16))


def unit(key: IntArray, salt: int = 0) -> FloatArray:
    """Uniform float32 in [0, 1) of hashes; ``salt`` picks one of many independent numbers."""
    fraction: FloatArray = (remix(key, salt) >> np.uint32(8)).astype(np.float32) * np.float32(
        2**-24
    )
    return fraction


def noise(grid: Grid, cell_m: float, seed: int, *, stretch_v: float = 1.0) -> FloatArray:
    """Smooth value noise (H, W) in [0, 1]; cells are ``stretch_v`` times taller than wide."""
    columns, blend_u = _lattice(grid.u_m, cell_m)
    rows, blend_v = _lattice(grid.v_m, cell_m * stretch_v)
    i = np.arange(columns.min(), columns.max() + 2)
    j = np.arange(rows.min(), rows.max() + 2)
    values = unit(hash_cells(i[None, :], j[:, None], seed))
    row, column = rows - j[0], columns - i[0]
    across = values[:, column] * (1 - blend_u) + values[:, column + 1] * blend_u
    blend_v = blend_v[:, None]
    smooth: FloatArray = across[row] * (1 - blend_v) + across[row + 1] * blend_v
    return smooth


def fractal(grid: Grid, cell_m: float, seed: int, *, octaves: int = 4) -> FloatArray:
    """Octaves of noise (H, W), each half as large and weaker, around 0.5, mostly in [0.2, 0.8]."""
    total = np.zeros(grid.shape, dtype=np.float32)
    weight, weights = 1.0, 0.0
    for octave in range(octaves):
        if octave and cell_m < FINEST_CELL_TEXELS * grid.texel_m:
            break
        total += np.float32(weight) * (noise(grid, cell_m, seed + 101 * octave) - np.float32(0.5))
        weights += weight
        cell_m, weight = 0.5 * cell_m, 0.62 * weight
    return total * np.float32(1.6 / weights) + np.float32(0.5)


def step(values: FloatArray, start: float, end: float) -> FloatArray:
    """Smooth ramp from 0 at ``start`` to 1 at ``end`` (which may lie below ``start``)."""
    share = np.clip((values - np.float32(start)) * np.float32(1.0 / (end - start)), 0.0, 1.0)
    ramp: FloatArray = share * share * (3 - 2 * share)
    return ramp


def mix(below: FloatArray, above: FloatArray, share: FloatArray) -> FloatArray:
    """Blend colours (..., 3) by a share (H, W): 0 keeps ``below``."""
    mixed: FloatArray = (above - below) * share[..., None]
    mixed += below
    return mixed


@dataclass(frozen=True, kw_only=True)
class Courses:
    """Rows of blocks of irregular size, each row shifted against the next."""

    length_m: float
    height_m: float
    irregularity: float = 0.35
    """0: all alike; below 1."""


def courses(grid: Grid, style: Courses, seed: int) -> Cells:
    """Blocks laid in courses, one course every ``height_m``."""
    row_edges, rows = _edges(grid.v_m, style.height_m, style.irregularity * 0.4, seed)
    row = np.searchsorted(row_edges, grid.v_m, side="right") - 1
    from_row = np.minimum(grid.v_m - row_edges[row], row_edges[row + 1] - grid.v_m)
    border = np.empty((len(rows), len(grid.u_m)), dtype=np.float32)
    key = np.empty((len(rows), len(grid.u_m)), dtype=np.uint32)
    for index, number in enumerate(rows):
        if not np.any(row == index):
            continue
        row_seed = int(hash_cells(np.array([number]), np.array([7]), seed)[0])
        shifted = grid.u_m + float(row_seed % 997) * style.length_m
        edges, columns = _edges(shifted, style.length_m, style.irregularity, row_seed)
        column = np.searchsorted(edges, shifted, side="right") - 1
        border[index] = np.minimum(shifted - edges[column], edges[column + 1] - shifted)
        key[index] = hash_cells(columns[column], number[None], row_seed)
    nearest = np.minimum(border[row], from_row.astype(np.float32)[:, None])
    return Cells(nearest, key[row])


def rings(grid: Grid, stone_m: float, seed: int, *, start_m: float = 0.0) -> Cells:
    """Stones in rings around (0, 0); the ring count starts at radius ``start_m``."""
    u, v = grid.u_m.astype(np.float32)[None, :], grid.v_m.astype(np.float32)[:, None]
    radius = np.sqrt(u * u + v * v)
    position = (radius - np.float32(start_m)) / np.float32(stone_m)
    ring = np.floor(position)
    middle_m = np.maximum(start_m + (ring + 0.5) * stone_m, 0.5 * stone_m).astype(np.float32)
    stones = np.maximum(np.round(2 * np.pi * middle_m / (1.25 * stone_m)), 3).astype(np.float32)
    ring_key = hash_cells(ring.astype(np.int32), np.array([3]), seed)
    turn = np.arctan2(u, -v) / np.float32(2 * np.pi) + np.float32(0.5)
    along = turn * stones + unit(ring_key)
    number = np.floor(along)
    across_m = (0.5 - np.abs(position - ring - 0.5)) * stone_m
    along_m = (0.5 - np.abs(along - number - 0.5)) * (2 * np.pi * middle_m / stones)
    wrapped = np.mod(number, stones).astype(np.int32)
    key = hash_cells(wrapped, ring.astype(np.int32), seed)
    return Cells(np.minimum(across_m, along_m).astype(np.float32), key)


def spots(
    grid: Grid, cell_m: float, seed: int, *, share: float = 0.5, slender: float = 1.0
) -> FloatArray:
    """Spots (H, W): 1 inside, 0 outside; ``share`` of the cells have one each.

    ``slender`` above 1 makes ellipses, lying along u or along v by chance.
    """
    i, j = np.floor(grid.u_m / cell_m), np.floor(grid.v_m / cell_m)
    columns, column = np.unique(i, return_inverse=True)
    rows, row = np.unique(j, return_inverse=True)
    key = hash_cells(columns.astype(np.int64)[None, :], rows.astype(np.int64)[:, None], seed)
    radius = 0.12 + 0.26 * unit(key, 1) ** 2
    margin = radius + 0.04
    centre_u = margin + (1 - 2 * margin) * unit(key, 2)
    centre_v = margin + (1 - 2 * margin) * unit(key, 3)
    radius = np.where(unit(key, 4) < share, radius, np.float32(-1.0))
    du = ((grid.u_m / cell_m - i).astype(np.float32) - centre_u[:, column])[row]
    dv = (grid.v_m / cell_m - j).astype(np.float32)[:, None] - centre_v[:, column][row]
    if slender > 1.0:
        lies_along_u = (unit(key, 5) < 0.5)[:, column][row]
        du *= np.where(lies_along_u, np.float32(1.0), np.float32(slender))
        dv *= np.where(lies_along_u, np.float32(slender), np.float32(1.0))
    soft = np.float32(max(grid.texel_m / cell_m, 0.02))
    away: FloatArray = np.sqrt(du * du + dv * dv) - radius[:, column][row]
    covered: FloatArray = np.clip(np.float32(0.5) - away / soft, 0.0, 1.0)
    return covered


def _lattice(positions_m: FloatArray, cell_m: float) -> tuple[IntArray, FloatArray]:
    """Cell number and smooth blend weight towards the next cell, each (N,)."""
    scaled = positions_m / cell_m
    cell = np.floor(scaled)
    fraction = (scaled - cell).astype(np.float32)
    return cell.astype(np.int64), fraction * fraction * (3 - 2 * fraction)


def _edges(
    positions_m: FloatArray, length_m: float, irregularity: float, seed: int
) -> tuple[FloatArray, IntArray]:
    """Joints (K + 1,) that enclose all positions, jittered, and the K cells' numbers."""
    first = int(np.floor(positions_m.min() / length_m)) - 1
    last = int(np.floor(positions_m.max() / length_m)) + 2
    numbers = np.arange(first, last + 1)
    jitter = (unit(hash_cells(numbers, np.array([11]), seed)) - 0.5) * irregularity
    return (numbers + jitter) * length_m, numbers[:-1]
