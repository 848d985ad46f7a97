"""A cloud held against the surfaces of a rendered scene, which are known exactly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from scene3d.engine.dense.depths import normals, seen_from
from scene3d.engine.dense.views import Map, View
from scene3d.engine.evaluation.alignment import similarities
from scene3d.engine.synthetic import TruePhoto, TrueScene
from scene3d.engine.synthetic.render import View as RenderedView
from scene3d.engine.synthetic.render import depth_at
from scene3d.engine.types import FloatArray

_LONG_SIDE_PX = 400
"""Of the pictures whose pixels sample the surfaces."""
_SIZE_PERCENTILES = (2.0, 98.0)
_MIN_VIEWS = 2
_MIN_COSINE = 0.2
"""Surfaces seen more flatly are not asked for."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TrueSurface:
    """Samples of what at least two photos of a scene see; world of the scene, metres."""

    xyz: FloatArray
    """(N, 3)."""
    normals: FloatArray
    """(N, 3) unit."""
    size: float
    """The scene's: the diagonal of the box that holds nearly all samples."""


@dataclass(frozen=True, kw_only=True)
class SurfaceScore:
    """How near a cloud and a surface are at one distance."""

    accuracy: float
    """Share of the cloud's points that near to the surface."""
    completeness: float
    """Share of the surface's samples that near to a point."""

    @property
    def f_score(self) -> float:
        """Their harmonic mean. Source: Knapitsch et al., "Tanks and Temples", 2017."""
        total = self.accuracy + self.completeness
        return 2 * self.accuracy * self.completeness / total if total else 0.0


def sample_surfaces(scene: TrueScene) -> TrueSurface:
    """From the rays of all photos' pixels, each piece of surface once per photo."""
    views = [_view_of(photo) for photo in scene.photos]
    depths = [
        _true_depth(scene, photo, view) for photo, view in zip(scene.photos, views, strict=True)
    ]
    points, facing = [], []
    for position, (view, depth) in enumerate(zip(views, depths, strict=True)):
        num_views = np.ones(depth.shape, int)
        for other in range(len(views)):
            if other != position:
                num_views += seen_from(depth, view, views[other], depths[other]).agrees
        own_normals = normals(depth, view)
        x, y = view.rays()
        rays = np.stack(np.broadcast_arrays(x[None, :], y[:, None], np.float32(1)), axis=-1)
        cosine = -(rays * own_normals).sum(axis=-1) / np.linalg.norm(rays, axis=-1)
        kept = np.isfinite(depth) & (num_views >= _MIN_VIEWS) & (cosine >= _MIN_COSINE)
        in_cam = rays[kept] * depth[kept][:, None]
        rotation = view.rotation_cam_from_world
        points.append((in_cam - view.translation_cam_from_world) @ rotation)
        facing.append(own_normals[kept] @ rotation)
    xyz = np.concatenate(points)
    low, high = np.percentile(xyz, _SIZE_PERCENTILES, axis=0)
    return TrueSurface(
        xyz=xyz, normals=np.concatenate(facing), size=float(np.linalg.norm(high - low))
    )


def aligned_to_scene(
    xyz: NDArray[np.floating], centers: Mapping[str, FloatArray], scene: TrueScene
) -> FloatArray:
    """(N, 3) points of a reconstruction in the world of the scene.

    Args:
        centers: of the photos that were placed, by name.
    """
    true = {photo.name: photo.position_in_world for photo in scene.photos}
    pairs = np.array([[*centers[name], *true[name]] for name in centers], np.float64)
    means = pairs.mean(axis=0)
    offsets = pairs - means
    [scene_from_world] = similarities(means[None], (offsets.T @ offsets)[None])
    moved: FloatArray = xyz @ scene_from_world[:, :3].T + scene_from_world[:, 3]
    return moved


def surface_scores(
    xyz: FloatArray, surface: TrueSurface, shares: Sequence[float]
) -> Mapping[float, SurfaceScore]:
    """By distance as a share of the scene's size.

    Args:
        xyz: (N, 3) in the world of the scene.
    """
    distance, nearest = cKDTree(surface.xyz).query(xyz, workers=-1)
    offset = xyz - surface.xyz[nearest]
    off_plane = np.abs(np.einsum("ni,ni->n", offset, surface.normals[nearest]))
    beside = np.sqrt(np.maximum(distance**2 - off_plane**2, 0))
    to_cloud, _ = cKDTree(xyz).query(surface.xyz, workers=-1)
    spacing = 2 * np.median(cKDTree(surface.xyz).query(surface.xyz, 2, workers=-1)[0][:, 1])
    scores = {}
    for share in shares:
        limit = share * surface.size
        near = (off_plane <= limit) & (beside <= max(limit, spacing))
        scores[share] = SurfaceScore(
            accuracy=float(near.mean()), completeness=float((to_cloud <= limit).mean())
        )
    return scores


def _view_of(photo: TruePhoto) -> View:
    camera = photo.camera
    scale = _LONG_SIDE_PX / max(camera.width_px, camera.height_px)
    centre = np.array([camera.centre_x_px, camera.centre_y_px]) * scale - 0.5
    return View(
        photo_index=0,
        width_px=round(camera.width_px * scale),
        height_px=round(camera.height_px * scale),
        focal_px=camera.focal_px * scale,
        centre_xy_px=centre,
        rotation_cam_from_world=photo.cam_from_world.rotation.astype(np.float64),
        translation_cam_from_world=photo.cam_from_world.translation.astype(np.float64),
    )


def _true_depth(scene: TrueScene, photo: TruePhoto, view: View) -> Map:
    """(H, W), NaN for sky."""
    x, y = view.rays()
    plane_xy = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2).astype(np.float64)
    found = depth_at(
        scene.surfaces, RenderedView.of(scene.surfaces, photo.cam_from_world), plane_xy
    )
    depth = found.reshape(view.height_px, view.width_px).astype(np.float32)
    return np.where(np.isfinite(depth), depth, np.float32(np.nan))
