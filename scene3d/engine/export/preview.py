"""A model in the making, small enough to be sent every second."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scene3d.engine.export.cameras import camera_rows
from scene3d.engine.export.columns import write_columns
from scene3d.engine.export.view import point_columns
from scene3d.engine.geometry.upright import find_up
from scene3d.engine.model import Model

MAX_NUM_POINTS = 50_000
_MAX_ERROR_PX = 4.0


def write_preview(model: Model, names: Mapping[int, str], path: Path) -> None:
    """Points and cameras in one file, so that both are of one moment: the columns of
    view/N.points.bin, and in its meta the cameras as cameras.json has them."""
    up = find_up(model.rotation_cam_from_world).direction
    columns, meta = point_columns(model, _most_seen(model), up_in_world=up.tolist())
    write_columns(path, columns, meta | {"cameras": camera_rows(model, names)})


def _most_seen(model: Model) -> NDArray[np.intp]:
    """Rising indices of the points that most photos see: they stay from preview to preview."""
    good = np.flatnonzero(np.isfinite(model.xyz).all(axis=1) & (model.error_px <= _MAX_ERROR_PX))
    longest_first = good[np.argsort(-model.track_lengths[good].astype(np.int64), kind="stable")]
    return np.sort(longest_first[:MAX_NUM_POINTS])
