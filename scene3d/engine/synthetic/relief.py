"""The scene "relief": a gently waved, richly decorated wall with objects on a floor before it.

Everything follows from the seed: two reliefs have neither texture nor layout in common.
"""

from functools import partial

import numpy as np

from scene3d.engine.synthetic import finishes
from scene3d.engine.synthetic.cameras import Viewpoint
from scene3d.engine.synthetic.ornaments import (
    PALETTES,
    Frieze,
    Picture,
    paint_frieze,
    paint_picture,
)
from scene3d.engine.synthetic.patterns import Grid, Layer, Material, mix, step
from scene3d.engine.synthetic.solids import ball, box, level, turned
from scene3d.engine.synthetic.surfaces import Rectangle, Relief, Surface, Vector, Wave

WALL_SIZE_M = (7.6, 4.2)
SWEEP_DEG = 64.0
DISTANCE_M = 4.6

LOWER = (finishes.ASHLAR, finishes.RUBBLE, finishes.BRICK)
UPPER = (
    finishes.TEAL_PLASTER,
    finishes.OCHRE_PLASTER,
    finishes.ROSE_PLASTER,
    finishes.CREAM_PLASTER,
)
SMALL = (
    finishes.BRICK,
    finishes.TEAL_PLASTER,
    finishes.OCHRE_PLASTER,
    finishes.CRATE_WOOD,
    finishes.RUBBLE,
)


def surfaces(seed: int) -> list[Surface]:
    rng = np.random.default_rng([seed, 1])
    width_m, height_m = WALL_SIZE_M
    wall = Relief(
        corner=(-0.5 * width_m, 0.0, 0.0),
        axis_u=(1.0, 0.0, 0.0),
        axis_v=(0.0, 0.0, 1.0),
        outline=Rectangle(0.0, 0.0, width_m, height_m),
        material=partial(_paint_bands, _bands(rng)),
        waves=(
            Wave(0.11, float(rng.uniform(1.4, 2.2)), 0.7, float(rng.uniform(0, 6.28))),
            Wave(0.05, -1.2, float(rng.uniform(2.0, 2.8)), float(rng.uniform(0, 6.28))),
        ),
    )
    floor = level((0.0, -1.0, 0.0), Rectangle(-4.0, -1.3, 4.0, 1.4), finishes.FLAGSTONES)
    return [wall, floor, *_objects(rng)]


def viewpoints(num_photos: int, seed: int) -> list[Viewpoint]:
    """Along an arc before the wall, at two heights in turn, aimed at slightly different points."""
    rng = np.random.default_rng([seed, 2])
    half_deg = 0.5 * SWEEP_DEG
    angles_deg = np.linspace(-half_deg, half_deg, num_photos)
    if num_photos == 1:
        angles_deg = rng.uniform(-half_deg, half_deg, size=1)
    views = []
    for index, angle_deg in enumerate(angles_deg):
        angle = np.radians(angle_deg)
        distance_m = DISTANCE_M + rng.uniform(-0.25, 0.25)
        height_m = (1.35, 1.95)[index % 2] + rng.uniform(-0.1, 0.1)
        eye = (float(distance_m * np.sin(angle)), float(-distance_m * np.cos(angle)), height_m)
        target = (float(rng.uniform(-0.3, 0.3)), -0.3, float(rng.uniform(1.35, 1.6)))
        views.append(Viewpoint(eye=eye, target=target, roll_deg=float(rng.uniform(-2, 2))))
    return views


Band = tuple[Material, float, float]
"""A material and the heights between which it covers the wall, metres."""


def _bands(rng: np.random.Generator) -> tuple[Band, ...]:
    """Masonry below, a frieze of tiles, plaster above."""
    low_m = float(rng.uniform(0.9, 1.5))
    high_m = low_m + float(rng.uniform(0.45, 0.75))
    return (
        (_any(rng, LOWER), -1.0, low_m),
        (_frieze(rng), low_m, high_m),
        (_any(rng, UPPER), high_m, 9.0),
    )


def _frieze(rng: np.random.Generator) -> Material:
    ground, figure, edge = (int(index) for index in rng.permutation(len(PALETTES))[:3])
    style = Frieze(
        tile_m=float(rng.uniform(0.05, 0.08)),
        ground=ground,
        figure=figure,
        edge=edge,
        period_tiles=int(rng.integers(7, 14)),
    )
    return partial(paint_frieze, style)


def _paint_bands(bands: tuple[Band, ...], grid: Grid, seed: int) -> Layer:
    colour = np.zeros((*grid.shape, 3), dtype=np.float32)
    height = np.zeros(grid.shape, dtype=np.float32)
    for number, (material, low_m, high_m) in enumerate(bands):
        inside = step(grid.v_m, low_m - 0.01, low_m + 0.01)
        inside = inside * step(grid.v_m, high_m + 0.01, high_m - 0.01)
        if not inside.any():
            continue
        layer = material(grid, seed + 1000 * number)
        share = np.broadcast_to(inside.astype(np.float32)[:, None], grid.shape)
        colour = mix(colour, layer.colour, share)
        height = height + (layer.height_m - height) * share
    return Layer(colour, height)


def _objects(rng: np.random.Generator) -> list[Surface]:
    """A row of objects in random order and size, clear of the wall and of each other."""
    makers = (_ball, _jar, _painted_box, _stack)
    made: list[Surface] = []
    for place, kind in enumerate(rng.permutation(len(makers)).tolist()):
        x = -2.1 + 1.4 * place + float(rng.uniform(-0.2, 0.2))
        base = (x, float(rng.uniform(-1.15, -0.75)), 0.0)
        made.extend(makers[kind](rng, base, float(rng.uniform(0.55, 0.85))))
    return made


def _ball(rng: np.random.Generator, base: Vector, size_m: float) -> list[Surface]:
    x, y, _ = base
    return [ball((x, y, 0.5 * size_m), 0.5 * size_m, _any(rng, SMALL))]


def _jar(rng: np.random.Generator, base: Vector, size_m: float) -> list[Surface]:
    profile = [(0.2, 0.0), (0.36, 0.35), (0.42, 0.7), (0.2, 1.05), (0.26, 1.2)]
    belly = float(rng.uniform(0.8, 1.1))
    return turned(base, [(r * size_m * belly, h * size_m) for r, h in profile], finishes.POTTERY)


def _painted_box(rng: np.random.Generator, base: Vector, size_m: float) -> list[Surface]:
    picture = Picture(
        width_m=size_m,
        height_m=0.8 * size_m,
        tile_m=0.045,
        rays=int(rng.integers(5, 15)),
        shift=int(rng.integers(len(PALETTES))),
    )
    size = (size_m, size_m, 0.8 * size_m)
    return box(base, size, partial(paint_picture, picture), turn_deg=float(rng.uniform(-40, 40)))


def _stack(rng: np.random.Generator, base: Vector, size_m: float) -> list[Surface]:
    x, y, _ = base
    turn_deg = float(rng.uniform(-40, 40))
    size = (size_m, 0.8 * size_m, 0.7 * size_m)
    lower = box(base, size, _any(rng, SMALL), turn_deg=turn_deg)
    small = (0.5 * size_m, 0.5 * size_m, 0.5 * size_m)
    upper = box((x, y, 0.7 * size_m), small, _frieze(rng), turn_deg=-turn_deg)
    return [*lower, *upper]


def _any(rng: np.random.Generator, materials: tuple[Material, ...]) -> Material:
    return materials[int(rng.integers(len(materials)))]
