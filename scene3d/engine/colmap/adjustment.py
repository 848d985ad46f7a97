"""One last bundle adjustment that also refines the principal point."""

import math
from collections import Counter

import pycolmap

_MIN_NUM_PHOTOS = 5
"""Fewer views of one camera leave its principal point to the noise."""
_MIN_NUM_OBSERVATIONS = 500
_MAX_SHIFT = 0.08
"""Of the diagonal. Lenses are centred within a few percent; a larger move means that the photos
did not constrain it, and the model is left as it was."""


def refine_principal_points(
    model: pycolmap.Reconstruction, *, num_threads: int
) -> pycolmap.Reconstruction:
    """The model adjusted once more, or the same one where too few photos constrain it.

    The mapper keeps principal points at the centre of the photo, which is wrong by some ten
    pixels for real cameras and then bends every pose a little: of all single changes this one
    gains most accuracy.
    """
    free = _constrained_cameras(model)
    if not free:
        return model
    refined = pycolmap.Reconstruction(model)
    config = pycolmap.BundleAdjustmentConfig()
    for image_id in refined.reg_image_ids():
        config.add_image(image_id)
    for camera_id in set(refined.cameras) - free:
        config.set_constant_cam_intrinsics(camera_id)
    config.fix_gauge(pycolmap.BundleAdjustmentGauge.TWO_CAMS_FROM_WORLD)
    options = pycolmap.BundleAdjustmentOptions(refine_principal_point=True, print_summary=False)
    options.ceres.solver_options.num_threads = num_threads
    summary = pycolmap.create_default_bundle_adjuster(options, config, refined).solve()
    if not summary.is_solution_usable() or not _is_plausible(refined, free):
        return model
    refined.update_point_3d_errors()
    return refined


def _constrained_cameras(model: pycolmap.Reconstruction) -> set[int]:
    photos: Counter[int] = Counter()
    observations: Counter[int] = Counter()
    for image_id in model.reg_image_ids():
        image = model.images[image_id]
        photos[image.camera_id] += 1
        observations[image.camera_id] += image.num_points3D
    return {
        camera_id
        for camera_id, num_photos in photos.items()
        if num_photos >= _MIN_NUM_PHOTOS and observations[camera_id] >= _MIN_NUM_OBSERVATIONS
    }


def _is_plausible(model: pycolmap.Reconstruction, camera_ids: set[int]) -> bool:
    for camera_id in camera_ids:
        camera = model.cameras[camera_id]
        shift_px = math.hypot(
            camera.principal_point_x - camera.width / 2,
            camera.principal_point_y - camera.height / 2,
        )
        if shift_px > _MAX_SHIFT * math.hypot(camera.width, camera.height):
            return False
    return True
