"""Flat and gently waved surfaces that rays can meet and paint can cover.

Every surface has its own coordinates (u, v) in metres, measured along the surface, so that one
texel of its texture covers the same area everywhere.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from scene3d.engine.synthetic.arrays import BoolArray, FloatArray
from scene3d.engine.synthetic.patterns import Material

Vector = tuple[float, float, float]
Components = tuple[FloatArray | float, FloatArray | float, FloatArray | float]

NEAREST_HIT = 1e-4
"""Hits closer than this multiple of the ray direction are the surface that the ray starts from."""
RELIEF_STEPS = 6


class Rays(NamedTuple):
    """Rays in world coordinates, component by component.

    A component is an array (N,) or one number that all rays share. Directions have any length;
    distances are multiples of them.
    """

    origin: Components
    direction: Components

    def at(self, distance: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        x, y, z = (o + distance * d for o, d in zip(self.origin, self.direction, strict=True))
        return x, y, z


class Contact(NamedTuple):
    """Where rays meet a surface: (u, v) in metres and the cosine to the normal, each (N,)."""

    u_m: FloatArray
    v_m: FloatArray
    cosine: FloatArray


class Patch(NamedTuple):
    """Points of a surface with their unit frames, each (..., 3), world."""

    points: FloatArray
    normals: FloatArray
    tangents_u: FloatArray
    tangents_v: FloatArray


class Extent(NamedTuple):
    """The range of (u, v) that a surface covers, metres."""

    u_min: float
    u_max: float
    v_min: float
    v_max: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Surface(ABC):
    """Something that rays can meet."""

    material: Material

    @property
    @abstractmethod
    def extent(self) -> Extent: ...

    @property
    @abstractmethod
    def bounds(self) -> FloatArray:
        """Axis-aligned box (2, 3): lowest and highest corner, world."""

    @abstractmethod
    def distance(self, rays: Rays) -> FloatArray:
        """Distance (N,) to the first hit, inf where a ray misses."""

    @abstractmethod
    def contact(self, rays: Rays, distance: FloatArray) -> Contact:
        """Surface coordinates of hits that ``distance`` found, all finite."""

    @abstractmethod
    def patch(self, u_m: FloatArray, v_m: FloatArray) -> Patch:
        """Points and frames at surface coordinates of one shape (...)."""

    def faces(self, eye: Vector) -> bool:
        """Whether any of the painted side may be seen from a point in the world."""
        del eye
        return True


class Outline(ABC):
    """A region of a plane's (u, v)."""

    @property
    @abstractmethod
    def extent(self) -> Extent: ...

    @abstractmethod
    def contains(self, u_m: FloatArray, v_m: FloatArray) -> BoolArray: ...


@dataclass(frozen=True)
class Rectangle(Outline):
    u_min: float
    v_min: float
    u_max: float
    v_max: float

    @property
    def extent(self) -> Extent:
        return Extent(self.u_min, self.u_max, self.v_min, self.v_max)

    def contains(self, u_m: FloatArray, v_m: FloatArray) -> BoolArray:
        inside: BoolArray = (u_m >= self.u_min) & (u_m <= self.u_max)
        inside &= (v_m >= self.v_min) & (v_m <= self.v_max)
        return inside


@dataclass(frozen=True)
class Ring(Outline):
    """Between two circles around (0, 0); ``inner_m`` 0 makes a disc."""

    inner_m: float
    outer_m: float

    @property
    def extent(self) -> Extent:
        return Extent(-self.outer_m, self.outer_m, -self.outer_m, self.outer_m)

    def contains(self, u_m: FloatArray, v_m: FloatArray) -> BoolArray:
        radius_squared = u_m * u_m + v_m * v_m
        inside: BoolArray = (radius_squared >= self.inner_m**2) & (
            radius_squared <= self.outer_m**2
        )
        return inside


@dataclass(frozen=True)
class Arch(Outline):
    """An upright opening with a half-round top; ``spring_m`` is the height where it begins."""

    u_min: float
    u_max: float
    v_min: float
    spring_m: float

    @property
    def radius_m(self) -> float:
        return 0.5 * (self.u_max - self.u_min)

    @property
    def extent(self) -> Extent:
        return Extent(self.u_min, self.u_max, self.v_min, self.spring_m + self.radius_m)

    def contains(self, u_m: FloatArray, v_m: FloatArray) -> BoolArray:
        across = u_m - 0.5 * (self.u_min + self.u_max)
        above = np.maximum(v_m - self.spring_m, 0.0)
        inside: BoolArray = across * across + above * above <= self.radius_m**2
        inside &= v_m >= self.v_min
        return inside


@dataclass(frozen=True)
class Trapezoid(Outline):
    """Upright, symmetric around u = 0, from a bottom width to a top width."""

    bottom_m: float
    top_m: float
    height_m: float

    @property
    def extent(self) -> Extent:
        half_m = 0.5 * max(self.bottom_m, self.top_m)
        return Extent(-half_m, half_m, 0.0, self.height_m)

    def contains(self, u_m: FloatArray, v_m: FloatArray) -> BoolArray:
        slope = (self.top_m - self.bottom_m) / self.height_m
        inside: BoolArray = np.abs(u_m) <= 0.5 * (self.bottom_m + slope * v_m)
        inside &= (v_m >= 0.0) & (v_m <= self.height_m)
        return inside


@dataclass(frozen=True)
class Flank(Outline):
    """From (0, 0) to ``width_m``, under a slope from one height to another."""

    width_m: float
    left_m: float
    right_m: float

    @property
    def extent(self) -> Extent:
        return Extent(0.0, self.width_m, 0.0, max(self.left_m, self.right_m))

    def contains(self, u_m: FloatArray, v_m: FloatArray) -> BoolArray:
        slope = (self.right_m - self.left_m) / self.width_m
        inside: BoolArray = (v_m >= 0.0) & (v_m <= self.left_m + slope * u_m)
        inside &= (u_m >= 0.0) & (u_m <= self.width_m)
        return inside


@dataclass(frozen=True, kw_only=True, eq=False)
class Planar(Surface):
    """A flat piece; its painted side is the one that u x v points to."""

    corner: Vector
    """World position of (u, v) = (0, 0)."""
    axis_u: Vector
    axis_v: Vector
    outline: Outline
    holes: tuple[Outline, ...] = ()

    @property
    def normal(self) -> Vector:
        (ux, uy, uz), (vx, vy, vz) = self.axis_u, self.axis_v
        return (uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx)

    @property
    def extent(self) -> Extent:
        return self.outline.extent

    @property
    def bounds(self) -> FloatArray:
        extent = self.extent
        u_m, v_m = np.meshgrid([extent.u_min, extent.u_max], [extent.v_min, extent.v_max])
        corners = self.patch(u_m, v_m).points.reshape(-1, 3)
        return np.stack([corners.min(axis=0), corners.max(axis=0)])

    def distance(self, rays: Rays) -> FloatArray:
        height = dot(self.normal, self._offsets(rays.origin))
        distance = np.atleast_1d(-height / dot(self.normal, rays.direction))
        contact = self._surface_coordinates(rays, distance)
        hit = self.outline.contains(*contact) & (distance > NEAREST_HIT)
        for hole in self.holes:
            hit &= ~hole.contains(*contact)
        return np.where(hit, distance, distance.dtype.type(np.inf))

    def contact(self, rays: Rays, distance: FloatArray) -> Contact:
        u_m, v_m = self._surface_coordinates(rays, distance)
        length = np.sqrt(dot(rays.direction, rays.direction))
        return Contact(u_m, v_m, np.abs(dot(self.normal, rays.direction)) / length)

    def patch(self, u_m: FloatArray, v_m: FloatArray) -> Patch:
        axis_u, axis_v = np.array(self.axis_u), np.array(self.axis_v)
        points = np.array(self.corner) + u_m[..., None] * axis_u + v_m[..., None] * axis_v
        whole = np.ones_like(points)
        return Patch(points, whole * np.array(self.normal), whole * axis_u, whole * axis_v)

    def faces(self, eye: Vector) -> bool:
        offset = tuple(e - c for e, c in zip(eye, self.corner, strict=True))
        return bool(np.dot(np.array(self.normal), np.array(offset)) > 0.0)

    def _offsets(self, origin: Components) -> Components:
        x, y, z = origin
        return (x - self.corner[0], y - self.corner[1], z - self.corner[2])

    def _surface_coordinates(
        self, rays: Rays, distance: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        offsets = self._offsets(rays.origin)
        u_m = dot(self.axis_u, offsets) + distance * dot(self.axis_u, rays.direction)
        v_m = dot(self.axis_v, offsets) + distance * dot(self.axis_v, rays.direction)
        return u_m, v_m


class Wave(NamedTuple):
    """One ripple of a relief: amplitude in metres, wave numbers in radians per metre."""

    amplitude_m: float
    along_u: float
    along_v: float
    phase: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Relief(Planar):
    """A plane pushed along its normal by a sum of waves.

    The slopes must stay below 0.5, so that every ray less than 60 degrees off the normal meets
    the surface exactly once and Newton's method finds where.
    """

    waves: tuple[Wave, ...]

    @property
    def bounds(self) -> FloatArray:
        reach_m = sum(abs(wave.amplitude_m) for wave in self.waves)
        bounds: FloatArray = super().bounds + np.array([[-reach_m], [reach_m]])
        return bounds

    def distance(self, rays: Rays) -> FloatArray:
        height = dot(self.normal, self._offsets(rays.origin))
        approach = dot(self.normal, rays.direction)
        along_u, along_v = dot(self.axis_u, rays.direction), dot(self.axis_v, rays.direction)
        distance = np.atleast_1d(-height / approach)
        for _ in range(RELIEF_STEPS):
            lift, slope_u, slope_v = self._lift(*self._surface_coordinates(rays, distance))
            error = height + distance * approach - lift
            distance = distance - error / (approach - slope_u * along_u - slope_v * along_v)
        hit = self.outline.contains(*self._surface_coordinates(rays, distance))
        hit &= distance > NEAREST_HIT
        return np.where(hit, distance, distance.dtype.type(np.inf))

    def patch(self, u_m: FloatArray, v_m: FloatArray) -> Patch:
        flat = super().patch(u_m, v_m)
        lift, slope_u, slope_v = (part[..., None] for part in self._lift(u_m, v_m))
        tangents_u = normalised(flat.tangents_u + slope_u * flat.normals)
        normals = normalised(flat.normals - slope_u * flat.tangents_u - slope_v * flat.tangents_v)
        tangents_v = np.cross(normals, tangents_u)
        return Patch(flat.points + lift * flat.normals, normals, tangents_u, tangents_v)

    def faces(self, eye: Vector) -> bool:
        del eye
        return True

    def _lift(self, u_m: FloatArray, v_m: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Height above the plane and its slopes along u and v."""
        lift, slope_u, slope_v = (np.zeros_like(u_m) for _ in range(3))
        for wave in self.waves:
            angle = wave.along_u * u_m + wave.along_v * v_m + wave.phase
            swing = wave.amplitude_m * np.cos(angle)
            lift += wave.amplitude_m * np.sin(angle)
            slope_u += wave.along_u * swing
            slope_v += wave.along_v * swing
        return lift, slope_u, slope_v


def dot(a: Components, b: Components) -> FloatArray:
    """Sum of products; components of ``a`` that are exactly 0 or 1 cost nothing."""
    total: FloatArray | float = 0.0
    for first, second in zip(a, b, strict=True):
        if isinstance(first, float) and first in {0.0, 1.0}:
            if first:
                total = second if isinstance(total, float) and total == 0.0 else total + second
        else:
            total = total + first * second
    return total  # type: ignore[return-value]


def normalised(vectors: FloatArray) -> FloatArray:
    """Vectors (..., 3) at unit length."""
    units: FloatArray = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return units
