from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from scene3d.engine.synthetic import SceneOptions, TruePhoto, TrueScene, describe_scene
from scene3d.engine.synthetic.arrays import FloatArray
from scene3d.engine.synthetic.baking import bake
from scene3d.engine.synthetic.cameras import TrueCamera, Viewpoint
from scene3d.engine.synthetic.options import SAMPLE
from scene3d.engine.synthetic.patterns import Grid, Layer
from scene3d.engine.synthetic.render import PixelGrid, Scenery, View, render_pixels
from scene3d.engine.synthetic.scenes import _bake
from scene3d.engine.synthetic.surfaces import Planar, Rectangle, Surface

CAMERA = TrueCamera(
    device="device-0",
    width_px=320,
    height_px=240,
    focal_px=250.0,
    centre_x_px=160.0,
    centre_y_px=120.0,
    k1=-0.1,
)
VIEWPOINT = Viewpoint(eye=(0.7, -4.0, 1.3), target=(0.1, 0.0, 1.1), roll_deg=3.0)


def dark(grid: Grid, seed: int) -> Layer:
    del seed
    return Layer(np.full((*grid.shape, 3), 0.02, np.float32), np.zeros(grid.shape, np.float32))


@pytest.fixture(scope="module")
def board() -> Planar:
    return Planar(
        corner=(-1.6, 0.0, 0.1),
        axis_u=(1.0, 0.0, 0.0),
        axis_v=(0.0, 0.0, 1.0),
        outline=Rectangle(0.0, 0.0, 3.2, 2.0),
        material=dark,
    )


def rendered(surfaces: list[Surface], viewpoint: Viewpoint = VIEWPOINT) -> FloatArray:
    cam_from_world = viewpoint.cam_from_world()
    atlas = bake(surfaces, [0.01] * len(surfaces), seed=0, num_workers=1)
    scenery = Scenery(surfaces, atlas, View.of(surfaces, cam_from_world))
    return render_pixels(scenery, PixelGrid.of(CAMERA), 4)


def test_edges_are_rendered_where_the_camera_projects_them(board: Planar) -> None:
    blue = rendered([board])[..., 2]
    steps = np.linspace(0.0, 1.0, 200)
    top = np.stack([3.2 * steps - 1.6, 0.0 * steps, np.full(200, 2.1)], axis=1)
    left = np.stack([np.full(200, -1.6), 0.0 * steps, 2.0 * steps + 0.1], axis=1)
    cam_from_world = VIEWPOINT.cam_from_world()
    top_px, left_px = (CAMERA.project(cam_from_world.apply(edge)) for edge in (top, left))

    columns, rows = np.arange(80, 240), np.arange(80, 180)
    expected_top_px = np.interp(columns + 0.5, top_px[:, 0], top_px[:, 1])
    expected_left_px = np.interp(-(rows + 0.5), -left_px[:, 1], left_px[:, 0])

    assert np.abs(_first_covered_px(blue[:, columns].T) - expected_top_px).max() < 0.25
    assert np.abs(_first_covered_px(blue[rows]) - expected_left_px).max() < 0.25
    straight_px = replace(CAMERA, k1=0.0).project(cam_from_world.apply(left))
    assert np.abs(straight_px - left_px).max() > 2.0, "distortion must matter here"


def _first_covered_px(lines: FloatArray) -> FloatArray:
    """Where each line (N, L) changes from the background to the board, by area."""
    background, board = lines[:, :1], lines[:, lines.shape[1] // 2, None]
    covered = (lines - background) / (board - background)
    first = np.argmax(covered > 0.9, axis=1)
    before = np.take_along_axis(covered, first[:, None] - np.arange(1, 4), axis=1)
    edge: FloatArray = first - before.sum(axis=1)
    return edge


def half_dark(grid: Grid, seed: int) -> Layer:
    plain = dark(grid, seed)
    light = np.where(grid.u_m > 1.9, 30.0, 1.0).astype(np.float32)
    return plain._replace(colour=plain.colour * light[None, :, None])


@pytest.mark.parametrize("distance_m", [3.0, 5.0, 9.0])
def test_paint_stays_in_its_place_at_every_distance(board: Planar, distance_m: float) -> None:
    painted: list[Surface] = [replace(board, material=half_dark)]
    viewpoint = Viewpoint(eye=(-0.4, -distance_m, 1.4), target=(0.0, 0.0, 1.1))
    boundary = np.array([[1.9 - 1.6, 0.0, z] for z in (0.6, 1.1, 1.6)])
    boundary_px = CAMERA.project(viewpoint.cam_from_world().apply(boundary))

    red = rendered(painted, viewpoint)[..., 0]

    for x_px, y_px in boundary_px:
        around = slice(int(x_px) - 8, int(x_px) + 9)
        line = red[int(y_px), around]
        share_dark = (line[-1] - line) / (line[-1] - line[0])
        assert line[-1] - line[0] > 50
        assert around.start + share_dark.sum() == pytest.approx(x_px, abs=0.35)


def test_an_edge_one_pixel_off_would_be_noticed(board: Planar) -> None:
    moved = Planar(
        corner=(-1.6, 0.0, 0.1 + 4.0 / CAMERA.focal_px),
        axis_u=board.axis_u,
        axis_v=board.axis_v,
        outline=board.outline,
        material=dark,
    )
    difference = np.abs(rendered([moved]) - rendered([board])).max(axis=2)

    assert (difference > 40).sum() > 100


def test_depth_is_measured_along_the_optical_axis(board: Planar) -> None:
    scene = _scene_of([board])
    photo = scene.photos[0]
    depth = scene.depth_map(photo)
    assert depth.shape == (240, 320)

    xy_px = CAMERA.pixel_centres()[100:160:10, 100:220:10].reshape(-1, 2)
    z = scene.depth_at(photo, xy_px)
    in_cam = np.column_stack([CAMERA.unproject(xy_px), np.ones(len(xy_px))]) * z[:, None]
    in_world = photo.cam_from_world.inverse().apply(in_cam)

    assert np.abs(in_world[:, 1]).max() < 1e-9
    assert depth[100:160:10, 100:220:10].ravel() == pytest.approx(z)
    assert np.isinf(depth[5, 160])


def _scene_of(surfaces: list[Surface]) -> TrueScene:
    photo = TruePhoto(name="a.jpg", camera=CAMERA, cam_from_world=VIEWPOINT.cam_from_world())
    return TrueScene(options=SceneOptions(), photos=(photo,), surfaces=tuple(surfaces))


@cache
def small_relief() -> tuple[TrueScene, list[FloatArray]]:
    """Five photos (240, 320, 3) without noise, and the truth."""
    options = SceneOptions(
        scene="relief", num_photos=5, width_px=320, height_px=240, seed=9, supersampling=3
    )
    scene = describe_scene(options)
    atlas = _bake(scene, 1)
    images = []
    for photo in scene.photos:
        view = View.of(scene.surfaces, photo.cam_from_world)
        scenery = Scenery(scene.surfaces, atlas, view)
        images.append(render_pixels(scenery, PixelGrid.of(photo.camera), 3))
    return scene, images


def transferred(
    scene: TrueScene, a: TruePhoto, b: TruePhoto, *, every_px: int = 7
) -> tuple[FloatArray, ...]:
    """Pixels of ``a`` (N, 2), their pixels in ``b`` (N, 2), depth there and depth found there."""
    xy_a = a.camera.pixel_centres()[4::every_px, 4::every_px].reshape(-1, 2)
    z_a = scene.depth_at(a, xy_a)
    xy_a, z_a = xy_a[np.isfinite(z_a)], z_a[np.isfinite(z_a)]
    in_a = np.column_stack([a.camera.unproject(xy_a), np.ones(len(xy_a))]) * z_a[:, None]
    in_b = b.cam_from_world.apply(a.cam_from_world.inverse().apply(in_a))
    xy_b = b.camera.project(in_b)
    size_px = (b.camera.width_px - 1, b.camera.height_px - 1)
    inside = np.all((xy_b > 1) & (xy_b < size_px), axis=1) & (in_b[:, 2] > 0.1)
    return xy_a[inside], xy_b[inside], in_b[inside, 2], scene.depth_at(b, xy_b[inside])


@pytest.mark.parametrize(("first", "second"), [(0, 1), (1, 2), (4, 2)])
def test_depths_of_two_photos_agree(first: int, second: int) -> None:
    scene, _ = small_relief()
    _, _, expected, found = transferred(scene, scene.photos[first], scene.photos[second])

    assert len(expected) > 500
    assert np.all(found <= expected + 1e-6), "a photo sees through a surface"
    visible = found > expected - 1e-6
    assert visible.mean() > 0.75
    assert not visible.all(), "objects must hide something"


def test_colours_of_two_photos_agree_where_the_depth_says_so() -> None:
    scene, images = small_relief()
    xy_a, xy_b, expected, found = transferred(scene, scene.photos[1], scene.photos[2])
    visible = found > expected - 1e-6

    a, b = _sampled(images[1], xy_a[visible]), _sampled(images[2], xy_b[visible])
    shifted = _sampled(images[2], xy_b[visible] + [6.0, 4.0])

    agreement = np.corrcoef(a.ravel(), b.ravel())[0, 1]
    assert agreement > 0.95
    assert np.corrcoef(a.ravel(), shifted.ravel())[0, 1] < agreement - 0.15


def _sampled(image: FloatArray, xy_px: FloatArray) -> FloatArray:
    """Bilinear samples (N, 3) of an image (H, W, 3), clamped at the border."""
    place = np.clip(xy_px - 0.5, 0, np.array(image.shape[1::-1]) - 1.001)
    corner = place.astype(int)
    (fx, fy), (x, y) = (place - corner).T[..., None], corner.T
    upper = image[y, x] * (1 - fx) + image[y, x + 1] * fx
    lower = image[y + 1, x] * (1 - fx) + image[y + 1, x + 1] * fx
    blended: FloatArray = upper * (1 - fy) + lower * fy
    return blended


@cache
def sample_depths() -> tuple[TrueScene, list[FloatArray]]:
    """The demo's scene and a coarse depth map (30, 40) of every photo."""
    scene = describe_scene(SAMPLE)
    depths = []
    for photo in scene.photos:
        x_px = (np.arange(40) + 0.5) * photo.camera.width_px / 40
        y_px = (np.arange(30) + 0.5) * photo.camera.height_px / 30
        xy_px = np.stack(np.meshgrid(x_px, y_px), axis=-1).reshape(-1, 2)
        depths.append(scene.depth_at(photo, xy_px).reshape(30, 40))
    return scene, depths


def test_nothing_stands_in_the_way_of_the_demos_photos() -> None:
    _, depths = sample_depths()

    for depth in depths:
        assert depth.min() > 2.5
        assert 0.0 < np.isinf(depth).mean() < 0.5
        assert np.percentile(depth[10:20, 15:25], 30) < 9.0


def test_neighbouring_photos_of_the_demo_overlap() -> None:
    scene, depths = sample_depths()
    shares = []
    for index, (a, b) in enumerate(pairwise(scene.photos)):
        _, _, expected, found = transferred(scene, a, b, every_px=36)
        num_samples = -(-(a.camera.width_px - 4) // 36) * -(-(a.camera.height_px - 4) // 36)
        num_on_surfaces = num_samples * np.isfinite(depths[index]).mean()
        shares.append(float((found > expected - 1e-6).sum() / num_on_surfaces))

    assert np.median(shares) > 0.6
    assert min(shares) > 0.3
