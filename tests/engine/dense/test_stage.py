"""The dense stage as a whole, on rendered photos whose surfaces are known."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.spatial import cKDTree

from scene3d.engine.benchmark.dense import judge_held_out
from scene3d.engine.benchmark.surfaces import aligned_to_scene, sample_surfaces, surface_scores
from scene3d.engine.delivery import Order, deliver
from scene3d.engine.dense.bench import Bench
from scene3d.engine.dense.stage import Dense, densify
from scene3d.engine.errors import Cancelled, InputNotFound, OptionsInvalid, TimeLimitReached
from scene3d.engine.export.columns import read_columns
from scene3d.engine.export.ply import read_ply
from scene3d.engine.export.scaling import scale_file
from scene3d.engine.host import Host
from scene3d.engine.pipeline import reconstruct
from scene3d.engine.progress import Progress, Silent
from scene3d.engine.sources import find_photos
from scene3d.engine.synthetic import TINY, describe_scene
from scene3d.engine.workspace import Workspace
from tests.engine.dense.conftest import DenseRun


def run_again(
    run: DenseRun,
    *,
    held_out: Sequence[int] = (),
    progress: Progress | None = None,
    num_threads: int = 2,
    **dense: Any,
) -> Dense:
    """The dense stage alone, over the poses that there are; small, to be quick."""
    options = run.options.merged({"dense": {"enabled": True, "long_side_px": 200, **dense}})
    host = Host(weights=run.host.weights, num_threads=num_threads)
    return densify(run.model, held_out, options, run.workspace, progress or Silent(), host)


def test_the_cloud_is_the_true_surface(dense_run: DenseRun) -> None:
    points = read_ply(dense_run.workspace.result_dir / "points.ply")
    xyz = np.stack([points[axis] for axis in "xyz"], axis=1)
    cameras = json.loads((dense_run.workspace.result_dir / "cameras.json").read_text())
    rows = cameras["models"][0]["cameras"]
    centers = {row["photo"]: np.array(row["center_in_world"]) for row in rows}
    scene = describe_scene(TINY)
    surface = sample_surfaces(scene)
    aligned = aligned_to_scene(xyz[:60_000], centers, scene)
    scores = surface_scores(aligned, surface, [0.0001, 0.002, 0.005, 0.01])
    assert 0.75 < scores[0.002].f_score < 1.0
    assert 0.90 < scores[0.005].f_score < 1.0
    assert scores[0.01].accuracy > 0.99
    assert scores[0.0001].f_score < 0.5  # a ruler that everything is shorter than would say 1


def test_normals_point_to_the_cameras_and_views_are_counted(dense_run: DenseRun) -> None:
    points = read_ply(dense_run.workspace.result_dir / "points.ply")
    xyz, normals = (
        np.stack([points[f"{prefix}{axis}"] for axis in "xyz"], axis=1).astype(np.float64)
        for prefix in ("", "n")
    )
    assert np.allclose(np.linalg.norm(normals, axis=1), 1, atol=0.02)
    to_camera = dense_run.model.centers_in_world.mean(axis=0) - xyz
    assert ((to_camera * normals).sum(axis=1) > 0).mean() > 0.98
    min_views = dense_run.options.dense.min_views
    assert points["views"].min() >= min_views - 1
    assert 0.6 < (points["views"] >= min_views).mean() < 1.0
    assert points["views"].max() <= TINY.num_photos


def test_the_viewers_files_begin_alike(dense_run: DenseRun) -> None:
    view = dense_run.workspace.result_dir / "view"
    (first, first_meta), (whole, meta) = (
        read_columns(view / f"0.{name}.bin") for name in ("preview", "dense")
    )
    dense = dense_run.report.dense
    assert meta["num_points"] == dense.num_points == len(whole["xyz"])
    assert first_meta["num_points"] == min(dense.num_points, 200_000)
    assert {name: (column.dtype.name, column.shape[1:]) for name, column in whole.items()} == {
        "xyz": ("float32", (3,)), "rgb": ("uint8", (3,)), "normal": ("int8", (3,)),
        "views": ("uint8", ()),
    }  # fmt: skip
    for name, column in first.items():
        assert np.array_equal(column, whole[name][: len(column)])
    assert (meta["up"], meta["bounds"]) == (first_meta["up"], first_meta["bounds"])
    beginning, low, high = first["xyz"][:5000], meta["bounds"]["min"], meta["bounds"]["max"]
    assert 0.9 < ((beginning >= low) & (beginning <= high)).all(axis=1).mean() < 1.0


def test_the_report_tells_what_became_of_every_photo(dense_run: DenseRun) -> None:
    dense = dense_run.report.dense
    assert (dense.status, dense.message, dense_run.report.partial_reason) == ("done", "", None)
    assert dense.num_photos + len(dense.left_out) == dense_run.model.num_registered
    assert dense.num_points_found == dense.num_points > 50_000
    assert [row.stage for row in dense_run.report.stages][-2:] == ["dense", "exporting"]


def test_both_clouds_are_kept_and_the_picture_shows_something(dense_run: DenseRun) -> None:
    result = dense_run.workspace.result_dir
    assert len(read_ply(result / "points_sparse.ply")) == dense_run.report.counts.num_points_shown
    with Image.open(result / "preview.jpg") as picture:
        assert picture.size == (960, 600)
        levels = np.asarray(picture.convert("L"))
    assert 0.2 < (levels > 40).mean() < 1.0
    assert not dense_run.workspace.dense_dir.exists()


def test_the_mesh_lies_on_the_cloud(dense_run: DenseRun, tmp_path: Path) -> None:
    result = dense_run.workspace.result_dir
    columns, meta = read_columns(result / "view" / "0.mesh.bin")
    xyz, triangles = columns["xyz"], columns["triangles"]
    assert (triangles.dtype.name, triangles.shape[1]) == ("uint32", 3)
    assert meta["num_points"] == len(xyz)
    assert 10_000 < len(triangles) == dense_run.report.dense.num_triangles <= 520_000
    assert np.array_equal(np.unique(triangles), np.arange(len(xyz)))
    corners = xyz[triangles].astype(np.float64)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    to_camera = dense_run.model.centers_in_world.mean(axis=0) - corners[:, 0]
    assert ((normal * to_camera).sum(axis=1) > 0).mean() > 0.98
    points = read_ply(result / "points.ply")
    cloud = np.stack([points[axis] for axis in "xyz"], axis=1)
    distance, _ = cKDTree(cloud).query(xyz[:5000])
    assert np.percentile(distance, 95) < 0.01 * np.ptp(cloud, axis=0).max()
    scale_file(result / "mesh.ply", tmp_path / "mesh.ply", 2.0)
    header, _, body = (tmp_path / "mesh.ply").read_bytes().partition(b"end_header\n")
    assert f"element face {len(triangles)}".encode() in header
    assert np.allclose(np.frombuffer(body, "<f4", 3), 2 * xyz[0])
    last = np.frombuffer(body[-12:], "<i4")
    assert last.tolist() == triangles[-1].tolist()


def test_a_dense_cloud_in_metres(dense_run: DenseRun, tmp_path: Path) -> None:
    source = dense_run.workspace.result_dir / "points.ply"
    target = tmp_path / "points.ply"
    scale_file(source, target, 2.5)
    target.write_bytes(target.read_bytes().replace(b"; positions in metres", b""))
    before, after = read_ply(source), read_ply(target)
    assert np.allclose(after["z"], 2.5 * before["z"])
    assert np.array_equal(after["nz"], before["nz"])


def test_the_same_seed_gives_the_same_cloud_with_any_number_of_threads(
    dense_run: DenseRun,
) -> None:
    one = run_again(dense_run, num_threads=1, long_side_px=1000).cloud
    assert one is not None
    points = read_ply(dense_run.workspace.result_dir / "points.ply")
    assert np.array_equal(one.xyz[:, 0], points["x"])
    assert np.array_equal(one.rgb[:, 1], points["green"])


def test_a_photo_that_is_held_out_is_never_opened(dense_run: DenseRun) -> None:
    position = 3
    index = int(dense_run.model.photo_indices[position])
    photo = dense_run.workspace.photo(index)
    hidden = photo.with_suffix(".hidden")
    photo.rename(hidden)
    try:
        dense = run_again(dense_run, held_out=[index], long_side_px=480)
    finally:
        hidden.rename(photo)
    assert dense.cloud is not None
    assert dense.num_photos + len(dense.left_out) == dense_run.model.num_registered - 1
    judged = judge_held_out(dense_run.model, position, dense.cloud, photo)
    assert 0.6 < judged.coverage <= judged.coverage_without_sky + 0.1 <= 1.1
    assert 18 < judged.psnr_db <= judged.fitted_psnr_db + 0.01 < 45


def test_a_name_that_no_photo_has_is_refused(dense_run: DenseRun, tiny_photos: Path) -> None:
    options = dense_run.options.merged({"dense": {"hold_out": ["elsewhere.jpg"]}})
    with pytest.raises(OptionsInvalid, match=r"no photo is called elsewhere\.jpg"):
        reconstruct(
            find_photos(tiny_photos), options, dense_run.workspace, Silent(), dense_run.host
        )


def test_a_form_that_a_result_lacks_is_not_delivered(tmp_path: Path, dense_run: DenseRun) -> None:
    (tmp_path / "result").mkdir()
    (tmp_path / "result" / "cameras.json").write_text("{}")
    order, work = Order(result=tmp_path / "result"), Workspace(tmp_path / "work")
    with pytest.raises(InputNotFound, match=r"has no mesh\.ply"):
        deliver("mesh", order, tmp_path / "mesh.ply", work, Silent(), dense_run.host)


class StoppedAt(Silent):
    """Asks the run to stop at its n-th look."""

    def __init__(self, number: int, stop: BaseException) -> None:
        self._left, self._stop = number, stop

    def check(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise self._stop


@pytest.mark.parametrize("number", [1, 18])
@pytest.mark.parametrize(
    ("stop", "reason"), [(Cancelled(), "cancelled"), (TimeLimitReached("Too long."), "time_limit")]
)
def test_who_stops_it_keeps_the_sparse_result(
    dense_run: DenseRun, number: int, stop: Exception, reason: str
) -> None:
    dense = run_again(dense_run, progress=StoppedAt(number, stop))
    assert (dense.cloud, dense.partial_reason) == (None, reason)
    assert dense.message
    assert not dense_run.workspace.dense_dir.exists()


def test_who_wants_nothing_gets_nothing(dense_run: DenseRun) -> None:
    class WorkerStopping(Exception):  # noqa: N818  # as the service has it
        pass

    with pytest.raises(WorkerStopping):
        run_again(dense_run, progress=StoppedAt(4, WorkerStopping()))


@pytest.mark.parametrize("step", ["prepare", "match", "merge", "confirm", "fuse"])
def test_a_failure_is_a_note_and_costs_nothing(
    dense_run: DenseRun, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_args: Any) -> None:
        raise RuntimeError(step)

    monkeypatch.setattr(Bench, step, fail)
    dense = run_again(dense_run)
    assert (dense.cloud, dense.partial_reason) == (None, None)
    assert "broke" in dense.message


def test_when_its_time_is_over_there_is_a_part_of_the_cloud(
    dense_run: DenseRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    matched: list[object] = []
    num_pairs = dense_run.report.dense.num_pairs
    match: Callable[..., bool] = Bench.match

    def slow(bench: Bench, pair: Any) -> bool:
        is_matched = match(bench, pair)
        matched.extend([pair] * is_matched)
        return is_matched

    monkeypatch.setattr(Bench, "match", slow)
    monkeypatch.setattr(
        "scene3d.engine.dense.stage._Watch.is_matching_over",
        property(lambda _: len(matched) >= num_pairs - 1),
    )
    dense = run_again(dense_run, num_threads=1, long_side_px=480)
    assert 0 < dense.num_pairs < num_pairs
    assert "time was over" in dense.message
    assert dense.cloud is not None
    assert 0 < len(dense.cloud) < dense_run.report.dense.num_points


def test_decimation_by_cells_and_by_budget(dense_run: DenseRun) -> None:
    budget = run_again(dense_run, max_points=1000)
    assert budget.cloud is not None
    assert len(budget.cloud) == 1000 < budget.num_found
    cells = run_again(dense_run, voxel_size=0.2).cloud
    assert cells is not None
    assert len(np.unique(np.floor(cells.xyz / 0.2), axis=0)) == len(cells)
