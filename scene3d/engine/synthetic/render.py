"""From surfaces and textures to pixels and depths: one ray per sample, nearest hit wins."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import NamedTuple

import numpy as np

from scene3d.engine.synthetic.arrays import BoolArray, FloatArray, IntArray
from scene3d.engine.synthetic.baking import Atlas
from scene3d.engine.synthetic.cameras import RigidTransform, TrueCamera
from scene3d.engine.synthetic.lighting import SUN_DIRECTION, sky
from scene3d.engine.synthetic.surfaces import Rays, Surface

TILE_PX = 192
NEAR_PLANE = 0.05
CULLING_MARGIN = 0.01
"""On the plane z = 1 of the camera frame."""
SHARPNESS = 0.8
"""Texture is averaged over this multiple of a sample's footprint."""
SMALLEST_COSINE = np.float32(0.05)


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """A camera at a pose: which surfaces can be where in its image."""

    eye: tuple[float, float, float]
    world_from_cam_rotation: FloatArray
    candidates: IntArray
    """Surfaces (C,) that show their painted side and lie at least partly in front."""
    lows: FloatArray
    """(C, 2): lowest x, y of each candidate on the plane z = 1."""
    highs: FloatArray
    nearest: FloatArray
    """(C,): no point of the candidate has less depth; ascending."""

    @classmethod
    def of(cls, surfaces: Sequence[Surface], cam_from_world: RigidTransform) -> "View":
        x, y, z = (float(c) for c in cam_from_world.inverse().translation)
        facing = [i for i, surface in enumerate(surfaces) if surface.faces((x, y, z))]
        bounds = np.stack([surfaces[i].bounds for i in facing])
        picks = np.array([[(n >> axis) & 1 for axis in range(3)] for n in range(8)])
        corners = bounds[:, picks, np.arange(3)]
        in_cam = cam_from_world.apply(corners.reshape(-1, 3)).reshape(-1, 8, 3)
        depth = in_cam[..., 2]
        whole = depth.min(axis=1) < NEAR_PLANE
        plane = in_cam[..., :2] / np.where(whole[:, None], 1.0, depth)[..., None]
        lows, highs = plane.min(axis=1) - CULLING_MARGIN, plane.max(axis=1) + CULLING_MARGIN
        lows[whole], highs[whole] = -np.inf, np.inf
        nearest = depth.min(axis=1)
        order = np.argsort(nearest, kind="stable")
        ahead = order[depth.max(axis=1)[order] > 0.0]
        return cls(
            eye=(x, y, z),
            world_from_cam_rotation=cam_from_world.rotation.T,
            candidates=np.array(facing, dtype=np.int32)[ahead],
            lows=lows[ahead],
            highs=highs[ahead],
            nearest=nearest[ahead],
        )

    def rays(self, bundle: "Bundle") -> Rays:
        """World rays through a bundle: distances along them are depths."""
        rows = self.world_from_cam_rotation.tolist()
        dx, dy, dz = (a * bundle.x + b * bundle.y + c for a, b, c in rows)
        return Rays(self.eye, (dx, dy, dz))

    def touching(self, bundle: "Bundle") -> IntArray:
        """Positions in ``candidates`` that a bundle can hit, nearest first."""
        touching = np.all((self.lows <= bundle.high) & (self.highs >= bundle.low), axis=1)
        positions: IntArray = np.flatnonzero(touching)
        return positions


class Bundle(NamedTuple):
    """Points x, y (N,) on the plane z = 1 of a camera, and their bounds (2,)."""

    x: FloatArray
    y: FloatArray
    low: FloatArray
    high: FloatArray

    @classmethod
    def of(cls, plane_xy: FloatArray) -> "Bundle":
        """From points (N, 2), at least one."""
        x, y = np.ascontiguousarray(plane_xy.T)
        return cls(x, y, plane_xy.min(axis=0), plane_xy.max(axis=0))


class Hits(NamedTuple):
    """Nearest hits: depth (N,), inf for sky, and index (N,) of the surface, -1 for sky."""

    depth: FloatArray
    surface: IntArray


class Scenery(NamedTuple):
    """What a photo is rendered from."""

    surfaces: Sequence[Surface]
    atlas: Atlas
    view: View


class Tile(NamedTuple):
    """A rectangle of pixels with the undistorted positions of their centres."""

    rows: slice
    columns: slice
    bundle: Bundle

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start


@dataclass(frozen=True, kw_only=True, eq=False)
class PixelGrid:
    """A camera's pixels, undistorted once for all its photos."""

    camera: TrueCamera
    tiles: list[Tile]

    @classmethod
    def of(cls, camera: TrueCamera) -> "PixelGrid":
        xy_px = camera.pixel_centres()
        tiles = []
        for top in range(0, camera.height_px, TILE_PX):
            for left in range(0, camera.width_px, TILE_PX):
                rows = slice(top, min(top + TILE_PX, camera.height_px))
                columns = slice(left, min(left + TILE_PX, camera.width_px))
                plane_xy = camera.unproject(xy_px[rows, columns].reshape(-1, 2))
                tiles.append(Tile(rows, columns, Bundle.of(plane_xy.astype(np.float32))))
        return cls(camera=camera, tiles=tiles)


def nearest_hits(surfaces: Sequence[Surface], view: View, bundle: Bundle) -> Hits:
    """What the rays of a bundle see first."""
    rays = view.rays(bundle)
    depth = np.full(bundle.x.shape, np.inf, dtype=bundle.x.dtype)
    hit = np.full(bundle.x.shape, -1, dtype=np.int32)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for position in view.touching(bundle):
            if view.nearest[position] > depth.max():
                break
            index = view.candidates[position]
            distance = surfaces[index].distance(rays)
            nearer = distance < depth
            np.copyto(depth, distance, where=nearer)
            np.copyto(hit, index, where=nearer)
    return Hits(depth, hit)


def depth_at(
    surfaces: Sequence[Surface], view: View, plane_xy: FloatArray, *, batch: int = 32768
) -> FloatArray:
    """Depth (N,) in the camera frame behind points (N, 2) on the plane z = 1, inf for sky."""
    parts = [
        nearest_hits(surfaces, view, Bundle.of(plane_xy[start : start + batch])).depth
        for start in range(0, len(plane_xy), batch)
    ]
    return np.concatenate(parts) if parts else np.empty(0)


def render_pixels(scenery: Scenery, grid: PixelGrid, supersampling: int) -> FloatArray:
    """Display values (H, W, 3) in [0, 255], float32.

    One ray a pixel, and ``supersampling`` squared wherever surfaces border on each other; inside
    a surface the textures' mip levels do the averaging.
    """
    camera = grid.camera
    image = np.empty((camera.height_px, camera.width_px, 3), dtype=np.float32)
    surface = np.empty((camera.height_px, camera.width_px), dtype=np.int32)
    pixel_span = 1.0 / camera.focal_px
    for tile in grid.tiles:
        colours, hit = _colours(scenery, tile.bundle, pixel_span)
        image[tile.rows, tile.columns] = colours.reshape(*tile.shape, 3)
        surface[tile.rows, tile.columns] = hit.reshape(tile.shape)
    if supersampling > 1:
        borders = _borders(surface)
        for tile in grid.tiles:
            _refine(scenery, camera, tile, (image, borders), supersampling)
    return image


def _borders(surface: IntArray) -> BoolArray:
    """Pixels (H, W) next to one that shows another surface, diagonals included."""
    padded = np.pad(surface, 1, mode="edge")
    height, width = surface.shape
    neighbours = (padded[i : i + height, j : j + width] for i, j in product(range(3), repeat=2))
    borders: BoolArray = np.logical_or.reduce([other != surface for other in neighbours])
    return borders


def _refine(
    scenery: Scenery,
    camera: TrueCamera,
    tile: Tile,
    canvas: tuple[FloatArray, BoolArray],
    supersampling: int,
) -> None:
    """Replace a tile's border pixels by the mean of a grid of samples each."""
    image, borders = canvas
    rows, columns = borders[tile.rows, tile.columns].nonzero()
    if not len(rows):
        return
    rows, columns = rows + tile.rows.start, columns + tile.columns.start
    inside = (np.arange(supersampling) + 0.5) / supersampling
    offsets = np.stack(np.meshgrid(inside, inside), axis=-1).reshape(-1, 2)
    xy_px = np.stack([columns, rows], axis=1)[:, None, :] + offsets
    plane_xy = camera.unproject(xy_px.reshape(-1, 2)).astype(np.float32)
    span = 1.0 / (camera.focal_px * supersampling)
    colours, _ = _colours(scenery, Bundle.of(plane_xy), span)
    image[rows, columns] = colours.reshape(len(rows), len(offsets), 3).mean(axis=1)


def _colours(scenery: Scenery, bundle: Bundle, span: float) -> tuple[FloatArray, IntArray]:
    """Display values (N, 3) and surfaces (N,) of samples ``span`` apart on the plane z = 1."""
    surfaces, atlas, view = scenery
    hits = nearest_hits(surfaces, view, bundle)
    directions = np.stack(view.rays(bundle).direction)
    order = np.argsort(hits.surface, kind="stable")
    ordered = hits.surface[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-2))
    colours = np.empty((len(order), 3), dtype=np.float32)
    uv_m = np.empty((len(order), 2), dtype=np.float32)
    span_m = np.empty(len(order), dtype=np.float32)
    for start, stop in pairwise([*starts.tolist(), len(order)]):
        chosen = order[start:stop]
        x, y, z = directions[:, chosen]
        if ordered[start] < 0:
            colours[chosen] = _sky_colours(np.stack([x, y, z], axis=1))
            continue
        depth = hits.depth[chosen]
        contact = surfaces[ordered[start]].contact(Rays(view.eye, (x, y, z)), depth)
        uv_m[start:stop, 0], uv_m[start:stop, 1] = contact.u_m, contact.v_m
        slant = np.sqrt(np.maximum(contact.cosine, SMALLEST_COSINE))
        span_m[start:stop] = depth * np.float32(span * SHARPNESS) / slant
    first = int(np.searchsorted(ordered, 0))
    colours[order[first:]] = atlas.look_up(ordered[first:], uv_m[first:], span_m[first:])
    return colours, hits.surface


def _sky_colours(directions: FloatArray) -> FloatArray:
    units = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    return sky(units[:, 2], units @ SUN_DIRECTION.astype(np.float32))
