"""The dense stage timed over the poses that photos were rendered from."""

import numpy as np
import pytest

from scene3d.engine.benchmark import dense_growth
from scene3d.engine.benchmark.dense import DenseResult, dense_markdown
from scene3d.engine.benchmark.dense_growth import (
    DenseGrowthRow,
    dense_growth_markdown,
    measure_dense_growth,
    true_model,
)
from scene3d.engine.dense.views import view_of
from scene3d.engine.synthetic import TINY, describe_scene


def test_the_true_model_is_what_perfect_mapping_gives() -> None:
    scene = describe_scene(TINY)
    model = true_model(scene)
    assert model.num_registered == TINY.num_photos
    assert 300 < model.num_points <= 144 * TINY.num_photos
    assert 2 < model.track_lengths.mean() < TINY.num_photos
    assert model.track_offsets[-1] == len(model.track_photos) == len(model.track_xy_px)
    points = np.repeat(np.arange(model.num_points), model.track_lengths)
    seen = model.track_photos == 2
    photo = scene.photos[2]
    in_cam = photo.cam_from_world.apply(model.xyz[points[seen]])
    assert np.allclose(photo.camera.project(in_cam), model.track_xy_px[seen], atol=0.01)
    true = scene.depth_at(photo, model.track_xy_px[seen].astype(np.float64))
    assert np.abs(true / in_cam[:, 2] - 1).max() < 0.012
    assert np.allclose(view_of(model, 2, 480).centre_in_world, model.centers_in_world[2])


@pytest.mark.long
def test_growth_is_measured_in_processes_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense_growth, "LONG_SIDE_PX", 320)
    small, large = measure_dense_growth([6, 12], 2)
    assert (small.num_photos, large.num_photos) == (6, 12)
    assert 0 < small.num_points < large.num_points
    assert small.num_pairs < large.num_pairs
    assert 0 < small.cpu_seconds < large.cpu_seconds < 300
    assert 60 < small.peak_mib < 1500


def test_the_table_tells_the_power() -> None:
    rows = [
        DenseGrowthRow(
            num_photos=n, seconds=n / 2, cpu_seconds=float(n), num_pairs=2 * n, num_points=n * 1000,
            peak_mib=400.0,
        )
        for n in (25, 50, 100)
    ]  # fmt: skip
    table = dense_growth_markdown(rows)
    assert "| 50 | 25.0 | 50.0 | 1.00 | 100 | 50,000 | 400 |" in table
    assert table.endswith("From 25 to 100 photos, CPU time grows with the power 1.00.")
    assert "power" not in dense_growth_markdown(rows[:1])


@pytest.mark.parametrize(("anchor_s", "cell"), [(40.0, "0.30"), (None, "–")])
def test_a_scene_is_held_against_the_anchor(anchor_s: float | None, cell: str) -> None:
    row = DenseResult(
        scene="place", num_photos=11, num_points=5, sparse_seconds=20.0, dense_seconds=12.0,
        dense_cpu_seconds=22.0, held_out=None, surface=None, anchor_seconds=anchor_s,
    )  # fmt: skip
    head, _, cells = (line.split(" | ") for line in dense_markdown([row]).splitlines())
    assert len(head) == len(cells)
    assert cells[head.index("x colmap")] == cell
