"""Ornaments of small tiles: the mosaic floor, friezes, a tiled dome, painted pottery."""

from dataclasses import dataclass

import numpy as np

from scene3d.engine.synthetic.arrays import FloatArray, IntArray
from scene3d.engine.synthetic.patterns import (
    Courses,
    Grid,
    Layer,
    Material,
    courses,
    fractal,
    hash_cells,
    mix,
    rgb,
    rings,
    spots,
    step,
    unit,
)

TEAL = rgb("#155e63", "#1f7a7a", "#2d9a94", "#5bb5a8")
OCHRE = rgb("#b9801f", "#d39a2d", "#e2b552")
TERRACOTTA = rgb("#8f3f26", "#b5593a", "#cf7650")
CREAM = rgb("#c9b58c", "#dac8a2", "#e6d8b8")
NAVY = rgb("#16313f", "#1f4556", "#2a5a6b")
PALETTES = (TEAL, OCHRE, TERRACOTTA, CREAM, NAVY)


@dataclass(frozen=True, kw_only=True)
class Frieze:
    """Bands of square tiles around something; motifs repeat, the tiles themselves never do."""

    tile_m: float = 0.05
    ground: int = 0
    """Index into ``PALETTES``."""
    figure: int = 1
    edge: int = 3
    period_tiles: int = 12


@dataclass(frozen=True, kw_only=True)
class Floor:
    """A round mosaic in a field of flagstones, all around (0, 0)."""

    mosaic_radius_m: float
    flagstones: Material
    rays: int = 16


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A tiled panel with a sun, from (0, 0) to its width and height."""

    width_m: float
    height_m: float
    tile_m: float
    rays: int = 14
    shift: int = 0
    """Added to every palette's index: the same sun in other colours."""


def paint_frieze(style: Frieze, grid: Grid, seed: int) -> Layer:
    i, j, border = _tiles(grid, style.tile_m)
    period = style.period_tiles
    phase = np.mod(i, period)
    zigzag = np.abs(phase - period / 2)[None, :] - np.mod(j, period)[:, None]
    figure = np.where(np.abs(zigzag) <= 1.0, style.figure, style.ground)
    diamond = np.abs(phase - period / 2)[None, :] + np.abs(np.mod(j, period) - period / 2)[:, None]
    figure = np.where(diamond <= 2.0, style.edge, figure)
    return _tiled(figure, hash_cells(i[None, :], j[:, None], seed), border, (grid, seed))


def paint_dome(style: Frieze, grid: Grid, seed: int) -> Layer:
    """Scale-like tiles in bands of latitude, darker towards the top."""
    layout = Courses(length_m=3.2 * style.tile_m, height_m=2.4 * style.tile_m, irregularity=0.2)
    scales = courses(grid, layout, seed)
    band = np.floor(grid.v_m / (2.4 * style.tile_m)).astype(np.int64)
    figure = np.full(grid.shape, style.ground)
    figure[np.isin(np.mod(band, 7), (0,))] = style.figure
    figure[np.isin(np.mod(band, 7), (1,))] = style.edge
    odd = unit(scales.key, 21)
    figure = np.where((odd < 0.07) & (figure == style.ground), style.figure, figure)
    figure = np.where(odd > 0.93, 4, figure)
    layer = _tiled(figure, scales.key, scales.border_m, (grid, seed))
    bulge = np.clip(scales.border_m / np.float32(1.1 * style.tile_m), 0.0, 1.0)
    return Layer(layer.colour * (0.5 + 0.5 * bulge)[..., None], bulge * np.float32(0.03))


def paint_floor(style: Floor, grid: Grid, seed: int) -> Layer:
    flags = style.flagstones(grid, seed)
    u, v = grid.u_m.astype(np.float32)[None, :], grid.v_m.astype(np.float32)[:, None]
    radius = np.sqrt(u * u + v * v)
    if float(radius.min()) > style.mosaic_radius_m + 0.2:
        return flags
    stones = rings(grid, 0.15, seed + 1)
    share = radius / np.float32(style.mosaic_radius_m)
    angle = np.arctan2(u, -v) * np.float32(style.rays / (2 * np.pi))
    spoke = np.abs(angle - np.round(angle)) * 2
    figure = np.where(spoke < 1.02 - 1.25 * (share - 0.42) / 0.4, 1, 3)
    figure = np.where(spoke < 0.62 - 1.25 * (share - 0.42) / 0.4, 2, figure)
    figure = np.where(share > 0.84, 0, figure)
    wave = np.abs(np.mod(angle * 3, 1.0) - 0.5) * 0.12
    figure = np.where(np.abs(share - 0.90 + wave - 0.03) < 0.022, 3, figure)
    figure = np.where((share > 0.965) | (np.abs(share - 0.83) < 0.014), 4, figure)
    mosaic = _tiled(figure, stones.key, stones.border_m, (grid, seed + 2))
    rim = radius + 0.06 * (unit(stones.key, 31) - 0.5)
    inside = step(rim, style.mosaic_radius_m, style.mosaic_radius_m - 0.03)
    height = flags.height_m + (mosaic.height_m - flags.height_m) * inside
    return Layer(mix(flags.colour, mosaic.colour, inside), height)


def paint_picture(style: Picture, grid: Grid, seed: int) -> Layer:
    i, j, border = _tiles(grid, style.tile_m)
    u = ((i + 0.5) * style.tile_m - 0.5 * style.width_m)[None, :]
    v = ((j + 0.5) * style.tile_m - 0.56 * style.height_m)[:, None]
    radius, angle = np.hypot(u, v), np.arctan2(v, u)
    size = 0.5 * min(style.width_m, style.height_m)
    ray = np.abs(np.mod(angle * style.rays / (2 * np.pi), 1.0) - 0.5)
    figure = np.where(v < 0.16 * size * np.sin(4.5 * u / size) - 0.42 * size, 0, 3)
    figure = np.where((radius < size * (0.86 - 0.7 * ray)) & (figure == 3), 1, figure)
    figure = np.where((radius < 0.42 * size) & (figure != 0), 2, figure)
    figure = np.where((radius < 0.3 * size) & (figure == 2), 1, figure)
    ripple = np.mod(v + 0.09 * size * np.sin(6 * u / size), 0.24 * size) < 0.08 * size
    figure = np.where((figure == 0) & ripple, 4, figure)
    edge = 2.2 * style.tile_m
    inner_u = np.abs(u) < 0.5 * style.width_m - edge
    inner_v = np.abs(v + 0.06 * style.height_m) < 0.5 * style.height_m - edge
    figure = (np.where(inner_u & inner_v, figure, 4) + style.shift) % len(PALETTES)
    return _tiled(figure, hash_cells(i[None, :], j[:, None], seed), border, (grid, seed))


def paint_pottery(grid: Grid, seed: int) -> Layer:
    """Fired clay with painted bands, drips and chips."""
    fine = fractal(grid, 0.12, seed, octaves=5)
    colour = rgb("#bf6a3c") * (0.5 + fine)[..., None]
    wobble = 0.02 * (fine - 0.5)
    v = grid.v_m.astype(np.float32)[:, None] + wobble
    teeth = np.abs(np.mod(grid.u_m / 0.09, 1.0) - 0.5).astype(np.float32)[None, :] * 0.1
    band = np.mod(v + 0.03, 0.19)
    colour = mix(colour, NAVY[0], step(np.abs(band - 0.09), 0.022, 0.016))
    colour = mix(colour, CREAM[1], step(np.abs(band - 0.045 - teeth), 0.012, 0.006))
    colour = mix(colour, CREAM[0], spots(grid, 0.07, seed + 1, share=0.3) * 0.7)
    colour = mix(colour, rgb("#6d3520"), spots(grid, 0.11, seed + 2, share=0.4) * 0.7)
    return Layer(colour, fine * np.float32(0.006))


def _tiles(grid: Grid, tile_m: float) -> tuple[IntArray, IntArray, FloatArray]:
    """Column (W,) and row (H,) of square tiles and the distance to their border (H, W)."""
    i, j = np.floor(grid.u_m / tile_m), np.floor(grid.v_m / tile_m)
    from_u = 0.5 - np.abs(grid.u_m / tile_m - i - 0.5)
    from_v = 0.5 - np.abs(grid.v_m / tile_m - j - 0.5)
    border = np.minimum(from_u[None, :], from_v[:, None]) * tile_m
    return i.astype(np.int64), j.astype(np.int64), border.astype(np.float32)


def _tiled(figure: IntArray, key: IntArray, border_m: FloatArray, place: tuple[Grid, int]) -> Layer:
    """Tiles coloured from the palette that ``figure`` (H, W) names, each with its own shade."""
    grid, seed = place
    rough = fractal(grid, 0.3, seed + 1, octaves=6)
    colour = np.empty((*grid.shape, 3), dtype=np.float32)
    shade = unit(key, 13)
    for index, palette in enumerate(PALETTES):
        chosen = figure == index
        which = np.minimum((shade[chosen] * len(palette)).astype(np.intp), len(palette) - 1)
        colour[chosen] = palette[which]
    missing = step(fractal(grid, 0.8, seed + 2, octaves=5), 0.24, 0.27)
    tone = (0.68 + 0.64 * unit(key, 17)) * (0.62 + 0.76 * rough)
    colour = mix(rgb("#a08b6c") * (0.4 + rough)[..., None], colour * tone[..., None], missing)
    face = step(border_m + 0.006 * (rough - 0.5), 0.002, 0.004 + grid.texel_m)
    colour = mix(rgb("#7d6f5a") * (0.4 + rough)[..., None], colour, face)
    return Layer(colour, (face * missing) * np.float32(0.005) + rough * np.float32(0.006))
