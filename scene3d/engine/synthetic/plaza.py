"""The scene "plaza": a sunlit stone square above the sea, around a domed pavilion."""

from dataclasses import replace

import numpy as np

from scene3d.engine.synthetic import finishes, houses
from scene3d.engine.synthetic.cameras import Viewpoint
from scene3d.engine.synthetic.curved import Frustum, Spheroid
from scene3d.engine.synthetic.houses import House, Opening
from scene3d.engine.synthetic.solids import (
    Wall,
    ball,
    box,
    ceiling,
    drum,
    level,
    obelisk,
    turned,
)
from scene3d.engine.synthetic.surfaces import Arch, Rectangle, Ring, Surface, Vector

LEFT_M, RIGHT_M, BACK_M, FRONT_M = -9.5, 9.5, 8.0, -9.8
WINGS_FRONT_M = -4.4
"""Where the houses on the left and right end and the parapets begin."""

BRICK_SET_BACK_M = 0.35

SWEEP_DEG = 200.0
EYE_HEIGHTS_M = (1.75, 4.3)
AIM_HEIGHTS_M = (2.35, 1.7)
LOW_SHARE = 0.4
"""Of the photos; the higher, denser ring sees the ground at angles where it can be matched."""
STEP_RADII_M = (2.95, 2.55, 2.15)
STEP_HEIGHT_M = 0.18
NUM_COLUMNS = 8
COLUMN_HEIGHT_M = 2.35


def surfaces(seed: int) -> list[Surface]:
    """All surfaces. The seed changes the textures, not the architecture."""
    del seed
    ground = Rectangle(LEFT_M - 2.2, FRONT_M - 0.4, RIGHT_M, BACK_M + 1.9)
    mosaic = Rectangle(-5.3, -5.3, 5.3, 5.3)
    return [
        level((0.0, 0.0, 0.0), mosaic, finishes.FLOOR),
        replace(level((0.0, 0.0, 0.0), ground, finishes.PAVING), holes=(mosaic,)),
        *_pavilion(),
        *_back_row(),
        *_left_wing(),
        *_right_wing(),
        *_parapets(),
        *_furniture(),
    ]


def viewpoints(num_photos: int, seed: int) -> list[Viewpoint]:
    """A walk along an arc around the pavilion and back again with the camera held higher.

    Neighbours overlap well from about 20 photos on.
    """
    rng = np.random.default_rng([seed, 2])
    num_low = round(LOW_SHARE * num_photos)
    half_deg = 0.5 * SWEEP_DEG
    there = np.linspace(-half_deg, half_deg, num_low)
    inset_deg = SWEEP_DEG / max(num_photos, 2)
    back = np.linspace(half_deg - inset_deg, inset_deg - half_deg, num_photos - num_low)
    views = []
    for index, angle_deg in enumerate([*there, *back]):
        angle = np.radians(angle_deg + rng.uniform(-1.5, 1.5))
        distance_m = rng.uniform(7.8, 8.5)
        ring = int(index >= num_low)
        height_m = EYE_HEIGHTS_M[ring] + rng.uniform(-0.12, 0.12)
        eye = (float(distance_m * np.sin(angle)), float(-distance_m * np.cos(angle)), height_m)
        aside = rng.uniform(-0.9, 0.9)
        target = (
            float(aside * np.cos(angle)),
            float(aside * np.sin(angle)),
            AIM_HEIGHTS_M[ring] + float(rng.uniform(-0.15, 0.15)),
        )
        views.append(Viewpoint(eye=eye, target=target, roll_deg=float(rng.uniform(-1.5, 1.5))))
    return views


def _pavilion() -> list[Surface]:
    made: list[Surface] = []
    for index, radius_m in enumerate(STEP_RADII_M):
        base = (0.0, 0.0, index * STEP_HEIGHT_M)
        finish = (finishes.STEP_STONE, finishes.FLAGSTONES)
        made.extend(drum(base, radius_m, STEP_HEIGHT_M, finish))
    floor_m = len(STEP_RADII_M) * STEP_HEIGHT_M
    for index in range(NUM_COLUMNS):
        angle = 2 * np.pi * (index + 0.5) / NUM_COLUMNS
        foot = (1.72 * float(np.sin(angle)), -1.72 * float(np.cos(angle)), floor_m)
        made.extend(_column(foot))
    made.extend(_roof(floor_m + COLUMN_HEIGHT_M))
    made.extend(_urn(floor_m))
    return made


def _column(foot: Vector) -> list[Surface]:
    x, y, z = foot
    top_m = COLUMN_HEIGHT_M - 0.22
    foot_profile = [(0.235, 0.0), (0.235, 0.07), (0.2, 0.1), (0.2, 0.14), (0.165, 0.14)]
    head_profile = [(0.145, top_m), (0.22, top_m + 0.1), (0.24, top_m + 0.1)]
    head_profile += [(0.24, COLUMN_HEIGHT_M)]
    shaft = Frustum(
        centre=(x, y, z + 0.14),
        bottom_radius_m=0.165,
        top_radius_m=0.145,
        height_m=top_m - 0.14,
        material=finishes.COLUMN_STONE,
    )
    return [
        shaft,
        *turned(foot, foot_profile, finishes.DRESSED),
        *turned(foot, head_profile, finishes.DRESSED),
    ]


def _roof(base_m: float) -> list[Surface]:
    """Ring beam with a tiled frieze, cornice and dome."""
    centre = (0.0, 0.0, base_m)
    beam = [(2.0, 0.0), (2.0, 0.08), (1.96, 0.08)]
    cornice = [(1.96, 0.43), (2.14, 0.51), (2.14, 0.58), (1.84, 0.58)]
    frieze = Frustum(
        centre=(0.0, 0.0, base_m + 0.08),
        bottom_radius_m=1.96,
        top_radius_m=1.96,
        height_m=0.35,
        material=finishes.FRIEZE,
    )
    inner = Frustum(
        centre=centre,
        bottom_radius_m=1.5,
        top_radius_m=1.5,
        height_m=0.58,
        inside=True,
        material=finishes.DRESSED,
    )
    return [
        frieze,
        inner,
        ceiling(centre, Ring(1.5, 2.0), finishes.DRESSED),
        *turned(centre, beam, finishes.DRESSED),
        *turned(centre, cornice, finishes.DRESSED),
        *_dome((0.0, 0.0, base_m + 0.58)),
    ]


def _dome(centre: Vector) -> list[Surface]:
    outer = Spheroid(
        centre=centre,
        radius_m=1.84,
        half_height_m=1.5,
        latitudes_deg=(0.0, 90.0),
        material=finishes.DOME,
    )
    inner = replace(
        outer, radius_m=1.5, half_height_m=1.3, inside=True, material=finishes.ROSE_PLASTER
    )
    finial = [(0.16, 1.46), (0.16, 1.54), (0.05, 1.6), (0.05, 1.64), (0.13, 1.72), (0.13, 1.8)]
    finial += [(0.04, 1.88), (0.005, 2.2)]
    return [outer, inner, *turned(centre, finial, finishes.GILT)]


def _urn(floor_m: float) -> list[Surface]:
    pedestal = box((0.0, 0.0, floor_m), (0.66, 0.66, 0.75), finishes.BENCH_TILES, turn_deg=22.5)
    profile = [(0.14, 0.0), (0.1, 0.08), (0.2, 0.25), (0.3, 0.5), (0.29, 0.65), (0.13, 0.85)]
    profile += [(0.11, 0.93), (0.18, 1.0)]
    return [*pedestal, *turned((0.0, 0.0, floor_m + 0.75), profile, finishes.POTTERY)]


def _back_row() -> list[Surface]:
    cream = _cream_house()
    shade = houses.awning(cream.wall, Rectangle(0.5, 2.35, 3.3, 2.85), 1.5)
    return [*houses.row([_ochre_house(), _brick_house(), cream]), *shade]


def _back_wall(left_m: float, set_back_m: float = 0.0) -> Wall:
    return Wall(corner=(left_m, BACK_M + set_back_m, 0.0), heading_deg=-90.0)


def _ochre_house() -> House:
    return House(
        wall=_back_wall(LEFT_M),
        width_m=5.9,
        height_m=5.0,
        finish=finishes.OCHRE_PLASTER,
        openings=(
            Opening(left_m=2.5, bottom_m=0.0, width_m=1.1, height_m=2.2, leaf=finishes.TEAL_WOOD),
            Opening(left_m=1.1, bottom_m=3.0, width_m=0.9, height_m=1.25, leaf=finishes.TEAL_WOOD),
            Opening(left_m=3.9, bottom_m=3.0, width_m=0.9, height_m=1.25, leaf=finishes.TEAL_WOOD),
            Opening(left_m=4.5, bottom_m=1.05, width_m=0.75, height_m=1.0),
        ),
    )


def _brick_house() -> House:
    windows = tuple(
        Opening(left_m=left_m, bottom_m=3.9, width_m=0.85, height_m=1.4, leaf=finishes.BLUE_WOOD)
        for left_m in (1.15, 3.18, 5.2)
    )
    return House(
        wall=_back_wall(-4.0, BRICK_SET_BACK_M),
        width_m=7.2,
        height_m=6.3,
        finish=finishes.BRICK,
        arches=(Arch(2.6, 4.6, 0.0, 2.0),),
        arch_depth_m=1.4,
        openings=windows,
    )


def _cream_house() -> House:
    return House(
        wall=_back_wall(2.8),
        width_m=6.7,
        height_m=4.6,
        finish=finishes.CREAM_PLASTER,
        openings=(
            Opening(left_m=1.0, bottom_m=1.0, width_m=1.5, height_m=1.2, leaf=finishes.BROWN_WOOD),
            Opening(left_m=4.4, bottom_m=0.0, width_m=1.05, height_m=2.15, leaf=finishes.BLUE_WOOD),
            Opening(left_m=1.3, bottom_m=3.0, width_m=0.8, height_m=1.0, leaf=finishes.TEAL_WOOD),
            Opening(left_m=4.5, bottom_m=3.0, width_m=0.8, height_m=1.0, leaf=finishes.TEAL_WOOD),
        ),
    )


def _left_wing() -> list[Surface]:
    """An arcade in the shade."""
    length_m = BACK_M - WINGS_FRONT_M
    wall = Wall(corner=(LEFT_M, WINGS_FRONT_M, 0.0), heading_deg=0.0)
    arches = tuple(Arch(left, left + 1.9, 0.0, 1.7) for left in (0.75, 3.25, 5.75, 8.25))
    wing = House(
        wall=wall,
        width_m=length_m,
        height_m=3.9,
        finish=finishes.ASHLAR,
        arches=arches,
        arch_depth_m=2.0,
    )
    return houses.build(wing)


def _right_wing() -> list[Surface]:
    """A sunny house with a tiled picture."""
    length_m = BACK_M - WINGS_FRONT_M
    wall = Wall(corner=(RIGHT_M, BACK_M, 0.0), heading_deg=180.0)
    wing = House(
        wall=wall,
        width_m=length_m,
        height_m=4.4,
        finish=finishes.ROSE_PLASTER,
        openings=(
            Opening(left_m=1.3, bottom_m=2.5, width_m=0.85, height_m=1.2, leaf=finishes.TEAL_WOOD),
            Opening(left_m=1.2, bottom_m=0.0, width_m=1.05, height_m=2.0, leaf=finishes.TEAL_WOOD),
            Opening(left_m=9.9, bottom_m=1.2, width_m=0.9, height_m=1.3, leaf=finishes.BLUE_WOOD),
            Opening(left_m=7.9, bottom_m=1.2, width_m=0.9, height_m=1.3, leaf=finishes.BLUE_WOOD),
        ),
    )
    tiles = Wall(corner=wall.at(3.4, 1.0), heading_deg=180.0)
    picture = tiles.slab(Rectangle(0.0, 0.0, 3.0, 2.2), 0.05, finishes.picture(3.0, 2.2))
    return [*houses.build(wing), *picture]


def _parapets() -> list[Surface]:
    height_m, side_m = 0.62, WINGS_FRONT_M - FRONT_M
    walls = (
        (Wall(corner=(LEFT_M, FRONT_M, 0.0), heading_deg=0.0), side_m),
        (Wall(corner=(RIGHT_M, WINGS_FRONT_M, 0.0), heading_deg=180.0), side_m),
        (Wall(corner=(RIGHT_M, FRONT_M, 0.0), heading_deg=90.0), RIGHT_M - LEFT_M),
    )
    made: list[Surface] = []
    for wall, length_m in walls:
        made.extend(houses.parapet(wall, length_m, height_m, 0.3))
    for x in (LEFT_M, RIGHT_M):
        for y in (FRONT_M, 0.5 * (FRONT_M + WINGS_FRONT_M)):
            made.extend(box((x, y, 0.0), (0.55, 0.55, 0.95), finishes.DRESSED))
            made.append(ball((x, y, 1.22), 0.27, finishes.COPING))
    return made


def _furniture() -> list[Surface]:
    made: list[Surface] = []
    for x, y, scale in ((-8.0, 6.6, 1.0), (-1.2, 6.9, 0.8), (6.9, 2.6, 0.9), (-7.9, -7.9, 0.8)):
        made.extend(_planted_pot((x, y, 0.0), scale))
    for x, y, tall_m in ((5.15, 4.4, 0.62), (5.6, 4.75, 0.8), (-4.9, 3.1, 0.7), (3.1, -1.9, 0.55)):
        made.extend(_amphora((x, y, 0.0), tall_m))
    made.extend(box((-5.9, 1.2, 0.0), (0.55, 1.9, 0.48), finishes.BENCH_TILES, turn_deg=12.0))
    made.extend(box((5.6, 0.2, 0.0), (0.55, 1.9, 0.48), finishes.BENCH_TILES, turn_deg=-8.0))
    for x, y, z, size_m, turn_deg in (
        (4.3, 6.5, 0.0, 0.7, 8.0),
        (5.2, 6.7, 0.0, 0.6, -14.0),
        (4.4, 6.6, 0.7, 0.5, 27.0),
        (3.5, 6.6, 0.0, 0.5, 38.0),
    ):
        crate = box((x, y, z), (size_m, size_m, size_m), finishes.CRATE_WOOD, turn_deg=turn_deg)
        made.extend(crate)
    made.extend(_well((-6.3, 4.0, 0.0)))
    made.extend(_stairs())
    made.extend(obelisk((7.7, -7.6, 0.5), (0.42, 0.28), 1.7, finishes.DRESSED))
    made.extend(box((7.7, -7.6, 0.0), (0.8, 0.8, 0.5), finishes.ASHLAR))
    return made


def _planted_pot(base: Vector, scale: float) -> list[Surface]:
    x, y, z = base
    profile = [(0.26, 0.0), (0.38, 0.5), (0.43, 0.52), (0.43, 0.62), (0.3, 0.62)]
    pot = turned(base, [(r * scale, h * scale) for r, h in profile], finishes.POTTERY)
    crowns = ((0.0, 0.0, 1.0, 0.46), (0.18, 0.1, 1.5, 0.36), (-0.12, 0.05, 1.95, 0.27))
    leaves = [
        ball(
            (x + dx * scale, y + dy * scale, z + dz * scale),
            radius_m * scale,
            finishes.LEAVES,
            half_height_m=1.15 * radius_m * scale,
        )
        for dx, dy, dz, radius_m in crowns
    ]
    return [*pot, *leaves]


def _amphora(base: Vector, tall_m: float) -> list[Surface]:
    profile = [(0.12, 0.0), (0.2, 0.22), (0.29, 0.5), (0.27, 0.68), (0.11, 0.84), (0.1, 0.93)]
    profile += [(0.15, 1.0)]
    return turned(base, [(r * tall_m, h * tall_m) for r, h in profile], finishes.POTTERY)


def _well(base: Vector) -> list[Surface]:
    rim = [(0.62, 0.52), (0.68, 0.52), (0.68, 0.64), (0.5, 0.64)]
    body = Frustum(
        centre=base,
        bottom_radius_m=0.62,
        top_radius_m=0.62,
        height_m=0.52,
        material=finishes.RUBBLE,
    )
    return [body, *turned(base, rim, finishes.COPING), *_water(base)]


def _water(base: Vector) -> list[Surface]:
    x, y, z = base
    return [level((x, y, z + 0.35), Ring(0.0, 0.5), finishes.BENCH_TILES)]


def _stairs() -> list[Surface]:
    """Three steps up to the archway of the brick house."""
    made: list[Surface] = []
    for index in range(3):
        depth_m = 1.5 - 0.4 * index
        centre = (-0.4, BACK_M + BRICK_SET_BACK_M - 0.5 * depth_m, 0.16 * index)
        made.extend(box(centre, (2.9 - 0.3 * index, depth_m, 0.16), finishes.STEP_STONE))
    return made
