"""Boxes, walls with openings, turned objects: the pieces that scenes are built from."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from scene3d.engine.synthetic.curved import Frustum, Spheroid
from scene3d.engine.synthetic.patterns import Material
from scene3d.engine.synthetic.surfaces import (
    Arch,
    Extent,
    Outline,
    Planar,
    Rectangle,
    Ring,
    Surface,
    Trapezoid,
    Vector,
)


@dataclass(frozen=True, kw_only=True)
class Wall:
    """A vertical frame to build on: u to the right, v up, depth into the wall, in metres.

    ``heading_deg`` is the direction that the wall looks to, counter-clockwise from +x.
    """

    corner: Vector
    heading_deg: float

    @property
    def axis_u(self) -> Vector:
        x, y, _ = self.outward
        return (-y, x, 0.0)

    @property
    def outward(self) -> Vector:
        heading = np.radians(self.heading_deg)
        return (round(float(np.cos(heading)), 12), round(float(np.sin(heading)), 12), 0.0)

    def at(self, u_m: float, v_m: float, depth_m: float = 0.0) -> Vector:
        x, y, z = self.corner
        (ux, uy, _), (nx, ny, _) = self.axis_u, self.outward
        return (x + u_m * ux - depth_m * nx, y + u_m * uy - depth_m * ny, z + v_m)

    def panel(
        self,
        outline: Outline,
        material: Material,
        *,
        depth_m: float = 0.0,
        holes: Sequence[Outline] = (),
    ) -> Planar:
        """A flat piece parallel to the wall; a negative depth stands in front of it."""
        return Planar(
            corner=self.at(0.0, 0.0, depth_m),
            axis_u=self.axis_u,
            axis_v=(0.0, 0.0, 1.0),
            outline=outline,
            holes=tuple(holes),
            material=material,
        )

    def slab(self, area: Rectangle, thickness_m: float, material: Material) -> list[Surface]:
        """A block on the wall: its front and its four sides."""
        front = self.panel(area, material, depth_m=-thickness_m)
        return [front, *self._sides(area.extent, (-thickness_m, 0.0), material, outward=True)]

    def recess(self, opening: Rectangle, depth_m: float, material: Material) -> list[Surface]:
        """The four inner sides of a rectangular opening."""
        return self._sides(opening.extent, (0.0, depth_m), material, outward=False)

    def archway(self, opening: Arch, depth_m: float, material: Material) -> list[Surface]:
        """The inner sides of an arch: two jambs and a half barrel."""
        extent = opening.extent._replace(v_max=opening.spring_m)
        jambs = self._sides(extent, (0.0, depth_m), material, outward=False)[:2]
        middle = 0.5 * (opening.u_min + opening.u_max)
        ends = [self.at(middle, opening.spring_m, depth) for depth in (0.0, depth_m)]
        axis = int(np.argmax(np.abs(self.outward)))
        barrel = Frustum(
            centre=min(ends, key=lambda end: end[axis]),
            axis="x" if axis == 0 else "y",
            inside=True,
            z_min=opening.spring_m + self.corner[2],
            bottom_radius_m=opening.radius_m,
            top_radius_m=opening.radius_m,
            height_m=depth_m,
            material=material,
        )
        return [*jambs, barrel]

    def _sides(
        self, extent: Extent, depths_m: tuple[float, float], material: Material, *, outward: bool
    ) -> list[Surface]:
        """Left, right, bottom and top faces between two depths, looking out of or into the box."""
        near_m, far_m = depths_m
        up, out, across = (0.0, 0.0, 1.0), self.outward, self.axis_u
        wide_m, tall_m = extent.u_max - extent.u_min, extent.v_max - extent.v_min
        thick_m = far_m - near_m
        low = self.at(extent.u_min, extent.v_min, far_m)
        right = self.at(extent.u_max, extent.v_min, far_m)
        high = self.at(extent.u_min, extent.v_max, far_m)
        inner_faces = (
            (low, (up, tall_m), (out, thick_m)),
            (right, (out, thick_m), (up, tall_m)),
            (low, (out, thick_m), (across, wide_m)),
            (high, (across, wide_m), (out, thick_m)),
        )
        sides: list[Surface] = []
        for corner, *axes in inner_faces:
            (axis_u, length_u_m), (axis_v, length_v_m) = reversed(axes) if outward else axes
            outline = Rectangle(0.0, 0.0, length_u_m, length_v_m)
            sides.append(
                Planar(
                    corner=corner, axis_u=axis_u, axis_v=axis_v, outline=outline, material=material
                )
            )
        return sides


def level(centre: Vector, outline: Outline, material: Material, *, turn_deg: float = 0.0) -> Planar:
    """A horizontal piece seen from above, (u, v) = (0, 0) at the centre."""
    turn = np.radians(turn_deg)
    cosine, sine = float(np.cos(turn)), float(np.sin(turn))
    return Planar(
        corner=centre,
        axis_u=(cosine, sine, 0.0),
        axis_v=(-sine, cosine, 0.0),
        outline=outline,
        material=material,
    )


def ceiling(centre: Vector, outline: Outline, material: Material) -> Planar:
    """A horizontal piece seen from below."""
    return Planar(
        corner=centre,
        axis_u=(1.0, 0.0, 0.0),
        axis_v=(0.0, -1.0, 0.0),
        outline=outline,
        material=material,
    )


def box(
    base: Vector, size_m: Vector, material: Material, *, turn_deg: float = 0.0
) -> list[Surface]:
    """Four walls and a lid on ``base``, the centre of the bottom."""
    width_m, depth_m, height_m = size_m
    surfaces: list[Surface] = []
    for quarter in range(4):
        span_m, away_m = (depth_m, width_m) if quarter % 2 == 0 else (width_m, depth_m)
        heading = turn_deg + 90.0 * quarter
        middle = Wall(corner=base, heading_deg=heading)
        wall = Wall(corner=middle.at(-0.5 * span_m, 0.0, -0.5 * away_m), heading_deg=heading)
        surfaces.append(wall.panel(Rectangle(0.0, 0.0, span_m, height_m), material))
    lid = Rectangle(-0.5 * width_m, -0.5 * depth_m, 0.5 * width_m, 0.5 * depth_m)
    top = (base[0], base[1], base[2] + height_m)
    return [*surfaces, level(top, lid, material, turn_deg=turn_deg)]


def turned(
    base: Vector, profile_m: Sequence[tuple[float, float]], material: Material
) -> list[Surface]:
    """A turned object on ``base`` from its profile: (radius, height) pairs, bottom to top.

    Two pairs of one height make a flat ring.
    """
    x, y, z = base
    surfaces: list[Surface] = []
    for (r0, h0), (r1, h1) in pairwise(profile_m):
        if h1 > h0:
            side = Frustum(
                centre=(x, y, z + h0),
                bottom_radius_m=r0,
                top_radius_m=r1,
                height_m=h1 - h0,
                material=material,
            )
            surfaces.append(side)
        else:
            ring = Ring(min(r0, r1), max(r0, r1))
            face = level if r1 < r0 else ceiling
            surfaces.append(face((x, y, z + h0), ring, material))
    return surfaces


def drum(
    base: Vector, radius_m: float, height_m: float, materials: tuple[Material, Material]
) -> list[Surface]:
    """A round step: its side and its top."""
    side, top = materials
    x, y, z = base
    return [
        Frustum(
            centre=base,
            bottom_radius_m=radius_m,
            top_radius_m=radius_m,
            height_m=height_m,
            material=side,
        ),
        level((x, y, z + height_m), Ring(0.0, radius_m), top),
    ]


def ball(
    centre: Vector, radius_m: float, material: Material, *, half_height_m: float = 0.0
) -> Spheroid:
    """A sphere, or a spheroid where ``half_height_m`` is given."""
    return Spheroid(
        centre=centre,
        radius_m=radius_m,
        half_height_m=half_height_m or radius_m,
        material=material,
    )


def obelisk(
    base: Vector, widths_m: tuple[float, float], height_m: float, material: Material
) -> list[Surface]:
    """A four-sided tapering shaft with a pyramid on top."""
    bottom_m, top_m = widths_m
    surfaces: list[Surface] = []
    tiers = (
        (bottom_m, top_m, 0.0, height_m),
        (top_m, 0.0, height_m, height_m + 0.9 * top_m),
    )
    for wide_m, narrow_m, low_m, high_m in tiers:
        lean_m = 0.5 * (wide_m - narrow_m)
        slant_m = float(np.hypot(high_m - low_m, lean_m))
        for heading_deg in (0.0, 90.0, 180.0, 270.0):
            wall = Wall(corner=base, heading_deg=heading_deg)
            nx, ny, _ = wall.outward
            tilt = -lean_m / slant_m
            face = Planar(
                corner=wall.at(0.0, low_m, -0.5 * wide_m),
                axis_u=wall.axis_u,
                axis_v=(tilt * nx, tilt * ny, (high_m - low_m) / slant_m),
                outline=Trapezoid(wide_m, narrow_m, slant_m),
                material=material,
            )
            surfaces.append(face)
    return surfaces
