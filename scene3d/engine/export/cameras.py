"""Cameras and poses as JSON, for the viewer and for people's scripts."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scene3d.engine.model import Model

_CONVENTION = (
    "COLMAP: camera looks along +z, x right, y down; pixels of the upright photo, centre of the"
    " first pixel (0.5, 0.5); x_in_cam = rotation @ x_in_world + translation"
)


def describe_cameras(models: Sequence[Model], names: Mapping[int, str]) -> dict[str, Any]:
    """Every registered photo of every model; `names` maps Photo.index to its name."""
    return {
        "convention": _CONVENTION,
        "camera_model": "RADIAL",
        "models": [
            {"index": index, "cameras": camera_rows(model, names)}
            for index, model in enumerate(models)
        ],
    }


def write_cameras(models: Sequence[Model], names: Mapping[int, str], path: Path) -> None:
    """`describe_cameras` as a file."""
    path.write_text(json.dumps(describe_cameras(models, names), indent=1))


def camera_rows(model: Model, names: Mapping[int, str]) -> list[dict[str, Any]]:
    """The registered photos of one model."""
    return [_camera(model, position, names) for position in range(len(model.size_px))]


def _camera(model: Model, position: int, names: Mapping[int, str]) -> dict[str, Any]:
    photo_index = int(model.photo_indices[position])
    width_px, height_px = model.size_px[position].tolist()
    focal_px = float(model.focal_px[position])
    return {
        "photo_index": photo_index,
        "photo": names[photo_index],
        "width_px": width_px,
        "height_px": height_px,
        "focal_xy_px": [focal_px, focal_px],
        "principal_point_xy_px": model.principal_point_xy_px[position].tolist(),
        "radial_distortion": model.radial_distortion[position].tolist(),
        "cam_from_world": {
            "rotation": model.rotation_cam_from_world[position].ravel().tolist(),
            "translation": model.translation_cam_from_world[position].tolist(),
        },
        "center_in_world": model.centers_in_world[position].tolist(),
    }
