import numpy as np
import pycolmap

from scene3d.engine.colmap.lens import use_radial_cameras


def make_model(*names: str) -> pycolmap.Reconstruction:
    model = pycolmap.Reconstruction()
    for camera_id, name in enumerate(names, start=1):
        camera = pycolmap.Camera.create_from_model_name(camera_id, name, 500, 640, 480)
        camera.params = [value + 0.01 for value in camera.params]
        model.add_camera(camera)
    return model


def test_the_second_coefficient_changes_nothing_by_itself() -> None:
    model = make_model("SIMPLE_RADIAL")
    before = model.cameras[1].img_from_cam(np.array([[0.3, -0.2, 1.0]]))
    use_radial_cameras(model)
    assert model.cameras[1].model == pycolmap.CameraModelId.RADIAL
    assert model.cameras[1].params.tolist() == [500.01, 320.01, 240.01, 0.01, 0.0]
    assert np.allclose(model.cameras[1].img_from_cam(np.array([[0.3, -0.2, 1.0]])), before)


def test_other_lenses_stay() -> None:
    model = make_model("RADIAL", "PINHOLE")
    before = [model.cameras[camera_id].params.tolist() for camera_id in (1, 2)]
    use_radial_cameras(model)
    assert [model.cameras[camera_id].model_name for camera_id in (1, 2)] == ["RADIAL", "PINHOLE"]
    assert [model.cameras[camera_id].params.tolist() for camera_id in (1, 2)] == before
