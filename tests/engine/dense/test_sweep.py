"""The graphics card's way to depth, on the processor: small pictures, known surfaces."""

import numpy as np
import pytest

from scene3d.engine.dense.bench import Bench
from scene3d.engine.dense.neighbours import choose_pairs, neighbours_of
from scene3d.engine.dense.sweep import inverse_depths, sweep
from scene3d.engine.synthetic import TINY, describe_scene
from tests.engine.dense.conftest import DenseRun
from tests.engine.dense.views import plane_depth, points_on, rotation_about, side_of, view_at

WALL = np.array([0.1, -0.2, 1.0])
DISTANCE = 5.0
POINTS = np.random.default_rng(1).uniform([-1.2, -0.8, 4], [1.2, 0.8, 6.5], (200, 3))


@pytest.mark.parametrize("num_others", [1, pytest.param(3, marks=pytest.mark.long)])
def test_the_depth_of_a_wall_comes_out_finer_than_the_planes(num_others: int) -> None:
    centres = ([0.5, 0.1, 0.0], [-0.4, 0.3, 0.05], [0.1, -0.5, -0.05])
    turn = rotation_about(np.array([1.0, 1.0, 0.0]), 2.0)
    views = [view_at(np.zeros(3)), *(view_at(np.array(c), turn) for c in centres[:num_others])]
    truths = [plane_depth(view, WALL, DISTANCE) for view in views]
    sides = [side_of(view, truth) for view, truth in zip(views, truths, strict=True)]
    planes = inverse_depths(views[0], views[1:], POINTS)
    step = planes[1] - planes[0]
    assert 32 <= len(planes) <= 768
    found, score = sweep(sides[0], sides[1:], planes, "cpu")
    known = np.isfinite(found)
    assert 0.6 < known.mean() < 1.0
    assert 0.5 <= score[known].min() <= score.max() <= 1.0
    off = np.abs(1 / found[known] - 1 / truths[0][known])
    assert 1e-6 < np.median(off) < 0.25 * step
    assert 0.95 < np.mean(off < 2 * step) <= 1.0


def test_what_the_neighbours_do_not_show_stays_unknown() -> None:
    view, beside = view_at(np.zeros(3)), view_at(np.array([3.0, 0.0, 0.0]))
    sides = [side_of(v, plane_depth(v, WALL, DISTANCE)) for v in (view, beside)]
    found, _ = sweep(sides[0], sides[1:], inverse_depths(view, [beside], POINTS), "cpu")
    shown, _ = beside.project(points_on(view, plane_depth(view, WALL, DISTANCE)).reshape(-1, 3))
    outside = (shown[:, 0] < -40).reshape(found.shape)
    assert 0.1 < outside.mean() < 0.9
    assert np.isfinite(found[outside]).mean() < 0.1


def test_points_behind_the_camera_give_no_planes() -> None:
    view, beside = view_at(np.zeros(3)), view_at(np.array([1.0, 0.0, 0.0]))
    assert len(inverse_depths(view, [beside], -POINTS)) == 0
    assert len(inverse_depths(view, [], POINTS)) == 0


@pytest.mark.long
def test_a_rendered_photo_has_its_true_depth(dense_run: DenseRun) -> None:
    model, options = (
        dense_run.model,
        dense_run.options.dense.model_copy(update={"long_side_px": 320}),
    )
    positions = list(range(model.num_registered))
    bench = Bench(model, positions, options, dense_run.workspace)
    for position in positions:
        bench.prepare(position)
    pairs = choose_pairs(model, positions, 3)
    position = 3
    assert bench.sweep(position, neighbours_of(pairs, position), "cpu")
    found = bench.store.get(f"merged-{position}")
    scene = describe_scene(TINY)
    photo = scene.photos[int(model.photo_indices[position])]
    view = bench.view(position)
    rows, columns = np.nonzero(np.isfinite(found))
    xy_px = (np.column_stack([columns, rows]) + 0.5) * photo.camera.width_px / view.width_px
    true = scene.depth_at(photo, xy_px)
    ratio = found[rows, columns] / true
    ratio /= np.median(ratio)  # the model's units are not metres
    assert 0.6 < np.isfinite(found).mean() <= 1.0
    assert 0.85 < np.mean(np.abs(ratio - 1) < 0.01) <= 1.0
    assert 1e-5 < np.median(np.abs(ratio - 1)) < 0.004
