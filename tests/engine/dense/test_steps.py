"""Each step of the dense stage against what is known exactly."""

import threading
import time

import numpy as np
import pytest

from scene3d.engine.dense.decimation import Sample
from scene3d.engine.dense.depths import (
    around_trusted,
    merge,
    normals,
    seen_from,
    without_edges,
    without_speckle,
)
from scene3d.engine.dense.exposure import log_gains
from scene3d.engine.dense.fusion import Cloud
from scene3d.engine.dense.neighbours import choose_pairs, neighbours_of
from scene3d.engine.dense.sky import find_sky, without_rim
from scene3d.engine.dense.splatting import splat
from scene3d.engine.dense.store import in_parallel, num_workers
from scene3d.engine.options import DenseOptions
from tests.engine.builders import make_model
from tests.engine.dense.views import SIZE_PX, plane_depth, points_on, rotation_about, view_at

WALL = np.array([0.2, -0.1, 1.0])
UP = np.array([0.0, -1.0, 0.0])
"""Of cameras that are not turned."""


def flat(value: float) -> np.ndarray:
    return np.full((SIZE_PX[1], SIZE_PX[0]), value, np.float32)


def test_depths_that_agree_win_and_are_averaged() -> None:
    merged = merge([flat(2.0), flat(3.0), flat(3.02), flat(np.nan)])
    assert np.allclose(merged, 3.01)
    assert np.isnan(merge([flat(np.nan)])).all()


def test_two_photos_of_a_wall_agree_everywhere_they_both_see_it() -> None:
    first = view_at(np.zeros(3))
    second = view_at(np.array([0.4, 0.2, 0.1]), rotation_about(np.array([0.0, 1.0, 0.1]), 6.0))
    depths = plane_depth(first, WALL, 5.0), plane_depth(second, WALL, 5.0)
    seen = seen_from(depths[0], first, second, depths[1])
    known = np.isfinite(seen.ratio)
    assert 0.6 < known.mean() < 1.0
    assert np.abs(seen.ratio[known] - 1).max() < 0.003
    expected, _ = second.project(points_on(first, depths[0])[7, 11][None])
    assert np.allclose([seen.x_px[7, 11], seen.y_px[7, 11]], expected[0], atol=1e-3)
    hovering = seen_from(depths[0] * 0.9, first, second, depths[1])
    assert hovering.sees_through[known & np.isfinite(hovering.ratio)].all()
    assert not hovering.agrees.any()


def test_the_normal_of_a_wall() -> None:
    view = view_at(np.zeros(3))
    found = normals(plane_depth(view, WALL, 5.0), view)[20:-20, 20:-20]
    expected = -WALL / np.linalg.norm(WALL)
    assert np.abs(found - expected).max() < 1e-3


def test_only_the_nearer_side_of_a_step_is_taken_back() -> None:
    depth = flat(5.0)
    depth[:, 100:] = 3.0
    kept = np.isfinite(without_edges(depth))
    assert kept[:, :100].all()
    assert not kept[:, 100:102].any()
    assert kept[:, 102:].all()


def test_patches_that_hang_in_the_air_go_and_slopes_stay() -> None:
    view = view_at(np.zeros(3))
    depth = plane_depth(view, WALL, 5.0)
    depth[50:55, 60:66] *= 0.8
    kept = np.isfinite(without_speckle(depth))
    assert not kept[50:55, 60:66].any()
    assert kept.sum() == kept.size - 30


def test_exposures_are_found_up_to_a_common_factor() -> None:
    rng = np.random.default_rng(3)
    true = rng.normal(0, 0.3, (5, 3))
    true -= true.mean(axis=0)
    point, photo = np.divmod(np.arange(4000 * 5), 5)
    colours = rng.normal(4, 0.5, (4000, 3))
    logs = colours[point] + true[photo] + rng.normal(0, 0.03, (20_000, 3))
    logs[rng.random(20_000) < 0.05] += 1.5  # reflections
    found = log_gains(point, photo, logs, 5)
    assert np.abs(found + true).max() < 0.03
    assert np.abs(found).max() > 0.2


def test_partners_are_those_with_a_good_angle() -> None:
    """Cameras a tenth of the distance apart on a line see one wall under 6° each."""
    rng = np.random.default_rng(2)
    points = np.column_stack([rng.uniform(-3, 3, (300, 2)), np.full(300, 10.0)])
    model = make_model(points, tracks=[range(8)] * 300, photo_indices=range(8))
    centers = np.column_stack([np.arange(8.0), np.zeros(8), np.zeros(8)])
    object.__setattr__(model, "translation_cam_from_world", -centers)
    pairs = choose_pairs(model, range(8), 2)
    assert all(first < second for first, second in pairs)
    assert len(set(pairs)) == len(pairs)
    steps = [second - first for first, second in pairs]
    assert set(steps) == {2, 3}  # 11 and 17 degrees
    assert all(len(neighbours_of(pairs, position)) >= 2 for position in range(8))
    without = choose_pairs(model, [0, 1, 2, 4], 2)
    assert 3 not in {position for pair in without for position in pair}


@pytest.mark.parametrize(("num_points", "is_sky"), [(0, True), (400, False)])
def test_sky_is_smooth_bright_and_without_points(num_points: int, is_sky: bool) -> None:  # noqa: FBT001  # parametrized
    view = view_at(np.zeros(3))
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 255, (SIZE_PX[1], SIZE_PX[0], 3)).astype(np.uint8)
    rgb[:100] = (150, 180, 230)
    above = rng.uniform([0, 0], [SIZE_PX[0], 95], (num_points, 2))
    below = rng.uniform([0, 130], SIZE_PX, (400, 2))
    sky = find_sky(rgb, view, UP, np.concatenate([above, below]))
    assert sky[:98].all() == is_sky
    assert not sky[110:].any()
    upside_down = find_sky(rgb, view, -UP, below)
    assert not upside_down.any()


def test_the_nearest_point_wins_its_square() -> None:
    view = view_at(np.zeros(3))
    xyz = np.array([[0.0, 0.0, 2.0], [0.0, 0.0, 1.0], [0.0, 0.0, -1.0]])
    rgb = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255]], np.uint8)
    picture, depth = splat(view, xyz, rgb)
    covered = np.isfinite(depth)
    assert covered.sum() == 4
    assert (picture[covered] == [0, 255, 0]).all()
    assert np.allclose(depth[covered], 1.0)
    rows, columns = np.nonzero(covered)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (119, 120, 159, 160)


def test_few_are_worked_on_at_once_and_come_in_order() -> None:
    at_work, most, lock = 0, 0, threading.Lock()

    def work(number: int) -> int:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        time.sleep(0.002)
        with lock:
            at_work -= 1
        return number

    assert list(in_parallel(work, range(40), 3)) == list(range(40))
    assert 2 <= most <= 3


def test_workers_fit_into_the_memory() -> None:
    megapixel = 1_000_000
    assert num_workers(16, 1500, megapixel) == 3
    assert num_workers(16, 16_000, megapixel) == 16
    assert num_workers(1, 16_000, megapixel) == 1
    assert num_workers(4, 256, 50 * megapixel) == 1


def test_a_surface_is_believed_as_far_as_it_goes_on_from_where_enough_photos_agree() -> None:
    depth = flat(5.0)
    depth[:, 200:] = 5.2  # a step
    trusted = np.zeros(depth.shape, bool)
    trusted[:, :150] = True
    likely = np.ones(depth.shape, bool)
    found = around_trusted(depth, trusted, likely)
    assert found[:, 1:198].all()
    assert not found[:, 199:].any()
    assert not around_trusted(depth, trusted & (depth < 0), likely).any()
    trusted[:, 60:] = False  # too little of the patch
    assert not around_trusted(depth, trusted, likely).any()
    depth[0, 0] = np.nan
    assert not around_trusted(depth, likely, likely)[0, 0]


def test_what_stands_before_the_sky_of_another_photo_is_seen_through() -> None:
    first, second = view_at(np.zeros(3)), view_at(np.array([0.4, 0.0, 0.0]))
    sky = seen_from(plane_depth(first, WALL, 5.0), first, second, flat(np.inf))
    inside = np.isfinite(sky.x_px) & (sky.x_px > 1) & (sky.x_px < SIZE_PX[0] - 2)
    inside &= (sky.y_px > 1) & (sky.y_px < SIZE_PX[1] - 2)
    assert sky.sees_through[inside].all()
    assert not sky.agrees.any()


def test_sky_is_sure_some_pixels_from_its_edge() -> None:
    sky = np.zeros((60, 80), bool)
    sky[:30] = True
    sure = without_rim(sky)
    assert sure[:20].all()
    assert not sure[25:].any()


def cloud_of(xyz: np.ndarray, num_views: int) -> Cloud:
    return Cloud(
        xyz=xyz.astype(np.float32),
        normals=np.zeros_like(xyz, np.float32),
        rgb=np.zeros(xyz.shape, np.uint8),
        num_views=np.full(len(xyz), num_views, np.uint8),
    )


def test_a_sample_is_fair_to_what_came_first() -> None:
    options = DenseOptions(max_points=1000)
    sample = Sample(options, np.random.default_rng(3))
    for number in range(40):
        sample.add(cloud_of(np.full((500, 3), float(number)), 3))
    cloud = sample.cloud()
    assert (len(cloud), sample.num_found) == (1000, 20_000)
    counts = np.bincount(cloud.xyz[:, 0].astype(int), minlength=40)
    assert counts.min() >= 8
    assert counts.max() <= 50
    assert 400 < np.count_nonzero(cloud.xyz[:500, 0] < 20) + 200 < 500  # in random order


def test_of_each_cell_the_point_that_most_photos_see_stays() -> None:
    sample = Sample(DenseOptions(voxel_size=1.0), np.random.default_rng(3))
    places = np.random.default_rng(1).uniform(0, 4, (300, 3))
    sample.add(cloud_of(places, 3))
    sample.add(cloud_of(places[:100] + 1e-3, 5))
    cloud = sample.cloud()
    cells = np.floor(cloud.xyz).astype(int)
    assert len(np.unique(cells, axis=0)) == len(cells)
    better = {tuple(cell) for cell in np.floor(places[:100] + 1e-3).astype(int)}
    for cell, num_views in zip(cells, cloud.num_views, strict=True):
        assert num_views == (5 if tuple(cell) in better else 3)
