"""COLMAP's binary files as arrays, held against COLMAP's own reading."""

from pathlib import Path

import numpy as np
import pycolmap
import pytest

from scene3d.engine.colmap.colours import mean_colours
from scene3d.engine.colmap.lens import use_radial_cameras
from scene3d.engine.colmap.model_files import read_model, write_colours, write_model
from scene3d.engine.model import Model
from tests.engine.builders import make_model


@pytest.fixture
def native(tmp_path: Path) -> pycolmap.Reconstruction:
    """Six photos by two cameras; images are named by index, the first one having the last."""
    options = pycolmap.SyntheticDatasetOptions()
    options.num_rigs, options.num_frames_per_rig, options.num_points3D = 2, 3, 60
    model: pycolmap.Reconstruction = pycolmap.synthesize_dataset(options)
    use_radial_cameras(model)
    for index, image_id in enumerate(sorted(model.images, reverse=True)):
        model.images[image_id].name = str(2 * index)
    return model


@pytest.fixture
def read(native: pycolmap.Reconstruction, tmp_path: Path) -> Model:
    write_model(native, tmp_path / "model", {2 * n: f"my photo {n}.jpg" for n in range(6)})
    return read_model(tmp_path / "model")


def test_photos_get_their_own_names_back(read: Model, tmp_path: Path) -> None:
    again = pycolmap.Reconstruction(tmp_path / "model")
    assert {image.name for image in again.images.values()} == {
        f"my photo {n}.jpg" for n in range(6)
    }


def test_photos_are_as_colmap_has_them(native: pycolmap.Reconstruction, read: Model) -> None:
    by_index = dict(zip(range(0, 12, 2), sorted(native.images, reverse=True), strict=True))
    assert read.photo_indices.tolist() == list(by_index)
    for row, image_id in enumerate(by_index.values()):
        image = native.images[image_id]
        camera = native.cameras[image.camera_id]
        pose = image.cam_from_world()
        assert np.allclose(read.rotation_cam_from_world[row], pose.rotation.matrix(), atol=1e-15)
        assert read.translation_cam_from_world[row].tolist() == pose.translation.tolist()
        assert read.size_px[row].tolist() == [camera.width, camera.height]
        assert [
            read.focal_px[row],
            *read.principal_point_xy_px[row],
            *read.radial_distortion[row],
        ] == camera.params.tolist()
        assert read.camera_ids[row] == image.camera_id


def test_points_and_tracks_are_as_colmap_has_them(
    native: pycolmap.Reconstruction, read: Model
) -> None:
    index_of = {image_id: 2 * n for n, image_id in enumerate(sorted(native.images, reverse=True))}
    assert read.num_points == native.num_points3D() == 60
    for row, point_id in enumerate(sorted(native.points3D)):
        point = native.points3D[point_id]
        elements = point.track.elements
        track = slice(*read.track_offsets[row : row + 2].tolist())
        assert read.xyz[row].tolist() == point.xyz.tolist()
        assert read.error_px[row] == np.float32(point.error)
        assert read.track_photos[track].tolist() == [index_of[e.image_id] for e in elements]
        assert np.array_equal(
            read.track_xy_px[track],
            np.array(
                [native.images[e.image_id].points2D[e.point2D_idx].xy for e in elements],
                np.float32,
            ),
        )


def test_colours_are_written_in_place(read: Model, tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (read.num_points, 3), np.uint8)
    write_colours(tmp_path / "model", rgb)
    again = pycolmap.Reconstruction(tmp_path / "model")
    assert [again.points3D[i].color.tolist() for i in sorted(again.points3D)] == rgb.tolist()
    assert np.array_equal(read_model(tmp_path / "model").rgb, rgb)
    assert np.array_equal(read_model(tmp_path / "model").xyz, read.xyz)


def test_other_cameras_are_refused(native: pycolmap.Reconstruction, tmp_path: Path) -> None:
    camera = next(iter(native.cameras.values()))
    camera.model = pycolmap.CameraModelId.PINHOLE
    camera.params = [500.0, 500.0, 320.0, 240.0]
    write_model(native, tmp_path / "model", {2 * n: f"{n}.jpg" for n in range(6)})
    with pytest.raises(ValueError, match="not RADIAL"):
        read_model(tmp_path / "model")


def test_a_colour_is_the_mean_of_the_pixels_that_show_it() -> None:
    """Observation t lies at (t, 2 t) pixels; the second photo comes at half its size."""
    model = make_model(np.zeros((3, 3)), tracks=[[0, 1], [0], [1]], size_px=(40, 20))
    full = np.zeros((20, 40, 3), np.uint8)
    half = np.zeros((10, 20, 3), np.uint8)
    full[0, 0], full[4, 2] = (100, 0, 10), (7, 8, 9)
    half[1, 0], half[3, 1] = (50, 20, 10), (1, 2, 3)
    rgb = mean_colours(model, lambda index: [full, half][index], num_threads=2)
    assert rgb.tolist() == [[75, 10, 10], [7, 8, 9], [1, 2, 3]]
