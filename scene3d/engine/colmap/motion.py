"""What verified pairs say of the camera's way from one photo to the other."""

from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pycolmap

from scene3d.engine.types import FloatArray, MotionKind

_ROTATION_SPREAD = 1.025
"""Largest over smallest singular value. Stepping aside by 3 % of the distance makes 1.03."""
_GUESSED_FOCAL_FACTORS = tuple(np.geomspace(0.58, 1.3, 25).tolist())
"""One pair of a flat wall can look like a turn under another focal length, so the
diagnosis asks all pairs to agree. Phones see wider than the guess of 45 degrees."""
_KNOWN_FOCAL_FACTORS = (0.93, 1.0, 1.07)
"""EXIF rounds, and focusing changes the focal length a little."""

_HOMOGRAPHIES = {
    pycolmap.TwoViewGeometryConfiguration.PLANAR,
    pycolmap.TwoViewGeometryConfiguration.PANORAMIC,
    pycolmap.TwoViewGeometryConfiguration.PLANAR_OR_PANORAMIC,
}


def read_motions(path: Path) -> dict[tuple[int, int], MotionKind]:
    """Of every pair that was verified, by image ids, the smaller first."""
    with closing(pycolmap.Database.open(path)) as database:
        cameras = {camera.camera_id: camera for camera in database.read_all_cameras()}
        images = database.read_all_images()
        pair_ids, geometries = database.read_two_view_geometries()
    camera_of = {image.image_id: cameras[image.camera_id] for image in images}
    motions: dict[tuple[int, int], MotionKind] = {}
    for pair_id, geometry in zip(pair_ids, geometries, strict=True):
        first, second = pycolmap.pair_id_to_image_pair(pair_id)
        motions[first, second] = _motion(geometry, camera_of[first], camera_of[second])
    return motions


def _motion(geometry: Any, first: pycolmap.Camera, second: pycolmap.Camera) -> MotionKind:
    if geometry.config not in _HOMOGRAPHIES:
        return "general"
    is_known = first.has_prior_focal_length and second.has_prior_focal_length
    factors = _KNOWN_FOCAL_FACTORS if is_known else _GUESSED_FOCAL_FACTORS
    homography = np.asarray(geometry.H, np.float64)
    spread = min(_spread(homography, first, second, factor) for factor in factors)
    return "panoramic" if spread < _ROTATION_SPREAD else "planar"


def _spread(
    homography: FloatArray, first: pycolmap.Camera, second: pycolmap.Camera, factor: float
) -> float:
    """1 where the homography is a pure rotation between the two cameras, larger otherwise.

    Source: Hartley and Zisserman, Multiple View Geometry, 2nd edition, section 8.4.2.
    """
    scale = np.diag([factor, factor, 1.0])
    rotation = np.linalg.inv(_intrinsics(second) @ scale) @ homography @ _intrinsics(first) @ scale
    values = np.linalg.svd(rotation, compute_uv=False)
    return float(values[0] / max(values[2], 1e-12))


def _intrinsics(camera: pycolmap.Camera) -> FloatArray:
    matrix: FloatArray = np.asarray(camera.calibration_matrix(), np.float64)
    return matrix
