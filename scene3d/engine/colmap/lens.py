"""What model of a lens a camera has."""

import pycolmap


def use_radial_cameras(model: pycolmap.Reconstruction) -> None:
    """Give every SIMPLE_RADIAL camera of `model` a second coefficient, 0 for now: RADIAL.

    One is steadier while a model grows; two are more precise once it is complete.
    """
    for camera in model.cameras.values():
        if camera.model == pycolmap.CameraModelId.SIMPLE_RADIAL:
            params = [*camera.params.tolist(), 0.0]
            camera.model = pycolmap.CameraModelId.RADIAL
            camera.params = params
