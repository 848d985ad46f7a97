"""Houses around the plaza: walls with windows, doors, arches, awnings and tiled roofs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scene3d.engine.synthetic import finishes
from scene3d.engine.synthetic.patterns import Material
from scene3d.engine.synthetic.solids import Wall
from scene3d.engine.synthetic.surfaces import Arch, Flank, Outline, Planar, Rectangle, Surface

WINDOW_DEPTH_M = 0.22
DOOR_DEPTH_M = 0.3
SURROUND_M = 0.14
PLINTH_M = 0.55
EAVES_M = 0.45
ROOF_RISE = 0.42
"""Height of a roof over its depth."""


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A window or door: (left, bottom) and size in the wall, metres."""

    left_m: float
    bottom_m: float
    width_m: float
    height_m: float
    leaf: Material | None = None
    """Shutters beside a window, or the door itself where the opening stands on the ground."""

    @property
    def outline(self) -> Rectangle:
        return Rectangle(
            self.left_m, self.bottom_m, self.left_m + self.width_m, self.bottom_m + self.height_m
        )


@dataclass(frozen=True, kw_only=True)
class House:
    """A front on a wall frame, from u = 0 to its width."""

    wall: Wall
    width_m: float
    height_m: float
    finish: Material
    openings: tuple[Opening, ...] = ()
    arches: tuple[Arch, ...] = ()
    arch_depth_m: float = 1.6
    plinth: Material = finishes.RUBBLE
    roof_depth_m: float = 3.0


def build(house: House) -> list[Surface]:
    """Everything that a visitor can see of a house."""
    wall = house.wall
    holes: list[Outline] = [opening.outline for opening in house.openings]
    holes.extend(house.arches)
    front = Rectangle(0.0, 0.0, house.width_m, house.height_m)
    surfaces: list[Surface] = [wall.panel(front, house.finish, holes=holes)]
    surfaces.extend(_corner_stones(house))
    surfaces.extend(_plinth(house))
    for opening in house.openings:
        surfaces.extend(_filled(wall, opening))
    if house.arches:
        surfaces.extend(_arcade(house))
    return [*surfaces, *_flanks(house), *_roof(house)]


def awning(wall: Wall, area: Rectangle, reach_m: float) -> list[Surface]:
    """Striped cloth sloping from the top of ``area`` out over the street, seen from both sides."""
    width_m, drop_m = area.u_max - area.u_min, area.v_max - area.v_min
    slant_m = float(np.hypot(reach_m, drop_m))
    nx, ny, _ = wall.outward
    down = (nx * reach_m / slant_m, ny * reach_m / slant_m, -drop_m / slant_m)
    up = (-down[0], -down[1], -down[2])
    ux, uy, _ = wall.axis_u
    cloth = Rectangle(0.0, 0.0, width_m, slant_m)
    above = Planar(
        corner=wall.at(area.u_min, area.v_min, -reach_m),
        axis_u=(ux, uy, 0.0),
        axis_v=up,
        outline=cloth,
        material=finishes.AWNING,
    )
    below = Planar(
        corner=wall.at(area.u_max, area.v_min - 0.02, -reach_m),
        axis_u=(-ux, -uy, 0.0),
        axis_v=up,
        outline=cloth,
        material=finishes.AWNING,
    )
    hem = wall.panel(
        Rectangle(area.u_min, area.v_min - 0.24, area.u_max, area.v_min),
        finishes.AWNING,
        depth_m=-reach_m,
    )
    return [above, below, hem]


def parapet(wall: Wall, length_m: float, height_m: float, thickness_m: float) -> list[Surface]:
    """A low wall with a coping; the frame's plane is its inner face."""
    body = wall.panel(Rectangle(0.0, 0.0, length_m, height_m), finishes.ASHLAR)
    cap = Wall(corner=wall.at(0.0, height_m, thickness_m), heading_deg=wall.heading_deg)
    coping = cap.slab(Rectangle(0.0, 0.0, length_m, 0.12), thickness_m + 0.05, finishes.COPING)
    return [body, *coping]


def _corner_stones(house: House) -> list[Surface]:
    wide_m = 0.36
    areas = (
        Rectangle(0.0, PLINTH_M, wide_m, house.height_m),
        Rectangle(house.width_m - wide_m, PLINTH_M, house.width_m, house.height_m),
        Rectangle(0.0, house.height_m - 0.26, house.width_m, house.height_m),
    )
    depths_m = (0.05, 0.05, 0.1)
    pieces = zip(areas, depths_m, strict=True)
    return [side for area, m in pieces for side in house.wall.slab(area, m, finishes.DRESSED)]


def _plinth(house: House) -> list[Surface]:
    """A base course, interrupted where doors and arches reach the ground."""
    gaps = [(a.u_min, a.u_max) for a in house.arches]
    gaps += [
        (o.left_m - SURROUND_M, o.left_m + o.width_m + SURROUND_M)
        for o in house.openings
        if o.bottom_m < PLINTH_M
    ]
    edges = [0.0, *(edge for gap in sorted(gaps) for edge in gap), house.width_m]
    surfaces: list[Surface] = []
    for left_m, right_m in zip(edges[::2], edges[1::2], strict=True):
        if right_m > left_m:
            area = Rectangle(left_m, 0.0, right_m, PLINTH_M)
            surfaces.extend(house.wall.slab(area, 0.08, house.plinth))
    return surfaces


def _filled(wall: Wall, opening: Opening) -> list[Surface]:
    is_door = opening.bottom_m < PLINTH_M
    depth_m = DOOR_DEPTH_M if is_door else WINDOW_DEPTH_M
    outline = opening.outline
    surfaces: list[Surface] = wall.recess(outline, depth_m, finishes.DRESSED)
    own = Wall(corner=wall.at(outline.u_min, outline.v_min, depth_m), heading_deg=wall.heading_deg)
    inner = Rectangle(0.0, 0.0, opening.width_m, opening.height_m)
    glass = finishes.pane(opening.width_m, opening.height_m)
    filling = opening.leaf if is_door and opening.leaf is not None else glass
    surfaces.append(own.panel(inner, filling))
    surfaces.extend(_surround(wall, outline))
    if not is_door and opening.leaf is not None:
        surfaces.extend(_shutters(wall, outline, opening.leaf))
    return surfaces


def _surround(wall: Wall, outline: Rectangle) -> list[Surface]:
    """Dressed stone over and under an opening."""
    left_m, right_m = outline.u_min - SURROUND_M, outline.u_max + SURROUND_M
    lintel = Rectangle(left_m, outline.v_max, right_m, outline.v_max + 1.6 * SURROUND_M)
    surfaces = wall.slab(lintel, 0.05, finishes.DRESSED)
    if outline.v_min > PLINTH_M:
        sill = Rectangle(left_m, outline.v_min - 0.1, right_m, outline.v_min)
        surfaces += wall.slab(sill, 0.14, finishes.COPING)
    return surfaces


def _shutters(wall: Wall, outline: Rectangle, leaf: Material) -> list[Surface]:
    wide_m = 0.5 * (outline.u_max - outline.u_min)
    lefts_m = (outline.u_min - wide_m - 0.02, outline.u_max + 0.02)
    return [
        side
        for left_m in lefts_m
        for side in wall.slab(
            Rectangle(left_m, outline.v_min, left_m + wide_m, outline.v_max), 0.045, leaf
        )
    ]


def _arcade(house: House) -> list[Surface]:
    """The passage behind arches: jambs and barrels, plastered walls and a ceiling."""
    wall, depth_m = house.wall, house.arch_depth_m
    surfaces: list[Surface] = []
    for arch in house.arches:
        surfaces.extend(wall.archway(arch, 0.45, finishes.DRESSED))
    left_m, right_m = house.arches[0].u_min - 0.8, house.arches[-1].u_max + 0.8
    top_m = max(arch.extent.v_max for arch in house.arches) + 0.3
    hall = Rectangle(left_m, 0.0, right_m, top_m)
    left, right, _, top = wall.recess(hall, depth_m, finishes.ROSE_PLASTER)
    back = wall.panel(hall, finishes.ROSE_PLASTER, depth_m=depth_m)
    return [*surfaces, left, right, top, back]


def _flanks(house: House) -> list[Surface]:
    """Both side walls, up to the slope of the roof."""
    wall, depth_m = house.wall, house.roof_depth_m
    low_m = house.height_m + ROOF_RISE * EAVES_M
    high_m = low_m + ROOF_RISE * depth_m
    right = Wall(corner=wall.at(house.width_m, 0.0), heading_deg=wall.heading_deg + 90.0)
    left = Wall(corner=wall.at(0.0, 0.0, depth_m), heading_deg=wall.heading_deg - 90.0)
    return [
        right.panel(Flank(depth_m, low_m, high_m), house.finish),
        left.panel(Flank(depth_m, high_m, low_m), house.finish),
    ]


def _roof(house: House) -> list[Surface]:
    """A tiled slope that rises away from the street, with a fascia board under the eaves."""
    wall, depth_m = house.wall, house.roof_depth_m
    run_m = depth_m + EAVES_M
    rise_m = ROOF_RISE * run_m
    slant_m = float(np.hypot(run_m, rise_m))
    nx, ny, _ = wall.outward
    ux, uy, _ = wall.axis_u
    slope = Planar(
        corner=wall.at(-0.15, house.height_m, -EAVES_M),
        axis_u=(ux, uy, 0.0),
        axis_v=(-nx * run_m / slant_m, -ny * run_m / slant_m, rise_m / slant_m),
        outline=Rectangle(0.0, 0.0, house.width_m + 0.3, slant_m),
        material=finishes.ROOF,
    )
    edge = Rectangle(-0.15, house.height_m - 0.1, house.width_m + 0.15, house.height_m + 0.02)
    fascia = wall.panel(edge, finishes.BROWN_WOOD, depth_m=-EAVES_M)
    soffit = Planar(
        corner=wall.at(-0.15, house.height_m - 0.1, 0.0),
        axis_u=(ux, uy, 0.0),
        axis_v=(nx, ny, 0.0),
        outline=Rectangle(0.0, 0.0, house.width_m + 0.3, EAVES_M),
        material=finishes.BROWN_WOOD,
    )
    return [slope, fascia, soffit]


def row(houses: Sequence[House]) -> list[Surface]:
    return [surface for house in houses for surface in build(house)]
