"""Known scenes: render their photos, ask them for the truth."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from scene3d.engine.synthetic import plaza, relief
from scene3d.engine.synthetic.arrays import FloatArray
from scene3d.engine.synthetic.baking import Atlas, bake
from scene3d.engine.synthetic.cameras import TrueCamera, TruePhoto, Viewpoint
from scene3d.engine.synthetic.options import SceneOptions
from scene3d.engine.synthetic.photos import Shot, develop, save, shots
from scene3d.engine.synthetic.render import (
    Bundle,
    PixelGrid,
    Scenery,
    View,
    depth_at,
    nearest_hits,
    render_pixels,
)
from scene3d.engine.synthetic.surfaces import Surface

Progress = Callable[[int, int], None]

SURVEY_COLUMNS, SURVEY_ROWS = 40, 30
CLOSE_PERCENTILE = 30
TEXELS_PER_PIXEL = 1.1
"""Where a surface is seen from close by: nearer than this percentile of its pixels."""
MOST_TEXELS_PER_PIXEL = 6
"""Of one surface, relative to a photo's pixels."""
UNSEEN_TEXEL_M = 0.02


@dataclass(frozen=True, kw_only=True, eq=False)
class TrueScene:
    """What was rendered: the photos with their cameras and poses, and the geometry itself."""

    options: SceneOptions
    photos: tuple[TruePhoto, ...]
    surfaces: tuple[Surface, ...]

    def depth_map(self, photo: TruePhoto) -> FloatArray:
        """Depth (H, W) along the camera's z axis at pixel centres, metres; inf where sky."""
        xy_px = photo.camera.pixel_centres()
        return self.depth_at(photo, xy_px.reshape(-1, 2)).reshape(xy_px.shape[:2])

    def depth_at(self, photo: TruePhoto, xy_px: FloatArray) -> FloatArray:
        """Depth (N,) along the camera's z axis at pixels (N, 2), metres; inf where sky."""
        view = View.of(self.surfaces, photo.cam_from_world)
        return depth_at(self.surfaces, view, photo.camera.unproject(xy_px))


def render_scene(
    options: SceneOptions,
    output_dir: Path,
    *,
    progress: Progress | None = None,
    num_workers: int = 1,
) -> TrueScene:
    """Write the photos of a scene as JPEGs into ``output_dir``.

    Args:
        progress: called with (photos written, photos in all) after each photo; the first comes
            when all textures are painted, which takes about as long as half of the photos.
        num_workers: threads; they do not change a byte of the result.
    """
    scene = describe_scene(options)
    taken = shots(options)
    atlas = _bake(scene, num_workers)
    output_dir.mkdir(parents=True, exist_ok=True)
    cameras = {photo.camera for photo in scene.photos}
    grids = {camera: PixelGrid.of(camera) for camera in cameras}

    def write(photo: TruePhoto, shot: Shot) -> None:
        view = View.of(scene.surfaces, photo.cam_from_world)
        display = render_pixels(
            Scenery(scene.surfaces, atlas, view), grids[photo.camera], options.supersampling
        )
        save(develop(display, shot, options), output_dir / photo.name, shot, options)

    with ThreadPoolExecutor(num_workers) as pool:
        jobs = [pool.submit(write, *pair) for pair in zip(scene.photos, taken, strict=True)]
        for done, job in enumerate(as_completed(jobs), start=1):
            job.result()
            if progress is not None:
                progress(done, len(jobs))
    return scene


def describe_scene(options: SceneOptions) -> TrueScene:
    """The truth about a scene without rendering it."""
    surfaces, viewpoints = _content(options)
    photos = [
        TruePhoto(
            name=f"{options.name_prefix}{options.scene}_{shot.index:03d}.jpg",
            camera=_upright_camera(shot),
            cam_from_world=viewpoint.cam_from_world(),
        )
        for shot, viewpoint in zip(shots(options), viewpoints, strict=True)
    ]
    return TrueScene(options=options, photos=tuple(photos), surfaces=tuple(surfaces))


def render_unrelated(options: SceneOptions, output_dir: Path, count: int) -> list[TruePhoto]:
    """Write photos that show nothing in common: one each of ``count`` different reliefs."""
    photos: list[TruePhoto] = []
    for index in range(count):
        one = replace(
            options,
            scene="relief",
            num_photos=1,
            num_devices=1,
            seed=options.seed + 7919 * (index + 1),
            name_prefix=f"{options.name_prefix}unrelated_{index:03d}_",
        )
        photos.extend(render_scene(one, output_dir).photos)
    return photos


def _content(options: SceneOptions) -> tuple[Sequence[Surface], Sequence[Viewpoint]]:
    place = {"plaza": plaza, "relief": relief}[options.scene]
    return place.surfaces(options.seed), place.viewpoints(options.num_photos, options.seed)


def _upright_camera(shot: Shot) -> TrueCamera:
    return shot.device.camera if shot.orientation == 1 else shot.device.camera.turned()


def _bake(scene: TrueScene, num_workers: int) -> Atlas:
    texel_m = _texel_sizes(scene)
    return bake(scene.surfaces, texel_m, seed=scene.options.seed, num_workers=num_workers)


def _texel_sizes(scene: TrueScene) -> list[float]:
    """A texel side in metres for every surface, from how closely any photo sees it."""
    seen_m: dict[int, list[float]] = {index: [] for index in range(len(scene.surfaces))}
    for photo in scene.photos:
        camera = photo.camera
        x_px = (np.arange(SURVEY_COLUMNS) + 0.5) * camera.width_px / SURVEY_COLUMNS
        y_px = (np.arange(SURVEY_ROWS) + 0.5) * camera.height_px / SURVEY_ROWS
        xy_px = np.stack(np.meshgrid(x_px, y_px), axis=-1).reshape(-1, 2)
        view = View.of(scene.surfaces, photo.cam_from_world)
        hits = nearest_hits(scene.surfaces, view, Bundle.of(camera.unproject(xy_px)))
        for index, depth in zip(hits.surface.tolist(), hits.depth.tolist(), strict=True):
            if index >= 0:
                seen_m[index].append(depth / camera.focal_px)
    most_texels = MOST_TEXELS_PER_PIXEL * scene.options.width_px * scene.options.height_px
    return [
        _texel_m(surface, seen_m[index], most_texels)
        for index, surface in enumerate(scene.surfaces)
    ]


def _texel_m(surface: Surface, footprints_m: list[float], most_texels: int) -> float:
    if not footprints_m:
        return UNSEEN_TEXEL_M
    extent = surface.extent
    area = (extent.u_max - extent.u_min) * (extent.v_max - extent.v_min)
    close_m = float(np.percentile(footprints_m, CLOSE_PERCENTILE)) / TEXELS_PER_PIXEL
    return max(close_m, float(np.sqrt(area / most_texels)))
