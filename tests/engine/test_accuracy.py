"""The whole engine on scenes whose cameras are known exactly."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pycolmap
import pytest
from PIL import Image

from scene3d.engine import pipeline
from scene3d.engine.errors import PhotoProblem
from scene3d.engine.evaluation import relative_pose_errors
from scene3d.engine.export.columns import read_columns
from scene3d.engine.export.ply import read_ply
from scene3d.engine.exporting import MODEL_FILES
from scene3d.engine.features.base import load_features, save_features
from scene3d.engine.features.extract import extract_features
from scene3d.engine.host import Host
from scene3d.engine.options import ReconstructionOptions
from scene3d.engine.pipeline import reconstruct
from scene3d.engine.presets import PRESETS, with_extractor
from scene3d.engine.progress import Silent
from scene3d.engine.report import Report
from scene3d.engine.selftest import read_poses, true_poses
from scene3d.engine.sources import find_photos
from scene3d.engine.synthetic import (
    TINY,
    SceneOptions,
    TrueScene,
    describe_scene,
    render_scene,
    render_unrelated,
)
from scene3d.engine.workspace import Workspace

QUICK = PRESETS["quick"].options
FEW = {"features": {"max_keypoints": 1024}}


@dataclass(frozen=True)
class Scene:
    photos: Path
    truth: TrueScene


@pytest.fixture(scope="session")
def tiny(tiny_photos: Path) -> Scene:
    return Scene(tiny_photos, describe_scene(TINY))


@dataclass(frozen=True)
class Result:
    scene: Scene
    report: Report
    workspace: Workspace


@pytest.fixture(scope="session")
def result(tiny: Scene, host: Host, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The tiny scene by the preset "quick"; for tests that only look."""
    report, workspace = run(tiny, QUICK, tmp_path_factory.mktemp("quick"), host)
    return Result(tiny, report, workspace)


def rendered(options: SceneOptions, folder: Path) -> Scene:
    return Scene(folder, render_scene(options, folder, num_workers=2))


def run(
    scene: Scene, options: ReconstructionOptions, folder: Path, host: Host
) -> tuple[Report, Workspace]:
    workspace = Workspace(folder / "work")
    return reconstruct(find_photos(scene.photos), options, workspace, Silent(), host), workspace


def median_error_deg(workspace: Workspace, truth: TrueScene) -> float:
    estimated = read_poses(workspace.result_dir / "cameras.json")
    errors = relative_pose_errors(estimated, true_poses(truth))
    num_photos = len(truth.photos)
    assert len(errors) == num_photos * (num_photos - 1) // 2
    return median(error.max_deg for error in errors.values())


@pytest.mark.parametrize(
    ("options", "max_error_deg"),
    [
        pytest.param(
            QUICK.merged({"mapping": {"mapper": "global"}}),
            0.15,
            id="sift, global",
            marks=pytest.mark.long,
        ),
        pytest.param(
            QUICK.merged({"pairs": {"strategy": "sequential", "overlap": 3}}),
            0.15,
            id="sift, sequential",
        ),
        pytest.param(with_extractor(QUICK, "aliked-n16").merged(FEW), 0.6, id="aliked-n16"),
        pytest.param(with_extractor(QUICK, "aliked-t16").merged(FEW), 0.8, id="aliked-t16"),
        pytest.param(
            with_extractor(QUICK, "aliked").merged(FEW | {"matching": {"matcher": "lightglue"}}),
            0.6,
            id="aliked, lightglue",
            marks=pytest.mark.long,
        ),
    ],
)
def test_poses_are_right(
    tiny: Scene, options: ReconstructionOptions, max_error_deg: float, tmp_path: Path, host: Host
) -> None:
    report, workspace = run(tiny, options, tmp_path, host)
    assert report.counts.num_registered == TINY.num_photos
    assert 0 < median_error_deg(workspace, tiny.truth) < max_error_deg
    assert report.fingerprint == options.fingerprint()
    assert all(stage.seconds > 0 for stage in report.stages)


def test_poses_focal_and_reprojection_error_are_right(result: Result) -> None:
    truth, report = result.scene.truth, result.report
    [focal_px] = {photo.focal_px for photo in report.photos}
    assert report.counts.num_registered == TINY.num_photos
    assert 0 < median_error_deg(result.workspace, truth) < 0.15
    assert focal_px == pytest.approx(truth.photos[0].camera.focal_px, rel=0.01)
    assert 0.05 < report.models[0].mean_error_px < 0.8
    assert {photo.focal_source for photo in report.photos} == {"exif_35mm"}


@pytest.mark.long
def test_shifted_keypoints_make_poses_worse(
    result: Result, tmp_path: Path, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the test above would notice a wrong pixel origin; the principal point stays fixed here,
    because it would hide the shift."""

    def shifted(*arguments: Any) -> dict[int, int]:
        counts = extract_features(*arguments)
        workspace: Workspace = arguments[2]
        for index in counts:
            features = load_features(workspace.features(index))
            moved = replace(features, keypoints_xy_px=features.keypoints_xy_px + np.float32(2))
            save_features(moved, workspace.features(index))
        return counts

    monkeypatch.setattr(pipeline, "extract_features", shifted)
    fixed = QUICK.merged({"mapping": {"refine_principal_point": False}})
    _, workspace = run(result.scene, fixed, tmp_path, host)
    truth = result.scene.truth
    assert median_error_deg(workspace, truth) > 2 * median_error_deg(result.workspace, truth)


def test_points_lie_on_the_surfaces(result: Result) -> None:
    """Scaled by the distance of two cameras, most points are where the truth has a surface."""
    truth, folder = result.scene.truth, result.workspace.result_dir
    poses = read_poses(folder / "cameras.json")
    true_positions = {photo.name: photo.position_in_world for photo in truth.photos}
    first, last = min(poses), max(poses)

    def position(name: str) -> np.ndarray:
        pose = poses[name]
        return -pose.rotation_cam_from_world.T @ pose.translation_cam_from_world

    units_per_m = np.linalg.norm(position(last) - position(first)) / np.linalg.norm(
        true_positions[last] - true_positions[first]
    )
    cloud = read_ply(folder / "points_full.ply")
    xyz = np.stack([cloud[axis] for axis in "xyz"], axis=1)
    pose = poses[first]
    in_cam = xyz @ pose.rotation_cam_from_world.T + pose.translation_cam_from_world
    [photo] = [photo for photo in truth.photos if photo.name == first]
    seen_px = photo.camera.project(in_cam)
    size_px = (photo.camera.width_px, photo.camera.height_px)
    inside = ((seen_px > 1) & (seen_px < np.array(size_px) - 1)).all(axis=1) & (in_cam[:, 2] > 0)
    true_depth_m = truth.depth_at(photo, seen_px[inside])
    depth_m = in_cam[inside, 2] / units_per_m
    error = np.abs(depth_m / true_depth_m - 1)
    assert 0 < np.median(error) < 0.005
    assert np.mean(error < 0.02) > 0.8  # the others are hidden in this photo


def test_the_same_seed_gives_the_same_model(result: Result, tmp_path: Path, host: Host) -> None:
    _, again = run(result.scene, QUICK, tmp_path, host)
    for name in ("points.ply", "points_full.ply", "cameras.json"):
        first, second = (w.result_dir / name for w in (result.workspace, again))
        assert first.read_bytes() == second.read_bytes(), name


@pytest.mark.long
def test_several_devices_and_turned_photos(tmp_path: Path, host: Host) -> None:
    """EXIF orientation, two focal lengths, two sizes: all of it ends in the right poses."""
    options = SceneOptions(
        scene="relief",
        num_photos=10,
        width_px=480,
        height_px=360,
        num_devices=2,
        portrait_share=0.3,
        seed=11,
    )
    scene = rendered(options, tmp_path / "photos")
    report, workspace = run(scene, QUICK, tmp_path, host)
    sizes = {
        photo.name: (photo.camera.width_px, photo.camera.height_px) for photo in scene.truth.photos
    }
    assert {photo.name: (photo.width_px, photo.height_px) for photo in report.photos} == sizes
    assert any(height > width for width, height in sizes.values())
    assert 2 <= report.models[0].num_cameras <= 4
    assert 0 < median_error_deg(workspace, scene.truth) < 0.3


def test_result_files_agree(result: Result) -> None:
    report, folder = result.report, result.workspace.result_dir
    assert Report.read(folder / "report.json") == report
    assert len(read_ply(folder / "points_full.ply")) == report.counts.num_points
    shown = read_ply(folder / "points.ply")
    assert 0 < len(shown) == report.counts.num_points_shown < report.counts.num_points
    columns, meta = read_columns(folder / "view" / "0.points.bin")
    assert meta["num_points"] == len(shown)
    assert np.array_equal(columns["xyz"][:, 0], shown["x"])
    assert np.array_equal(columns["track_length"], shown["track_length"])
    tracks, _ = read_columns(folder / "view" / "0.tracks.bin")
    assert np.array_equal(np.diff(tracks["offset"]), columns["track_length"])
    assert {path.name for path in (folder / "models" / "0").iterdir()} == set(MODEL_FILES)


def test_colmap_reads_the_model_with_the_photos_own_names(result: Result) -> None:
    model = pycolmap.Reconstruction(result.workspace.result_dir / "models" / "0")
    names = {image.name for image in model.images.values()}
    assert names == {photo.name for photo in result.scene.truth.photos}
    assert model.num_points3D() == result.report.counts.num_points


def unrelated_photos(folder: Path) -> None:
    render_unrelated(TINY, folder, 4)


def plain_photos(folder: Path) -> None:
    for index in range(4):
        Image.new("RGB", (480, 360), (40 * index, 90, 120)).save(folder / f"{index}.png")


@pytest.mark.parametrize(
    ("make", "code"),
    [(unrelated_photos, "insufficient_overlap"), (plain_photos, "insufficient_features")],
)
def test_photos_that_cannot_work_say_why(
    make: Callable[[Path], None], code: str, tmp_path: Path, host: Host
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    make(folder)
    workspace = Workspace(tmp_path / "work")
    with pytest.raises(PhotoProblem) as caught:
        reconstruct(find_photos(folder), QUICK, workspace, Silent(), host)
    assert caught.value.code == code
    assert caught.value.next_step
    assert not (workspace.result_dir / "report.json").exists()
