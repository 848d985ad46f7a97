"""transforms.json as nerfstudio reads it. Source: nerfstudio documentation, "Data conventions"."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_NERFSTUDIO_CAM_FROM_COLMAP_CAM = (1.0, -1.0, -1.0)
"""Its cameras look along -z with y up, as OpenGL's do."""


def write_transforms(rows: Sequence[Mapping[str, Any]], points_file: str, path: Path) -> None:
    """`rows` are what `colmap.delivery.undistort` returns; images and cloud lie beside `path`.

    Our world already has +Z up, as nerfstudio's: it is told to leave the orientation alone.
    """
    document = {
        "camera_model": "PINHOLE",
        "orientation_override": "none",
        "ply_file_path": points_file,
        "frames": [_frame(row) for row in rows],
    }
    path.write_text(json.dumps(document, indent=1))


def _frame(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "file_path": row["file"],
        "photo": row["photo"],
        "w": row["width_px"],
        "h": row["height_px"],
        "fl_x": row["focal_xy_px"][0],
        "fl_y": row["focal_xy_px"][1],
        "cx": row["principal_point_xy_px"][0],
        "cy": row["principal_point_xy_px"][1],
        "transform_matrix": [
            *(_turned(line) for line in row["world_from_cam"]),
            [0.0, 0.0, 0.0, 1.0],
        ],
    }


def _turned(line: Sequence[float]) -> list[float]:
    signs = (*_NERFSTUDIO_CAM_FROM_COLMAP_CAM, 1.0)
    return [value * sign for value, sign in zip(line, signs, strict=True)]
