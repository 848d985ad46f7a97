"""What the viewer loads: points at once, tracks on demand."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scene3d.engine.dense.fusion import Cloud
from scene3d.engine.dense.patches import Mesh
from scene3d.engine.export.columns import write_columns
from scene3d.engine.model import Model

_BOUNDS_PERCENTILES = (1.0, 99.0)
_NORMAL_SCALE = 127
MAX_PREVIEW_POINTS = 200_000
_FULL_SCALE = np.iinfo(np.uint16).max


def write_view(
    model: Model,
    indices: NDArray[np.intp],
    points_path: Path,
    tracks_path: Path,
    *,
    up_in_world: Sequence[float],
) -> None:
    """The points `indices`, and for each of them the photos that see it and where."""
    write_columns(points_path, *point_columns(model, indices, up_in_world=up_in_world))
    rows = _track_rows(model, indices)
    lengths = model.track_lengths[indices]
    write_columns(
        tracks_path,
        {
            "offset": np.concatenate([[0], np.cumsum(lengths)]).astype(np.uint32),
            "photo": _as_uint16(model.track_photos[rows]),
            "xy": _relative_positions(model, rows),
        },
        {"num_points": len(indices)},
    )


def write_dense_view(
    cloud: Cloud, preview_path: Path, dense_path: Path, *, up_in_world: Sequence[float]
) -> None:
    """The first points of the cloud, to begin with, and all of them; it is in random order, so
    every beginning is a uniform sample."""
    meta = {"up": list(up_in_world), "bounds": _bounds(cloud.xyz)}
    for path, count in (
        (preview_path, min(len(cloud), MAX_PREVIEW_POINTS)),
        (dense_path, len(cloud)),
    ):
        columns: dict[str, NDArray[Any]] = {
            "xyz": cloud.xyz[:count],
            "rgb": cloud.rgb[:count],
            "normal": np.rint(cloud.normals[:count] * _NORMAL_SCALE).astype(np.int8),
            "views": cloud.num_views[:count],
        }
        write_columns(path, columns, {"num_points": count, **meta})


def write_mesh_view(mesh: Mesh, path: Path, *, up_in_world: Sequence[float]) -> None:
    """The triangles and their coloured corners."""
    meta = {"up": list(up_in_world), "bounds": _bounds(mesh.xyz), "num_points": len(mesh.xyz)}
    columns: dict[str, NDArray[Any]] = {"xyz": mesh.xyz, "rgb": mesh.rgb}
    write_columns(path, columns | {"triangles": mesh.triangles}, meta)


def point_columns(
    model: Model, indices: NDArray[np.intp], *, up_in_world: Sequence[float]
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Columns and meta of the points `indices`."""
    columns: dict[str, NDArray[Any]] = {
        "xyz": model.xyz[indices].astype(np.float32),
        "rgb": model.rgb[indices],
        "error_px": model.error_px[indices],
        "track_length": _as_uint16(model.track_lengths[indices]),
    }
    meta = {
        "num_points": len(indices),
        "up": list(up_in_world),
        "bounds": _bounds(model.xyz[indices]),
    }
    return columns, meta


def _track_rows(model: Model, indices: NDArray[np.intp]) -> NDArray[np.intp]:
    starts = model.track_offsets[indices].astype(np.intp)
    lengths = model.track_lengths[indices].astype(np.intp)
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    rows: NDArray[np.intp] = np.repeat(starts, lengths) + within
    return rows


def _relative_positions(model: Model, rows: NDArray[np.intp]) -> NDArray[np.uint16]:
    """(T, 2) of the photo's width and height, full scale at the far edge."""
    position = np.searchsorted(model.photo_indices, model.track_photos[rows])
    share = model.track_xy_px[rows] / model.size_px[position]
    scaled: NDArray[np.uint16] = np.rint(np.clip(share, 0, 1) * _FULL_SCALE).astype(np.uint16)
    return scaled


def _as_uint16(values: NDArray[np.unsignedinteger]) -> NDArray[np.uint16]:
    clipped: NDArray[np.uint16] = np.minimum(values, _FULL_SCALE).astype(np.uint16)
    return clipped


def _bounds(xyz: NDArray[np.floating]) -> dict[str, list[float]]:
    if len(xyz) == 0:
        return {"min": [-1.0] * 3, "max": [1.0] * 3}
    low, high = np.percentile(xyz, _BOUNDS_PERCENTILES, axis=0)
    return {"min": low.tolist(), "max": high.tolist()}
