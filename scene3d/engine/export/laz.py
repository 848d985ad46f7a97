"""Point clouds as LAZ, for surveying software."""

import math
from pathlib import Path

import laspy
import numpy as np

_NUM_STEPS = 1e9
"""LAS keeps 32-bit steps; so many over the longest side leave every position within a billionth
of it, finer than the float32 that it comes from."""

_EXTRA = {
    "error": "mean reprojection, px",
    "track_length": "photos that see it",
    "views": "photos that agree",
}


def write_laz(points: np.ndarray, path: Path) -> None:
    """`ply.point_rows` or `ply.dense_rows`, with error (px), track_length and views as extra
    dimensions; normals would double the file.

    LAS 1.2, point format 2; eight-bit colours fill the sixteen bits, as the format wants.
    """
    xyz = np.stack([points[axis].astype(np.float64) for axis in "xyz"], axis=1)
    low = xyz.min(axis=0) if len(xyz) else np.zeros(3)
    longest = float(np.ptp(xyz, axis=0).max()) if len(xyz) else 0.0
    header = laspy.LasHeader(point_format=2, version="1.2")
    header.offsets = low
    header.scales = np.full(3, 10.0 ** math.ceil(math.log10(max(longest, 1e-6) / _NUM_STEPS)))
    header.generating_software = "Scene3D"
    header.creation_date = None  # equal runs give equal files
    extra = [name for name in _EXTRA if name in (points.dtype.names or ())]
    header.add_extra_dims(
        [laspy.ExtraBytesParams(name, points.dtype[name].base, _EXTRA[name]) for name in extra]
    )
    cloud = laspy.LasData(header)
    cloud.xyz = xyz
    for channel in ("red", "green", "blue"):
        cloud[channel] = points[channel].astype(np.uint16) * 257
    for name in extra:
        cloud[name] = points[name]
    cloud.write(path, do_compress=True)
