"""One picture of a result, for lists and for people who want to show it."""

from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from scene3d.engine.dense.splatting import splat
from scene3d.engine.dense.views import Image, Map, View
from scene3d.engine.model import Model
from scene3d.engine.types import FloatArray

SIZE_PX = (960, 600)
_FOCAL_PX = 800.0
_BACKGROUND = np.array([16, 18, 22], np.uint8)
_STEP_BACK = 0.12
"""Of the distance to what the photo shows, so that more than one photo fits in."""
_NUM_JUDGED = 20_000
_DENSE_FROM = 100_000
_DENSE_SPLAT_PX, _SPARSE_SPLAT_PX = 2, 4
_FAR_SHADE = 0.7
_SHADE_PERCENTILES = (5.0, 95.0)
_JPEG_QUALITY = 88


def write_picture(points: np.ndarray, model: Model, path: Path) -> None:
    """`ply.point_rows` or `ply.dense_rows` from behind the camera that sees most of them, what is
    far away darker. Without points the picture is empty."""
    xyz = np.stack([points[axis] for axis in "xyz"], axis=1).astype(np.float64)
    rgb = np.stack([points[channel] for channel in ("red", "green", "blue")], axis=1)
    size_px = _DENSE_SPLAT_PX if len(xyz) >= _DENSE_FROM else _SPARSE_SPLAT_PX
    picture, depth = splat(_viewpoint(xyz, model), xyz, rgb, size_px)
    Pillow.fromarray(_shaded(picture, depth)).save(path, "JPEG", quality=_JPEG_QUALITY)


def _viewpoint(xyz: FloatArray, model: Model) -> View:
    judged = xyz[:: max(1, len(xyz) // _NUM_JUDGED)]
    views = [_view(rotation, center) for rotation, center in _cameras(model)]
    counts = [_num_seen(view, judged) for view in views]
    best = views[int(np.argmax(counts))]
    depth = best.project(judged)[1] if len(judged) else np.zeros(0)
    ahead = depth[depth > 0]
    step = _STEP_BACK * float(np.median(ahead)) if len(ahead) else 0.0
    forward = best.rotation_cam_from_world[2]
    return _view(best.rotation_cam_from_world, best.centre_in_world - step * forward)


def _cameras(model: Model) -> list[tuple[FloatArray, FloatArray]]:
    return list(zip(model.rotation_cam_from_world, model.centers_in_world, strict=True))


def _view(rotation: FloatArray, center: FloatArray) -> View:
    return View(
        photo_index=0,
        width_px=SIZE_PX[0],
        height_px=SIZE_PX[1],
        focal_px=_FOCAL_PX,
        centre_xy_px=(np.array(SIZE_PX) - 1) / 2,
        rotation_cam_from_world=rotation,
        translation_cam_from_world=-rotation @ center,
    )


def _num_seen(view: View, xyz: FloatArray) -> int:
    xy_px, depth = view.project(xyz)
    inside = (xy_px >= 0).all(axis=1) & (xy_px < SIZE_PX).all(axis=1) & (depth > 0)
    return int(np.count_nonzero(inside))


def _shaded(picture: Image, depth: Map) -> Image:
    seen = np.isfinite(depth)
    if not seen.any():
        return np.broadcast_to(_BACKGROUND, picture.shape).copy()
    low, high = np.percentile(depth[seen], _SHADE_PERCENTILES)
    farness = np.clip((depth - low) / max(high - low, 1e-9), 0, 1)
    shaded = picture * (1 - (1 - _FAR_SHADE) * farness[..., None])
    drawn: Image = np.where(seen[..., None], shaded, _BACKGROUND).astype(np.uint8)
    return drawn
