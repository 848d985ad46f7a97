"""Building materials: stone, brick, plaster, wood, roof tiles, leaves, cloth, glass.

Each ``paint_…`` function takes a frozen style, a grid and a seed; bind the style with
``functools.partial`` to get a ``Material``.
"""

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
    mix,
    noise,
    rgb,
    spots,
    step,
    unit,
)

LITTER = (
    (0.21, 0.52, rgb("#5a4a35")),
    (0.16, 0.55, rgb("#a5512f")),
    (0.12, 0.58, rgb("#54663a")),
    (0.1, 0.6, rgb("#b04a6a")),
)
"""Cell size in metres, from which density on, colour."""
LICHEN = rgb("#8f8a52", "#c9a545", "#6c7358")


@dataclass(frozen=True, kw_only=True, eq=False)
class Masonry:
    """Blocks or bricks in courses."""

    layout: Courses
    palette: FloatArray
    """(K, 3); every block gets its own blend of two neighbours."""
    mortar: FloatArray
    joint_m: float
    relief_m: float = 0.008
    lichen: float = 0.0
    """Share of the surface where lichen may grow, 0 to 1."""
    flute_m: float = 0.0
    """Width of vertical flutes, 0 for none (columns)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Plaster:
    """Weathered plaster that has fallen off in places."""

    colours: FloatArray
    """(2, 3): fresh and faded."""
    under: Material
    fallen: float = 0.3
    """0: whole; 0.5: half of the wall is bare."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Planks:
    """Painted boards, upright."""

    paint: FloatArray
    wood: FloatArray
    width_m: float = 0.13
    worn: float = 0.35


@dataclass(frozen=True, kw_only=True, eq=False)
class Stripes:
    """Cloth striped along v."""

    colours: FloatArray
    """(K, 3), repeated in turn."""
    width_m: float = 0.3


@dataclass(frozen=True, kw_only=True, eq=False)
class Pane:
    """A window with frame and bars, from (0, 0) to its width and height."""

    width_m: float
    height_m: float
    frame: FloatArray
    bars: tuple[int, int] = (2, 3)


def pick(palette: FloatArray, key: IntArray) -> FloatArray:
    """Colours (H, W, 3): for every key a blend of two neighbours of the palette (K, 3)."""
    position = unit(key, 9) * np.float32(len(palette) - 1)
    index = np.minimum(position.astype(np.intp), len(palette) - 2)
    return mix(palette[index], palette[index + 1], position - index)


def paint_masonry(style: Masonry, grid: Grid, seed: int) -> Layer:
    cells = courses(grid, style.layout, seed)
    rough = fractal(grid, 0.3, seed + 1, octaves=6)
    border = cells.border_m + (rough - 0.5) * np.float32(1.8 * style.joint_m)
    face = step(border, 0.4 * style.joint_m, 0.6 * style.joint_m + grid.texel_m)
    tone = (0.8 + 0.4 * unit(cells.key, 5)) * (0.5 + rough)
    tone *= 0.75 + 0.5 * fractal(grid, 2.2, seed + 2, octaves=3)
    tone *= pits(grid, seed + 20)
    colour = mix(style.mortar, pick(style.palette, cells.key), face)
    colour *= tone[..., None]
    if style.lichen > 0:
        colour = _with_lichen(colour, grid, seed + 40, style.lichen)
    height = face * np.float32(style.relief_m) + rough * np.float32(0.012)
    if style.flute_m > 0:
        wave = np.abs(np.sin(grid.u_m * (np.pi / style.flute_m))).astype(np.float32)
        height = height + wave * np.float32(0.2 * style.flute_m)
        colour = colour * (0.72 + 0.28 * np.sqrt(wave))[None, :, None]
    return Layer(colour, height)


def paint_plaster(style: Plaster, grid: Grid, seed: int) -> Layer:
    under = style.under(grid, seed + 300)
    large = fractal(grid, 1.7, seed, octaves=5)
    fine = fractal(grid, 0.16, seed + 1, octaves=5)
    edge = 0.2 + 0.6 * style.fallen
    whole = step(large + 0.12 * (fine - 0.5), edge, edge + 0.012)
    rim = whole * step(large + 0.12 * (fine - 0.5), edge + 0.035, edge + 0.012)
    faded = step(fractal(grid, 0.9, seed + 2), 0.35, 0.65)
    colour = mix(style.colours[0], style.colours[1], faded)
    streaks = noise(grid, 0.09, seed + 3, stretch_v=14.0) * noise(grid, 0.7, seed + 4)
    tone = (0.62 + 0.75 * fine) * (1.08 - 0.45 * streaks)
    cracks = step(np.abs(noise(grid, 0.55, seed + 5) + 0.3 * fine - 0.65), 0.006, 0.016)
    tone *= (0.45 + 0.55 * cracks) * pits(grid, seed + 20)
    colour *= tone[..., None]
    colour = mix(colour, rgb("#efe6d2") * 0.85, 0.55 * rim)
    height = mix(under.height_m[..., None], (fine * 0.012 + 0.03)[..., None], whole)[..., 0]
    return Layer(mix(under.colour, colour, whole), height)


def paint_planks(style: Planks, grid: Grid, seed: int) -> Layer:
    layout = Courses(length_m=style.width_m, height_m=50.0, irregularity=0.25)
    boards = courses(grid, layout, seed)
    grain = fractal(grid, 0.12, seed + 1) * 0.4
    grain = grain + 0.6 * noise(grid, 0.012, seed + 2, stretch_v=18.0)
    face = step(boards.border_m, 0.003, 0.006 + grid.texel_m)
    bare = step(fractal(grid, 0.22, seed + 3, octaves=5), 0.75 - 0.6 * style.worn, 0.7)
    wood = style.wood * (0.5 + grain)[..., None]
    tone = (0.75 + 0.5 * unit(boards.key, 1)) * (0.7 + 0.55 * grain)
    colour = mix(style.paint * tone[..., None], wood, 0.85 * bare)
    nails = spots(grid, 0.13, seed + 4, share=0.25)
    colour = colour * (face * (1 - 0.6 * nails) * 0.8 + 0.2)[..., None]
    return Layer(colour, face * np.float32(0.006) + grain * np.float32(0.003))


def paint_roof_tiles(grid: Grid, seed: int) -> Layer:
    layout = Courses(length_m=0.2, height_m=0.34, irregularity=0.12)
    tiles = courses(grid, layout, seed)
    rough = fractal(grid, 0.2, seed + 1, octaves=5)
    curve = np.clip(tiles.border_m / np.float32(0.1), 0.0, 1.0)
    bulge = np.sqrt(1 - (1 - curve) ** 2)
    palette = rgb("#8c4229", "#b9603c", "#cf7d52", "#a34f33", "#d79a6d", "#93452c")
    tone = (0.7 + 0.6 * unit(tiles.key, 5)) * (0.5 + rough) * (0.35 + 0.65 * bulge)
    colour = _with_lichen(pick(palette, tiles.key) * tone[..., None], grid, seed + 40, 0.35)
    return Layer(colour, bulge * np.float32(0.03) + rough * np.float32(0.006))


def paint_foliage(grid: Grid, seed: int) -> Layer:
    clump = fractal(grid, 0.35, seed, octaves=4)
    colour = mix(rgb("#1d2b17"), rgb("#41592a"), clump)
    height = clump * np.float32(0.06)
    greens = rgb("#33491f", "#53702f", "#7c9440", "#a3b35a", "#c6c97c")
    for index, green in enumerate(greens):
        cell_m = 0.14 - 0.02 * index
        leaf = spots(grid, cell_m, seed + 10 + index, share=0.8 - 0.08 * index)
        leaf = leaf * step(clump, 0.2 + 0.06 * index, 0.5 + 0.06 * index)
        colour = mix(colour, green, leaf)
        height = height + leaf * np.float32(0.02)
    return Layer(colour, height)


def paint_stripes(style: Stripes, grid: Grid, seed: int) -> Layer:
    wave = (noise(grid, 0.5, seed) - 0.5) * np.float32(0.03)
    position = (grid.u_m.astype(np.float32)[None, :] + wave) / np.float32(style.width_m)
    stripe = np.floor(position)
    colour = style.colours[np.mod(stripe, len(style.colours)).astype(np.intp)]
    fine = fractal(grid, 0.15, seed + 1, octaves=5)
    dirt = fractal(grid, 0.8, seed + 2, octaves=4)
    seam = step(np.abs(position - np.round(position)), 0.0, 0.05)
    colour = colour * ((0.6 + 0.75 * fine) * (0.7 + 0.3 * seam))[..., None]
    patches = spots(grid, 0.27, seed + 3, share=0.35)
    colour = mix(colour, rgb("#b59b78"), 0.6 * step(dirt, 0.55, 0.72) + 0.3 * patches)
    return Layer(colour, fine * np.float32(0.01))


def paint_pane(style: Pane, grid: Grid, seed: int) -> Layer:
    u, v = grid.u_m / style.width_m, grid.v_m / style.height_m
    across = _from_bars(u, style.bars[0]) * style.width_m
    along = _from_bars(v, style.bars[1]) * style.height_m
    bar = np.minimum(across[None, :], along[:, None]).astype(np.float32)
    glass = step(bar, 0.028, 0.028 + grid.texel_m)
    fine = fractal(grid, 0.2, seed, octaves=5)
    curtain = step(noise(grid, 0.06, seed + 1, stretch_v=30.0) + fine, 0.9, 1.15)
    sky = mix(rgb("#10181c"), rgb("#47606b"), 0.6 * v.astype(np.float32)[:, None] + 0 * fine)
    pane = mix(sky * (0.5 + fine)[..., None], rgb("#cbbf9f"), 0.45 * curtain)
    frame = style.frame * (0.6 + 0.7 * fine)[..., None]
    return Layer(mix(frame, pane, glass), (1 - glass) * np.float32(0.015))


def _from_bars(share: FloatArray, panes: int) -> FloatArray:
    """Distance to the nearest of ``panes + 1`` bars, as a share of the whole."""
    nearest: FloatArray = np.abs(share - np.clip(np.round(share * panes), 0, panes) / panes)
    return nearest


def paint_litter(under: Material, grid: Grid, seed: int) -> Layer:
    """Petals, leaves and stains that the wind has gathered on a floor."""
    layer = under(grid, seed)
    gathered = fractal(grid, 0.8, seed + 600, octaves=5)
    stain = step(fractal(grid, 0.55, seed + 601, octaves=5), 0.56, 0.68)
    colour = layer.colour * (1 - 0.5 * stain)[..., None]
    height = layer.height_m
    for index, (cell_m, start, petal) in enumerate(LITTER):
        place = step(gathered, start, start + 0.2)
        if not place.any():
            continue
        petals = place * spots(grid, cell_m, seed + 610 + index, share=0.5, slender=1.9)
        colour = mix(colour, petal, 0.9 * petals)
        height = height + petals * np.float32(0.01)
    return Layer(colour, height)


def pits(grid: Grid, seed: int) -> FloatArray:
    """Tone (H, W) of dark pits and pale grains of several sizes: corners and blobs to find."""
    place = step(fractal(grid, 0.5, seed, octaves=3), 0.3, 0.6)
    tone = np.ones_like(place)
    for index, (cell_m, shade) in enumerate(((0.19, -0.38), (0.085, -0.45), (0.04, 0.3))):
        if cell_m >= 4 * grid.texel_m:
            dots = spots(grid, cell_m, seed + 1 + index, share=0.3)
            tone *= 1 + np.float32(shade) * dots * place
    return tone


def _with_lichen(colour: FloatArray, grid: Grid, seed: int, share: float) -> FloatArray:
    place = step(fractal(grid, 0.9, seed, octaves=5), 0.85 - 0.6 * share, 0.92 - 0.6 * share)
    if not place.any():
        return colour
    for index, lichen in enumerate(LICHEN):
        dots = spots(grid, 0.16 - 0.04 * index, seed + 7 * index + 1, share=0.45)
        colour = mix(colour, lichen, 0.7 * dots * place)
    return colour
