"""Every form of a result, read back by readers that are not ours."""

import csv
import json
import zipfile
from pathlib import Path
from typing import Any

import laspy
import numpy as np
import pycolmap
import pytest
from PIL import Image

from scene3d.engine.delivery import Order, PhotosNeeded, deliver
from scene3d.engine.errors import InputNotFound
from scene3d.engine.export.glb import write_glb
from scene3d.engine.export.laz import write_laz
from scene3d.engine.export.ply import read_ply
from scene3d.engine.export.submission import unplaced_row, write_submission
from scene3d.engine.formats import FORMATS
from scene3d.engine.host import Host
from scene3d.engine.progress import Silent
from scene3d.engine.sources import find_photos
from scene3d.engine.workspace import Workspace

from .gltf import Gltf

Z_UP_FROM_Y_UP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
SCALE = 0.37


@pytest.fixture
def made(
    tiny_result: Path, tiny_photos: Path, tmp_path: Path, bare_host: Host, request: Any
) -> dict[str, Path]:
    """The forms that the test's parameter names, in model units and in metres."""
    photos = find_photos(tiny_photos)
    files = {}
    for name, scale in (("units", None), ("metres", SCALE)):
        order = Order(result=tiny_result, photos=photos, metres_per_unit=scale)
        files[name] = tmp_path / name / FORMATS[request.param].file
        files[name].parent.mkdir()
        deliver(
            request.param, order, files[name], Workspace(tmp_path / "work"), Silent(), bare_host
        )
    return files


def xyz_of(points: Any) -> np.ndarray:
    return np.stack([np.asarray(points[axis], np.float64) for axis in "xyz"], axis=1)


def rgb_of(points: Any) -> np.ndarray:
    return np.stack([np.asarray(points[channel]) for channel in ("red", "green", "blue")], axis=1)


def cameras_of(result: Path) -> list[dict[str, Any]]:
    cameras: list[dict[str, Any]] = json.loads((result / "cameras.json").read_text())["models"][0][
        "cameras"
    ]
    return cameras


@pytest.mark.parametrize("made", ["ply", "ply_full"], indirect=True)
def test_ply_in_metres(made: dict[str, Path], tiny_result: Path) -> None:
    units, metres = read_ply(made["units"]), made["metres"].read_bytes()
    assert made["units"].read_bytes() == (tiny_result / made["units"].name).read_bytes()
    header, _, body = metres.partition(b"end_header\n")
    assert b"positions in metres" in header
    scaled = np.frombuffer(body, units.dtype)
    assert len(units) == len(scaled) > 1000
    assert np.allclose(xyz_of(scaled), SCALE * xyz_of(units), rtol=1e-6)
    for name in ("red", "green", "blue", "error", "track_length"):
        assert np.array_equal(scaled[name], units[name])


@pytest.mark.parametrize("made", ["laz"], indirect=True)
def test_laz(made: dict[str, Path], tiny_result: Path) -> None:
    points = read_ply(tiny_result / "points.ply")
    for name, scale in (("units", 1.0), ("metres", SCALE)):
        cloud = laspy.read(made[name])
        assert cloud.header.point_count == len(points) > 1000
        xyz = np.asarray(cloud.xyz)
        assert np.allclose(xyz, scale * xyz_of(points), rtol=0, atol=1e-6)
        assert np.allclose(cloud.header.mins, xyz.min(axis=0), atol=1e-6)
        assert np.allclose(cloud.header.maxs, xyz.max(axis=0), atol=1e-6)
        assert np.array_equal(rgb_of(cloud), rgb_of(points).astype(np.uint16) * 257)
        assert np.array_equal(cloud["error"], points["error"])
        assert np.array_equal(cloud["track_length"], points["track_length"])
    assert made["units"].read_bytes() == (tiny_result / "points.laz").read_bytes()


@pytest.mark.parametrize("made", ["glb"], indirect=True)
def test_glb(made: dict[str, Path], tiny_result: Path) -> None:
    points, cameras = read_ply(tiny_result / "points.ply"), cameras_of(tiny_result)
    assert made["units"].read_bytes() == (tiny_result / "model.glb").read_bytes()
    for name, scale in (("units", 1.0), ("metres", SCALE)):
        gltf = Gltf(made[name])
        nodes = gltf.worlds()
        assert set(nodes) == {"Scene3D", "points", *(camera["photo"] for camera in cameras)}
        node, world = nodes["points"]
        xyz = gltf.attribute(node, "POSITION") @ world[:3, :3].T + world[:3, 3]
        assert np.allclose(xyz @ Z_UP_FROM_Y_UP.T, scale * xyz_of(points), atol=1e-5)
        linear = gltf.attribute(node, "COLOR_0")[:, :3] / 65535
        srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
        assert np.abs(srgb * 255 - rgb_of(points)).max() < 0.51
        for camera in cameras:
            _check_camera(gltf, *nodes[camera["photo"]], camera, scale)


def _check_camera(
    gltf: Gltf, node: dict[str, Any], world: np.ndarray, camera: dict[str, Any], scale: float
) -> None:
    pose = camera["cam_from_world"]
    rotation = np.array(pose["rotation"]).reshape(3, 3)
    center = -rotation.T @ np.array(pose["translation"])
    assert np.allclose(Z_UP_FROM_Y_UP @ world[:3, 3], scale * center, atol=1e-6)
    looks = Z_UP_FROM_Y_UP @ world[:3, :3] @ [0, 0, -1] / scale
    assert np.allclose(looks, rotation[2], atol=1e-6)
    lens = gltf.json["cameras"][node["camera"]]["perspective"]
    half_height = camera["focal_xy_px"][1] * np.tan(lens["yfov"] / 2)
    assert half_height == pytest.approx(camera["height_px"] / 2)
    corners = gltf.attribute(node, "POSITION").reshape(8, 2, 3)[:4, 1] @ world[:3, :3].T
    in_cam = (corners @ Z_UP_FROM_Y_UP.T) @ rotation.T
    seen = in_cam[:, :2] / in_cam[:, 2:] * camera["focal_xy_px"] + camera["principal_point_xy_px"]
    width, height = camera["width_px"], camera["height_px"]
    assert np.allclose(seen, [[0, 0], [width, 0], [width, height], [0, height]], atol=1e-2)


@pytest.mark.parametrize("made", ["cameras"], indirect=True)
def test_cameras_in_metres(made: dict[str, Path]) -> None:
    units, metres = (json.loads(made[name].read_text()) for name in ("units", "metres"))
    assert metres["models"][0]["metres_per_unit"] == SCALE
    for first, second in zip(
        units["models"][0]["cameras"], metres["models"][0]["cameras"], strict=True
    ):
        pose, scaled = first.pop("cam_from_world"), second.pop("cam_from_world")
        assert scaled["rotation"] == pose["rotation"]
        assert np.allclose(scaled["translation"], SCALE * np.array(pose["translation"]))
        center = np.array(first.pop("center_in_world"))
        assert np.allclose(second.pop("center_in_world"), SCALE * center)
        assert first == second


@pytest.mark.parametrize("made", ["colmap", "colmap_text"], indirect=True)
def test_colmap(made: dict[str, Path], tiny_result: Path, tmp_path: Path) -> None:
    true = pycolmap.Reconstruction(tiny_result / "models" / "0")
    for name, scale in (("units", 1.0), ("metres", SCALE)):
        with zipfile.ZipFile(made[name]) as archive:
            archive.extractall(tmp_path / name)
        model = pycolmap.Reconstruction(tmp_path / name / "models" / "0")
        assert sorted(model.points3D) == sorted(true.points3D)
        assert len(model.points3D) > 1000
        for point_id, point in true.points3D.items():
            found = model.points3D[point_id]
            assert np.allclose(found.xyz, scale * point.xyz, atol=1e-9)
            assert np.array_equal(found.color, point.color)
            assert found.track.length() == point.track.length()
        assert sorted(model.images) == sorted(true.images)
        for image_id, image in true.images.items():
            expected, pose = image.cam_from_world(), model.images[image_id].cam_from_world()
            assert model.images[image_id].name == image.name
            assert np.allclose(pose.rotation.matrix(), expected.rotation.matrix(), atol=1e-9)
            assert np.allclose(pose.translation, scale * expected.translation, atol=1e-9)
        mean_error_px = model.compute_mean_reprojection_error()
        model.update_point_3d_errors()
        assert model.compute_mean_reprojection_error() == pytest.approx(mean_error_px, rel=1e-3)


@pytest.mark.parametrize("made", ["nerfstudio"], indirect=True)
def test_nerfstudio(made: dict[str, Path], tiny_result: Path, tmp_path: Path) -> None:
    model = pycolmap.Reconstruction(tiny_result / "models" / "0")
    by_name = {image.name: image for image in model.images.values()}
    for name, scale in (("units", 1.0), ("metres", SCALE)):
        folder = tmp_path / f"{name}-data"
        with zipfile.ZipFile(made[name]) as archive:
            archive.extractall(folder)
        document = json.loads((folder / "transforms.json").read_text())
        assert document["camera_model"] == "PINHOLE"
        assert {frame["photo"] for frame in document["frames"]} == set(by_name)
        assert len(read_ply_of_any_comment(folder / document["ply_file_path"])) > 1000
        for frame in document["frames"]:
            _check_frame(folder, frame, model, by_name[frame["photo"]], scale)


def read_ply_of_any_comment(path: Path) -> np.ndarray:
    content = path.read_bytes().replace(b"; positions in metres", b"")
    path.write_bytes(content)
    return read_ply(path)


def _check_frame(
    folder: Path,
    frame: dict[str, Any],
    model: pycolmap.Reconstruction,
    image: pycolmap.Image,
    scale: float,
) -> None:
    """Points fall where the undistorted photo shows them: by geometry and by colour."""
    with Image.open(folder / frame["file_path"]) as opened:
        rgb = np.asarray(opened.convert("RGB")).astype(float)
    assert rgb.shape[:2] == (frame["h"], frame["w"])
    world_from_gl_cam = np.array(frame["transform_matrix"])
    observed = [point for point in image.points2D if point.has_point3D()]
    xyz = scale * np.array([model.points3D[point.point3D_id].xyz for point in observed])
    in_cam = (xyz - world_from_gl_cam[:3, 3]) @ world_from_gl_cam[:3, :3] * [1, -1, -1]
    focal, middle = [frame["fl_x"], frame["fl_y"]], [frame["cx"], frame["cy"]]
    projected = in_cam[:, :2] / in_cam[:, 2:] * focal + middle
    straight = model.cameras[image.camera_id].cam_from_img(
        np.array([point.xy for point in observed])
    )
    expected = np.array(straight) * focal + middle
    assert np.median(np.linalg.norm(projected - expected, axis=1)) < 0.5
    colours = np.array([model.points3D[point.point3D_id].color for point in observed])
    off = [_colour_error(rgb, projected + shift, colours) for shift in (0, 12)]
    assert off[0] < 12
    assert off[1] > 2 * off[0]


def _colour_error(rgb: np.ndarray, xy_px: np.ndarray, colours: np.ndarray) -> float:
    column, line = np.floor(xy_px).astype(int).T
    inside = (column >= 0) & (line >= 0) & (column < rgb.shape[1]) & (line < rgb.shape[0])
    assert inside.mean() > 0.9
    return float(np.median(np.abs(rgb[line[inside], column[inside]] - colours[inside])))


def test_submission_has_every_photo_once(tmp_path: Path, shared_data: Path) -> None:
    golden = shared_data.parent / "golden" / "imc2025_metric" / "case00" / "submission.csv"
    poses = {
        "rotation": [1.0, 0.0, 0.0, 0.0, 0.6, -0.8, 0.0, 0.8, 0.6],
        "translation": [0.1, -2.0, 1e-17],
    }
    cameras = {
        "models": [
            {"index": 0, "cameras": [{"photo": "b, c.jpg", "cam_from_world": poses}]},
            {"index": 1, "cameras": [{"photo": name, "cam_from_world": poses}
                                     for name in ("b, c.jpg", "a.jpg")]},
        ]
    }  # fmt: skip
    path = tmp_path / "submission.csv"
    write_submission(["a.jpg", "b, c.jpg", "d.jpg"], cameras, "ET", path)
    with path.open(newline="") as file, golden.open(newline="") as expected:
        rows, known = list(csv.DictReader(file)), csv.DictReader(expected)
        assert list(rows[0]) == known.fieldnames
    assert [(row["image"], row["scene"], row["dataset"]) for row in rows] == [
        ("a.jpg", "cluster1", "ET"),
        ("b, c.jpg", "cluster0", "ET"),
        ("d.jpg", "outliers", "ET"),
    ]
    assert len({row["image_id"] for row in rows}) == 3
    assert [float(value) for value in rows[1]["rotation_matrix"].split(";")] == poses["rotation"]
    assert [float(v) for v in rows[1]["translation_vector"].split(";")] == poses["translation"]
    assert rows[2]["rotation_matrix"] == ";".join(["nan"] * 9)
    assert rows[2]["translation_vector"] == "nan;nan;nan"
    assert tuple(rows[2].values()) == unplaced_row("ET", "d.jpg")


@pytest.mark.parametrize("made", ["submission"], indirect=True)
def test_submission_of_a_result(made: dict[str, Path], tiny_result: Path) -> None:
    with made["units"].open(newline="") as file:
        rows = {row["image"]: row for row in csv.DictReader(file)}
    cameras = cameras_of(tiny_result)
    assert sorted(rows) == sorted(camera["photo"] for camera in cameras)
    for camera in cameras:
        values = [float(v) for v in rows[camera["photo"]]["rotation_matrix"].split(";")]
        assert values == camera["cam_from_world"]["rotation"]


def test_empty_clouds_are_written_too(tmp_path: Path, tiny_result: Path) -> None:
    none = read_ply(tiny_result / "points.ply")[:0]
    write_laz(none, tmp_path / "points.laz")
    assert laspy.read(tmp_path / "points.laz").header.point_count == 0
    write_glb(none, [], tmp_path / "model.glb")
    assert set(Gltf(tmp_path / "model.glb").worlds()) == {"Scene3D"}


@pytest.mark.parametrize("form", ["nerfstudio", "bundle"])
def test_photos_are_asked_for(
    form: str, tiny_result: Path, tiny_photos: Path, workspace: Workspace, bare_host: Host
) -> None:
    photos = find_photos(tiny_photos)
    order = Order(result=tiny_result, photos=photos[:5])
    with pytest.raises(PhotosNeeded, match="2 of the 7 photos") as caught:
        deliver(form, order, workspace.root / "x.zip", workspace, Silent(), bare_host)
    assert caught.value.evidence == {"missing": [photo.name for photo in photos[5:]]}


def test_a_folder_without_a_result_is_named(
    tmp_path: Path, workspace: Workspace, bare_host: Host
) -> None:
    with pytest.raises(InputNotFound, match=r"has no cameras\.json"):
        deliver("ply", Order(result=tmp_path), tmp_path / "x.ply", workspace, Silent(), bare_host)
