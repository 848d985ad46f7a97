"""Round surfaces: cylinders, cones and spheroids, seen from outside or from inside."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from scene3d.engine.synthetic.arrays import BoolArray, FloatArray
from scene3d.engine.synthetic.surfaces import (
    NEAREST_HIT,
    Components,
    Contact,
    Extent,
    Patch,
    Rays,
    Surface,
    Vector,
)

SMALLEST_RADIUS_M = 1e-3

Number = FloatArray | float


@dataclass(frozen=True, kw_only=True, eq=False)
class Round(Surface):
    """A surface of revolution around an axis parallel to one of the world's.

    Its own frame (a, b, c) is a cyclic permutation of (x, y, z) with c along the axis and the
    origin at ``centre``. u runs around, with its seam at +b (away from the plaza's visitors).
    """

    centre: Vector
    inside: bool = False
    """Paint the inner side."""
    axis: Literal["x", "y", "z"] = "z"
    z_min: float = -np.inf
    """Nothing below this height in the world exists (half barrels of arches)."""

    @property
    def _order(self) -> tuple[int, int, int]:
        orders = {"z": (0, 1, 2), "y": (2, 0, 1), "x": (1, 2, 0)}
        return orders[self.axis]

    def _local(self, rays: Rays) -> Rays:
        offsets = [o - c for o, c in zip(rays.origin, self.centre, strict=True)]
        i, j, k = self._order
        return Rays(
            (offsets[i], offsets[j], offsets[k]),
            (rays.direction[i], rays.direction[j], rays.direction[k]),
        )

    def _entering_or_leaving(self, a: Number, b: Number, c: Number) -> FloatArray:
        """Root of a t^2 + 2 b t + c where the ray enters the solid (leaves it, if inside)."""
        root = np.sqrt(b * b - a * c)
        return np.atleast_1d((-b + root if self.inside else -b - root) / a)

    def _kept(self, rays: Rays, distance: FloatArray, hit: BoolArray) -> FloatArray:
        hit = hit & (distance > NEAREST_HIT)
        if np.isfinite(self.z_min):
            hit = hit & (rays.origin[2] + distance * rays.direction[2] >= self.z_min)
        return np.where(hit, distance, distance.dtype.type(np.inf))

    def _in_world(self, vectors: FloatArray) -> FloatArray:
        """Vectors (..., 3) of the own frame along the world's axes."""
        return vectors[..., np.argsort(self._order)]

    def _around(self, angle: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Outward and tangential unit vectors (..., 3) in the own frame at an angle u."""
        zero = np.zeros_like(angle)
        outward = np.stack([np.sin(angle), -np.cos(angle), zero], axis=-1)
        tangent = np.stack([np.cos(angle), np.sin(angle), zero], axis=-1)
        return outward, tangent

    def _patch(self, points: FloatArray, normals: FloatArray, tangents_u: FloatArray) -> Patch:
        tangents_v = np.cross(normals, tangents_u)
        if self.inside:
            normals = -normals
        return Patch(
            self._in_world(points) + np.array(self.centre),
            self._in_world(normals),
            self._in_world(tangents_u),
            self._in_world(tangents_v),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Frustum(Round):
    """The side of a cylinder or cone, from radius r0 at the centre to r1 at ``height_m``."""

    bottom_radius_m: float
    top_radius_m: float
    height_m: float

    @property
    def extent(self) -> Extent:
        half_m = np.pi * max(self.bottom_radius_m, self.top_radius_m)
        slant_m = float(np.hypot(self.height_m, self.top_radius_m - self.bottom_radius_m))
        return Extent(-half_m, half_m, 0.0, slant_m)

    @property
    def bounds(self) -> FloatArray:
        radius_m = max(self.bottom_radius_m, self.top_radius_m)
        local = np.array([[-radius_m, -radius_m, 0.0], [radius_m, radius_m, self.height_m]])
        bounds: FloatArray = self._in_world(local) + np.array(self.centre)
        bounds[0, 2] = max(bounds[0, 2], self.z_min)
        return bounds

    def distance(self, rays: Rays) -> FloatArray:
        (oa, ob, oc), (da, db, dc) = self._local(rays)
        slope = (self.top_radius_m - self.bottom_radius_m) / self.height_m
        radius = self.bottom_radius_m + slope * oc
        widening = slope * dc
        distance = self._entering_or_leaving(
            da * da + db * db - widening * widening,
            oa * da + ob * db - widening * radius,
            oa * oa + ob * ob - radius * radius,
        )
        height = oc + distance * dc
        return self._kept(rays, distance, (height >= 0.0) & (height <= self.height_m))

    def contact(self, rays: Rays, distance: FloatArray) -> Contact:
        local = self._local(rays)
        a, b, c = local.at(distance)
        reach_m = max(self.bottom_radius_m, self.top_radius_m)
        slant = self.extent.v_max / self.height_m
        slope = (self.top_radius_m - self.bottom_radius_m) / self.height_m
        radius = np.maximum(np.hypot(a, b), SMALLEST_RADIUS_M)
        normal = (a / radius / slant, b / radius / slant, -slope / slant)
        cosine = _cosine(normal, local.direction)
        return Contact(reach_m * np.arctan2(a, -b), c * slant, cosine)

    def patch(self, u_m: FloatArray, v_m: FloatArray) -> Patch:
        share = v_m / self.extent.v_max
        narrowing_m = self.top_radius_m - self.bottom_radius_m
        outward, tangent = self._around(u_m / max(self.bottom_radius_m, self.top_radius_m))
        radius = self.bottom_radius_m + narrowing_m * share
        points = outward * radius[..., None]
        points[..., 2] = self.height_m * share
        normals = outward * self.height_m
        normals[..., 2] = -narrowing_m
        return self._patch(points, normals / self.extent.v_max, tangent)


@dataclass(frozen=True, kw_only=True, eq=False)
class Spheroid(Round):
    """A sphere stretched along its axis, between two latitudes."""

    radius_m: float
    half_height_m: float
    """Semi-axis along c."""
    latitudes_deg: tuple[float, float] = (-90.0, 90.0)

    @property
    def _mean_radius_m(self) -> float:
        return 0.5 * (self.radius_m + self.half_height_m)

    @property
    def extent(self) -> Extent:
        half_m = np.pi * self.radius_m
        low, high = np.radians(self.latitudes_deg) * self._mean_radius_m
        return Extent(-half_m, half_m, float(low), float(high))

    @property
    def bounds(self) -> FloatArray:
        low, high = np.sin(np.radians(self.latitudes_deg)) * self.half_height_m
        radius_m = self.radius_m
        local = np.array([[-radius_m, -radius_m, low], [radius_m, radius_m, high]])
        bounds: FloatArray = self._in_world(local) + np.array(self.centre)
        return bounds

    def distance(self, rays: Rays) -> FloatArray:
        (oa, ob, oc), (da, db, dc) = self._local(rays)
        squash = self.radius_m / self.half_height_m
        sc, tc = oc * squash, dc * squash
        distance = self._entering_or_leaving(
            da * da + db * db + tc * tc,
            oa * da + ob * db + sc * tc,
            oa * oa + ob * ob + sc * sc - self.radius_m**2,
        )
        height = oc + distance * dc
        low, high = np.sin(np.radians(self.latitudes_deg)) * self.half_height_m
        return self._kept(rays, distance, (height >= float(low)) & (height <= float(high)))

    def contact(self, rays: Rays, distance: FloatArray) -> Contact:
        local = self._local(rays)
        a, b, c = local.at(distance)
        latitude = np.arcsin(np.clip(c / self.half_height_m, -1.0, 1.0))
        stretch = (self.radius_m / self.half_height_m) ** 2
        length = np.sqrt(a * a + b * b + (c * stretch) ** 2)
        normal = (a / length, b / length, c * stretch / length)
        cosine = _cosine(normal, local.direction)
        u_m = self.radius_m * np.arctan2(a, -b)
        return Contact(u_m, latitude * self._mean_radius_m, cosine)

    def patch(self, u_m: FloatArray, v_m: FloatArray) -> Patch:
        latitude = v_m / self._mean_radius_m
        outward, tangent = self._around(u_m / self.radius_m)
        points = outward * (self.radius_m * np.cos(latitude))[..., None]
        points[..., 2] = self.half_height_m * np.sin(latitude)
        normals = outward * (np.cos(latitude) / self.radius_m)[..., None]
        normals[..., 2] = np.sin(latitude) / self.half_height_m
        normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
        return self._patch(points, normals, tangent)


def _cosine(normal: Components, direction: Components) -> FloatArray:
    da, db, dc = direction
    along = normal[0] * da + normal[1] * db + normal[2] * dc
    return np.abs(along) / np.sqrt(da * da + db * db + dc * dc)
