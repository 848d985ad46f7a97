"""A model as plain arrays, so that everything after mapping works without COLMAP."""

from pathlib import Path

import numpy as np
import pycolmap

from scene3d.engine.model import Model


def save_model_arrays(model: pycolmap.Reconstruction, path: Path) -> None:
    """Write `model`, whose images are still named by photo index, for `Model.load`."""
    _points_and_tracks(model, _registered(model)).save(path)


def _registered(model: pycolmap.Reconstruction) -> list[pycolmap.Image]:
    images = [model.images[image_id] for image_id in model.reg_image_ids()]
    return sorted(images, key=lambda image: int(image.name))


def _points_and_tracks(model: pycolmap.Reconstruction, images: list[pycolmap.Image]) -> Model:
    point_ids = sorted(model.points3D)
    points = [model.points3D[point_id] for point_id in point_ids]
    elements = [element for point in points for element in point.track.elements]
    index_of = {image.image_id: int(image.name) for image in images}
    cameras = [model.cameras[image.camera_id] for image in images]
    poses = [image.cam_from_world() for image in images]
    return Model(
        xyz=np.array([point.xyz for point in points], np.float64).reshape(-1, 3),
        rgb=np.array([point.color for point in points], np.uint8).reshape(-1, 3),
        error_px=np.array([point.error for point in points], np.float32),
        track_offsets=np.concatenate(
            [[0], np.cumsum([point.track.length() for point in points])]
        ).astype(np.uint32),
        track_photos=np.array([index_of[e.image_id] for e in elements], np.uint32),
        track_xy_px=np.array(
            [model.images[e.image_id].points2D[e.point2D_idx].xy for e in elements], np.float32
        ).reshape(-1, 2),
        photo_indices=np.array([int(image.name) for image in images], np.uint32),
        rotation_cam_from_world=np.array([pose.rotation.matrix() for pose in poses]),
        translation_cam_from_world=np.array([pose.translation for pose in poses]),
        size_px=np.array([(camera.width, camera.height) for camera in cameras], np.uint32),
        focal_px=np.array([camera.focal_length for camera in cameras]),
        principal_point_xy_px=np.array(
            [(camera.principal_point_x, camera.principal_point_y) for camera in cameras]
        ),
        radial_distortion=np.array([camera.params[3] for camera in cameras]),
        camera_ids=np.array([image.camera_id for image in images], np.uint32),
    )
