"""Native tasks: a finished model in the forms that other programs read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pycolmap

from scene3d.engine.native.child import Tell

_JPEG_QUALITY = 95


def write_text_models(payload: Mapping[str, Any], _tell: Tell) -> None:
    """Every model in models/N as COLMAP text in target/N, the largest one in metres."""
    for folder in sorted(Path(payload["models"]).iterdir()):
        model = pycolmap.Reconstruction(folder)
        if folder.name == "0":
            _scale(model, payload["metres_per_unit"])
        target = Path(payload["target"]) / folder.name
        target.mkdir(parents=True)
        model.write_text(target)


def undistort(payload: Mapping[str, Any], _tell: Tell) -> list[dict[str, Any]]:
    """The model's photos as pinhole cameras see them, in target/images.

    Args:
        payload: model, target and photos (folders); files: name in the model to the upright
            photo's name in `photos`; metres_per_unit; num_threads.
    Returns:
        A row per photo with its file and PINHOLE camera, by file.
    """
    target = Path(payload["target"])
    renamed = target / "renamed"
    renamed.mkdir()
    model = pycolmap.Reconstruction(payload["model"])
    _scale(model, payload["metres_per_unit"])
    names = {}
    for image in model.images.values():
        file = payload["files"][image.name]
        names[file] = image.name
        image.name = file
    model.write(renamed)
    pycolmap.undistort_images(
        target,
        renamed,
        payload["photos"],
        jpeg_quality=_JPEG_QUALITY,
        num_threads=payload["num_threads"],
    )
    undistorted = pycolmap.Reconstruction(target / "sparse")
    images = [undistorted.images[image_id] for image_id in undistorted.reg_image_ids()]
    return [
        _row(undistorted, image, names[image.name])
        for image in sorted(images, key=lambda i: i.name)
    ]


def _row(model: pycolmap.Reconstruction, image: pycolmap.Image, photo: str) -> dict[str, Any]:
    camera = model.cameras[image.camera_id]
    world_from_cam = image.cam_from_world().inverse()
    return {
        "file": f"images/{image.name}",
        "photo": photo,
        "width_px": camera.width,
        "height_px": camera.height,
        "focal_xy_px": [camera.focal_length_x, camera.focal_length_y],
        "principal_point_xy_px": [camera.principal_point_x, camera.principal_point_y],
        "world_from_cam": world_from_cam.matrix().tolist(),
    }


def _scale(model: pycolmap.Reconstruction, metres_per_unit: float) -> None:
    identity = pycolmap.Rotation3d()
    model.transform(pycolmap.Sim3d(metres_per_unit, identity, [0.0, 0.0, 0.0]))
