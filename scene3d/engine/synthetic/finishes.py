"""The materials of all scenes: warm stone, terracotta, teal and ochre."""

from dataclasses import replace
from functools import partial

from scene3d.engine.synthetic.materials import (
    Masonry,
    Pane,
    Planks,
    Plaster,
    Stripes,
    paint_foliage,
    paint_litter,
    paint_masonry,
    paint_pane,
    paint_planks,
    paint_plaster,
    paint_roof_tiles,
    paint_stripes,
)
from scene3d.engine.synthetic.ornaments import (
    Floor,
    Frieze,
    Picture,
    paint_dome,
    paint_floor,
    paint_frieze,
    paint_picture,
    paint_pottery,
)
from scene3d.engine.synthetic.patterns import Courses, Material, rgb

LIMESTONE = rgb("#b39a70", "#d3bd93", "#c7a877", "#dfcfae", "#bd9f72")
SANDSTONE = rgb("#b98a58", "#cfa36c", "#a87747", "#d9b885")


STONE = Masonry(
    layout=Courses(length_m=0.62, height_m=0.31),
    palette=LIMESTONE,
    mortar=rgb("#8c7b5e"),
    joint_m=0.012,
    lichen=0.3,
)


def _laid(length_m: float, height_m: float, style: Masonry) -> Material:
    layout = Courses(length_m=length_m, height_m=height_m)
    return partial(paint_masonry, replace(style, layout=layout))


ASHLAR = _laid(0.62, 0.31, STONE)
STEP_STONE = _laid(0.7, 5.0, replace(STONE, palette=LIMESTONE[1:]))
COLUMN_STONE = _laid(50.0, 0.58, replace(STONE, joint_m=0.008, flute_m=0.09, lichen=0.2))
DRESSED = _laid(0.5, 0.4, replace(STONE, palette=LIMESTONE[1:4], joint_m=0.007, lichen=0.15))
COPING = _laid(0.8, 0.8, replace(STONE, palette=SANDSTONE, lichen=0.4))
RUBBLE = _laid(0.34, 0.2, replace(STONE, palette=SANDSTONE, joint_m=0.018, lichen=0.35))
BRICK = _laid(
    0.22,
    0.078,
    replace(
        STONE,
        palette=rgb("#86412b", "#a9563a", "#bb6f4c", "#96492f", "#c88b62"),
        mortar=rgb("#b6a488"),
        joint_m=0.009,
        lichen=0.0,
    ),
)
FLAGSTONES = _laid(
    0.78,
    0.6,
    replace(
        STONE,
        palette=rgb("#8d7f66", "#c9b792", "#7d705c", "#d6c4a0", "#b08a63", "#a89878"),
        mortar=rgb("#5d5342"),
        joint_m=0.018,
        lichen=0.4,
    ),
)
PAVING: Material = partial(paint_litter, FLAGSTONES)
FLOOR: Material = partial(
    paint_litter, partial(paint_floor, Floor(mosaic_radius_m=5.2, flagstones=FLAGSTONES))
)

OCHRE_PLASTER: Material = partial(
    paint_plaster, Plaster(colours=rgb("#c98f38", "#dcb36a"), under=BRICK, fallen=0.3)
)
ROSE_PLASTER: Material = partial(
    paint_plaster, Plaster(colours=rgb("#bf6f50", "#d39a7c"), under=RUBBLE, fallen=0.32)
)
TEAL_PLASTER: Material = partial(
    paint_plaster, Plaster(colours=rgb("#2b8580", "#63aaa0"), under=BRICK, fallen=0.36)
)
CREAM_PLASTER: Material = partial(
    paint_plaster, Plaster(colours=rgb("#d6c6a2", "#e6dcc2"), under=BRICK, fallen=0.33)
)

TEAL_WOOD: Material = partial(
    paint_planks, Planks(paint=rgb("#1f6f70"), wood=rgb("#a1815c"), worn=0.4)
)
BLUE_WOOD: Material = partial(
    paint_planks, Planks(paint=rgb("#2c5871"), wood=rgb("#a1815c"), worn=0.35)
)
BROWN_WOOD: Material = partial(
    paint_planks, Planks(paint=rgb("#6b4426"), wood=rgb("#a97b4d"), worn=0.6)
)
CRATE_WOOD: Material = partial(
    paint_planks, Planks(paint=rgb("#9a6e40"), wood=rgb("#c9a06a"), width_m=0.1, worn=0.6)
)
AWNING: Material = partial(paint_stripes, Stripes(colours=rgb("#1f7f80", "#e8dcc0"), width_m=0.32))

FRIEZE: Material = partial(paint_frieze, Frieze(tile_m=0.042, period_tiles=10))
DOME: Material = partial(paint_dome, Frieze(tile_m=0.048))
BENCH_TILES: Material = partial(
    paint_frieze, Frieze(tile_m=0.06, ground=3, figure=0, edge=1, period_tiles=8)
)
POTTERY: Material = paint_pottery
ROOF: Material = paint_roof_tiles
LEAVES: Material = paint_foliage
GILT: Material = partial(paint_frieze, Frieze(tile_m=0.03, ground=1, figure=1, edge=3))


def pane(width_m: float, height_m: float, bars: tuple[int, int] = (2, 3)) -> Material:
    style = Pane(width_m=width_m, height_m=height_m, frame=rgb("#e4d8bd"), bars=bars)
    return partial(paint_pane, style)


def picture(width_m: float, height_m: float) -> Material:
    return partial(paint_picture, Picture(width_m=width_m, height_m=height_m, tile_m=0.055))
