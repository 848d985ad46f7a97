"""One last bundle adjustment, for precision."""

import math
from collections import Counter
from statistics import median

import pycolmap

_MIN_NUM_PHOTOS = 5
"""Fewer views of one camera leave its principal point to the noise."""
_MIN_NUM_OBSERVATIONS = 500
_MAX_SHIFT = 0.08
"""Of the diagonal. Lenses are centred within a few percent; a larger move means that the photos
did not constrain it, and it stays at the centre."""
_LOSS_SCALE = 1.5
"""Of the median error: residuals beyond count less and less. Between 1 and 2 nothing changes."""
_MIN_ERROR_PX = 0.05
_LONG_TRACK = 3
_MIN_NUM_LONG_TRACKS = 30
"""Per photo; with fewer, points that two photos see must help to hold it."""
_MAX_NUM_ITERATIONS = 50
_FUNCTION_TOLERANCE = 1e-5
"""Twenty times as many iterations move mAA@1° by 0.002."""
_MAX_ERROR_PX = 4.0
_MIN_ANGLE_DEG = 1.5
"""COLMAP's own limits for a point."""


def adjust_precisely(
    model: pycolmap.Reconstruction, *, refine_principal_point: bool, num_threads: int
) -> pycolmap.Reconstruction:
    """The model adjusted once more, or the same one where that leads astray.

    Four things that the mapper does not do, each worth more than better features would be: far
    residuals count little (Cauchy); points that two photos alone see, which repeated texture forges
    easily, move no camera; principal points leave the centre of the photo, where no lens puts them;
    and lenses may bend in two ways (see lens.py).
    """
    if not model.num_points3D():
        return model
    free = _constrained_cameras(model) if refine_principal_point else set()
    refined = pycolmap.Reconstruction(model)
    if not _solve(refined, _camera_options(refined, num_threads), free=free):
        return model
    if not _is_plausible(refined, free):
        return adjust_precisely(model, refine_principal_point=False, num_threads=num_threads)
    _settle_points(refined, num_threads)
    return refined


def _camera_options(
    model: pycolmap.Reconstruction, num_threads: int
) -> pycolmap.BundleAdjustmentOptions:
    errors_px = [point.error for point in model.points3D.values()]
    options = _options(num_threads)
    options.refine_principal_point = True
    options.ceres.loss_function_type = pycolmap.LossFunctionType.CAUCHY
    options.ceres.loss_function_scale = _LOSS_SCALE * max(median(errors_px), _MIN_ERROR_PX)
    options.min_track_length = _LONG_TRACK if _hold_together_by_long_tracks(model) else 2
    return options


def _solve(
    model: pycolmap.Reconstruction, options: pycolmap.BundleAdjustmentOptions, *, free: set[int]
) -> bool:
    config = pycolmap.BundleAdjustmentConfig()
    for image_id in model.reg_image_ids():
        config.add_image(image_id)
    for camera_id in set(model.cameras) - free:
        config.set_constant_cam_intrinsics(camera_id)
    config.fix_gauge(pycolmap.BundleAdjustmentGauge.TWO_CAMS_FROM_WORLD)
    summary = pycolmap.create_default_bundle_adjuster(options, config, model).solve()
    return bool(summary.is_solution_usable())


def _settle_points(model: pycolmap.Reconstruction, num_threads: int) -> None:
    """Move every point to where the final cameras see it; drop those that they no longer see."""
    options = _options(num_threads)
    options.refine_rig_from_world = False
    _solve(model, options, free=set())
    model.update_point_3d_errors()
    pycolmap.ObservationManager(model).filter_all_points3D(_MAX_ERROR_PX, _MIN_ANGLE_DEG)
    model.update_point_3d_errors()


def _options(num_threads: int) -> pycolmap.BundleAdjustmentOptions:
    options = pycolmap.BundleAdjustmentOptions(print_summary=False)
    solver = options.ceres.solver_options
    solver.num_threads = num_threads
    solver.max_num_iterations = _MAX_NUM_ITERATIONS
    solver.function_tolerance = _FUNCTION_TOLERANCE
    return options


def _hold_together_by_long_tracks(model: pycolmap.Reconstruction) -> bool:
    """Whether every photo sees enough points that two others see too."""
    counts: Counter[int] = Counter()
    for point in model.points3D.values():
        if point.track.length() >= _LONG_TRACK:
            counts.update({element.image_id for element in point.track.elements})
    return all(counts[image_id] >= _MIN_NUM_LONG_TRACKS for image_id in model.reg_image_ids())


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
