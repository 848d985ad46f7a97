"""Which way is up: from rotations alone, and in reconstructed scenes with a known answer."""

from pathlib import Path

import numpy as np
import pycolmap
import pytest
from PIL import Image
from scipy.spatial.transform import Rotation

from scene3d.engine.evaluation import Pose
from scene3d.engine.export.columns import read_columns
from scene3d.engine.geometry.upright import find_up, upright_from_world
from scene3d.engine.host import Host
from scene3d.engine.pipeline import reconstruct
from scene3d.engine.presets import PRESETS
from scene3d.engine.progress import Silent
from scene3d.engine.seeding import generator
from scene3d.engine.selftest import read_poses, true_poses
from scene3d.engine.sources import find_photos
from scene3d.engine.synthetic import TINY, describe_scene
from scene3d.engine.types import FloatArray
from scene3d.engine.workspace import Workspace

from .builders import random_rotations

DOWN_DEG = 90.0


def held(yaw_deg: FloatArray, pitch_deg: FloatArray, roll_deg: FloatArray) -> FloatArray:
    """(C, 3, 3) cam_from_world of cameras in a world whose z axis is up."""
    level = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # looks along y, top along z
    turned = Rotation.from_euler("z", yaw_deg[:, None], degrees=True).inv().as_matrix()
    tilted = Rotation.from_euler("zx", np.stack([roll_deg, pitch_deg], 1), degrees=True)
    found: FloatArray = tilted.as_matrix() @ level @ turned
    return found


def off_deg(rng: np.random.Generator, rotations: FloatArray) -> tuple[float, str, int]:
    """How far from the truth up is found in a world that is turned at random, and how."""
    [world_from_level] = random_rotations(rng, 1)
    up = find_up(rotations @ world_from_level.T)
    assert np.linalg.norm(up.direction) == pytest.approx(1)
    cosine = np.clip(up.direction @ world_from_level[:, 2], -1, 1)
    return float(np.degrees(np.arccos(cosine))), up.source, up.num_agreeing


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("num_cameras", "roll_std_deg", "tolerance_deg"), [(20, 0, 0.01), (60, 4, 3)]
)
def test_up_is_perpendicular_to_the_x_axes_of_level_cameras(
    seed: int, num_cameras: int, roll_std_deg: float, tolerance_deg: float
) -> None:
    rng = generator(seed, "up")
    rotations = held(
        rng.uniform(0, 360, num_cameras),
        rng.normal(0, 25, num_cameras),
        rng.normal(0, roll_std_deg, num_cameras),
    )
    off, source, num_agreeing = off_deg(rng, rotations)
    assert source == "camera_x_axes"
    assert off < tolerance_deg
    assert roll_std_deg == 0 or off > 0.01
    assert 0.8 * num_cameras < num_agreeing <= num_cameras


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("yaw_range_deg", [40, 120, 360])
def test_a_few_rolled_cameras_change_little(seed: int, yaw_range_deg: float) -> None:
    rng = generator(seed, "rolled")
    rolls = rng.normal(0, 2, 30)
    rolls[:7] += rng.choice([90, -90, 180], 7)
    rotations = held(rng.uniform(0, yaw_range_deg, 30), rng.normal(10, 8, 30), rolls)
    off, source, num_agreeing = off_deg(rng, rotations)
    assert source == "camera_x_axes"
    assert off < 5
    assert num_agreeing == 23


@pytest.mark.parametrize("num_rolled", [0, 5])
def test_cameras_that_all_look_one_way_are_judged_by_their_tops(num_rolled: int) -> None:
    rng = generator(1, "one way")
    rolls = rng.normal(0, 1, 20)
    rolls[:num_rolled] += 90
    rotations = held(rng.normal(0, 3, 20), rng.normal(0, 4, 20), rolls)
    off, source, num_agreeing = off_deg(rng, rotations)
    assert (source, num_agreeing) == ("camera_tops", 20 - num_rolled)
    assert off < 3


def test_one_camera_says_that_its_top_is_up() -> None:
    rng = generator(2, "one")
    off, source, _ = off_deg(rng, held(np.array([70.0]), np.zeros(1), np.zeros(1)))
    assert source == "camera_tops"
    assert off < 1e-3


def test_cameras_that_look_down_from_above() -> None:
    rng = generator(3, "nadir")
    down = DOWN_DEG + rng.normal(0, 2, 40)
    every_way = held(rng.uniform(0, 360, 40), down, rng.normal(0, 2, 40))
    off, source, _ = off_deg(rng, every_way)
    assert source == "camera_x_axes"
    assert off < 3
    to_and_fro = held(np.where(np.arange(40) % 2, 0.0, 180.0), down, np.zeros(40))
    off, source, _ = off_deg(rng, to_and_fro)
    assert source == "camera_directions"
    assert off < 3


def test_the_turn_is_a_rotation_to_the_z_axis() -> None:
    for up in [*random_rotations(generator(4, "turn"), 20)[:, 0], *np.eye(3), *-np.eye(3)]:
        turn = upright_from_world(up)
        assert np.allclose(turn @ turn.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(turn) == pytest.approx(1)
        assert np.allclose(turn @ up, [0, 0, 1], atol=1e-12)


def true_up_in_model(cameras_json: Path, names: list[str]) -> FloatArray:
    """(3,) where the scene's z axis points in the world of the reconstructed model."""
    found, true = read_poses(cameras_json), true_poses(describe_scene(TINY))
    ups = [
        found[name].rotation_cam_from_world.T @ true[name].rotation_cam_from_world[:, 2]
        for name in names
    ]
    mean: FloatArray = np.mean(ups, axis=0)
    return mean / np.linalg.norm(mean)


def span(poses: dict[str, Pose], names: list[str]) -> float:
    """Between the first and the last camera."""
    centers = [
        -poses[name].rotation_cam_from_world.T @ poses[name].translation_cam_from_world
        for name in (names[0], names[-1])
    ]
    return float(np.linalg.norm(centers[0] - centers[1]))


def angle_to_z_deg(direction: FloatArray) -> float:
    return float(np.degrees(np.arccos(np.clip(direction[2], -1, 1))))


def test_a_model_stands_upright_amid_its_points(tiny_result: Path) -> None:
    names = [photo.name for photo in describe_scene(TINY).photos]
    assert angle_to_z_deg(true_up_in_model(tiny_result / "cameras.json", names)) < 3
    model = pycolmap.Reconstruction(tiny_result / "models" / "0")
    points = np.array([point.xyz for point in model.points3D.values()])
    assert np.abs(np.median(points, axis=0)).max() < 1e-6
    _, meta = read_columns(tiny_result / "view" / "0.points.bin")
    assert meta["up"] == [0.0, 0.0, 1.0]


@pytest.mark.long
def test_photos_that_were_rolled_do_not_tip_a_model(
    tiny_photos: Path, tmp_path: Path, bare_host: Host
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    names = sorted(path.name for path in tiny_photos.iterdir())
    for name in names:
        with Image.open(tiny_photos / name) as image:
            is_rolled = name in names[1:3]
            turned = image.transpose(Image.Transpose.ROTATE_90) if is_rolled else image
            turned.save(photos / name, quality=95)
    workspace = Workspace(tmp_path / "work")
    options = PRESETS["quick"].options
    report = reconstruct(find_photos(photos), options, workspace, Silent(), bare_host)
    [model] = report.models
    assert (model.num_registered, model.num_level_photos) == (7, 5)
    kept = [name for name in names if name not in names[1:3]]
    assert angle_to_z_deg(true_up_in_model(workspace.result_dir / "cameras.json", kept)) < 3


@pytest.mark.long
def test_a_model_is_left_as_colmap_has_it_on_request(
    tiny_photos: Path, tiny_result: Path, tmp_path: Path, bare_host: Host
) -> None:
    options = PRESETS["quick"].options.merged({"mapping": {"upright": False}})
    workspace = Workspace(tmp_path / "work")
    report = reconstruct(find_photos(tiny_photos), options, workspace, Silent(), bare_host)
    assert report.models[0].up_source is None
    names = [photo.name for photo in describe_scene(TINY).photos]
    up = true_up_in_model(workspace.result_dir / "cameras.json", names)
    assert angle_to_z_deg(up) > 10
    _, meta = read_columns(workspace.result_dir / "view" / "0.points.bin")
    assert np.degrees(np.arccos(meta["up"] @ up)) < 3  # the viewer still stands upright
    found, same = (
        read_poses(folder / "cameras.json") for folder in (workspace.result_dir, tiny_result)
    )
    spans = [span(poses, names) for poses in (found, same)]
    assert spans[0] == pytest.approx(spans[1], rel=1e-3)  # COLMAP's scale is kept
