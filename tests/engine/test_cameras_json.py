import json
from pathlib import Path

import numpy as np
import pytest

from scene3d.engine.export.cameras import write_cameras
from scene3d.engine.seeding import generator

from .builders import make_model, random_rotations


def test_a_script_can_project_points_with_what_is_written(tmp_path: Path) -> None:
    rotations = random_rotations(generator(1, "poses"), 3)
    model = make_model(
        np.zeros((1, 3)), photo_indices=(2, 5, 9), rotations_cam_from_world=rotations
    )
    model.size_px[1] = (30, 40)
    names = {2: "a.jpg", 5: "ü/b c.jpg", 9: "d.jpg", 3: "not registered.jpg"}
    write_cameras([model, make_model([], photo_indices=(9, 3))], names, tmp_path / "cameras.json")
    document = json.loads((tmp_path / "cameras.json").read_text())
    assert document["camera_model"] == "RADIAL"
    first, second = document["models"]
    assert (first["index"], second["index"]) == (0, 1)
    assert [camera["photo"] for camera in second["cameras"]] == ["d.jpg", "not registered.jpg"]
    assert [camera["photo_index"] for camera in first["cameras"]] == [2, 5, 9]
    camera = first["cameras"][1]
    assert camera["photo"] == "ü/b c.jpg"
    assert (camera["width_px"], camera["height_px"]) == (30, 40)
    assert camera["focal_xy_px"] == [550.0, 550.0]
    assert camera["principal_point_xy_px"] == [200.0, 150.0]
    assert camera["radial_distortion"] == [0.05, -0.01]
    pose = camera["cam_from_world"]
    assert pose["translation"] == [3.0, 4.0, 5.0]
    for row in range(3):
        assert pose["rotation"][3 * row : 3 * row + 3] == rotations[1][row].tolist()


def test_the_centre_is_where_the_pose_puts_the_origin_of_the_camera(tmp_path: Path) -> None:
    rotations = random_rotations(generator(2, "poses"), 4)
    model = make_model([], photo_indices=range(4), rotations_cam_from_world=rotations)
    write_cameras([model], dict.fromkeys(range(4), "photo"), tmp_path / "cameras.json")
    [written] = json.loads((tmp_path / "cameras.json").read_text())["models"]
    for camera in written["cameras"]:
        rotation = np.reshape(camera["cam_from_world"]["rotation"], (3, 3))
        x_in_cam = rotation @ camera["center_in_world"] + camera["cam_from_world"]["translation"]
        assert x_in_cam == pytest.approx(np.zeros(3), abs=1e-12)


def test_no_models_are_an_empty_list(tmp_path: Path) -> None:
    write_cameras([], {}, tmp_path / "cameras.json")
    assert json.loads((tmp_path / "cameras.json").read_text())["models"] == []
