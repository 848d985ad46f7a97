"""COLMAP's database: the one way in for cameras, keypoints and matches."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pycolmap
from numpy.typing import NDArray

from scene3d.engine.features.base import load_features
from scene3d.engine.geometry.pixels import colmap_from_centred_px
from scene3d.engine.types import PairMatches, UInt32Array

CAMERA_MODEL = "SIMPLE_RADIAL"

ImageIds = Mapping[int, int]
"""Photo.index to COLMAP's image id."""


def database_name(index: int) -> str:
    """What COLMAP calls a photo until its model is written: its pair lists split at spaces, and
    people's file names have them."""
    return f"{index:06d}"


def create_database(
    path: Path, cameras: Sequence[Mapping[str, Any]], photos: Sequence[Mapping[str, Any]]
) -> dict[int, int]:
    """Write cameras, images and keypoints.

    Args:
        cameras: `CameraPrior` as dicts.
        photos: dicts with index and features (a path).
    Returns:
        Photo.index to image id.
    """
    with closing(pycolmap.Database.open(path)) as database:
        rigs = {index: rig for camera in cameras for index, rig in _write_camera(database, camera)}
        return {
            photo["index"]: _write_image(database, photo, *rigs[photo["index"]]) for photo in photos
        }


def add_keypoints(path: Path, photos: Sequence[Mapping[str, Any]], image_ids: ImageIds) -> None:
    """Replace photos' keypoints by those of several feature files, one after the other.

    Args:
        photos: dicts with index and features (paths, the file that is there already first).
    """
    with (
        closing(pycolmap.Database.open(path)) as database,
        pycolmap.DatabaseTransaction(database),
    ):
        for photo in photos:
            keypoints = np.concatenate([_keypoints(part) for part in photo["features"]])
            database.update_keypoints(image_ids[photo["index"]], keypoints)


def read_image_ids(path: Path) -> dict[int, int]:
    """Photo.index to image id, of a database that `create_database` made."""
    with closing(pycolmap.Database.open(path)) as database:
        return {int(image.name): int(image.image_id) for image in database.read_all_images()}


def write_matches(path: Path, matches: Sequence[PairMatches], image_ids: ImageIds) -> None:
    """Those that a pair already has stay, and it counts as not yet verified."""
    with (
        closing(pycolmap.Database.open(path)) as database,
        pycolmap.DatabaseTransaction(database),
    ):
        for pair in matches:
            if len(pair.keypoint_indices):
                ids = image_ids[pair.first], image_ids[pair.second]
                _add_matches(database, ids, pair.keypoint_indices)


def read_num_inliers(path: Path) -> dict[tuple[int, int], int]:
    """Image id pair (smaller first) to its number of verified matches, pairs with any only."""
    with closing(pycolmap.Database.open(path)) as database:
        pair_ids, num_inliers = database.read_two_view_geometry_num_inliers()
    return {
        pycolmap.pair_id_to_image_pair(pair_id): count
        for pair_id, count in zip(pair_ids, num_inliers, strict=True)
        if count > 0
    }


def _add_matches(
    database: pycolmap.Database, ids: tuple[int, int], keypoint_indices: UInt32Array
) -> None:
    if database.exists_matches(*ids):
        keypoint_indices = np.concatenate([database.read_matches(*ids), keypoint_indices])
        database.delete_matches(*ids)
    if database.exists_two_view_geometry(*ids):
        database.delete_two_view_geometry(*ids)
    database.write_matches(*ids, keypoint_indices)


def _write_camera(
    database: pycolmap.Database, prior: Mapping[str, Any]
) -> list[tuple[int, tuple[pycolmap.Camera, pycolmap.Rig]]]:
    camera = pycolmap.Camera.create_from_model_name(
        0, CAMERA_MODEL, prior["focal_px"], prior["width_px"], prior["height_px"]
    )
    camera.has_prior_focal_length = prior["is_focal_known"]
    camera.camera_id = database.write_camera(camera)
    rig = pycolmap.Rig(rig_id=camera.camera_id)
    rig.add_ref_sensor(camera.sensor_id)
    rig.rig_id = database.write_rig(rig)
    return [(index, (camera, rig)) for index in prior["photo_indices"]]


def _write_image(
    database: pycolmap.Database,
    photo: Mapping[str, Any],
    camera: pycolmap.Camera,
    rig: pycolmap.Rig,
) -> int:
    image = pycolmap.Image(name=database_name(photo["index"]), camera_id=camera.camera_id)
    image.image_id = database.write_image(image)
    frame = pycolmap.Frame()
    frame.rig_id = rig.rig_id
    frame.add_data_id(image.data_id)
    database.write_frame(frame)
    database.write_keypoints(image.image_id, _keypoints(photo["features"]))
    return int(image.image_id)


def _keypoints(features: str) -> NDArray[np.float32]:
    """(N, 2) COLMAP pixels of a feature file."""
    return colmap_from_centred_px(load_features(Path(features)).keypoints_xy_px).astype(np.float32)
