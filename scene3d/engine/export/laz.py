"""Point clouds as LAZ, for surveying software."""

import math
from pathlib import Path

import laspy
import numpy as np

_NUM_STEPS = 1e9
"""LAS keeps 32-bit steps; so many over the longest side leave every position within a billionth
of it, finer than the float32 that it comes from."""


def write_laz(points: np.ndarray, path: Path) -> None:
    """`ply.point_rows` with the extra dimensions error (px) and track_length.

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
    header.add_extra_dims(
        [
            laspy.ExtraBytesParams("error", np.float32, "mean reprojection, px"),
            laspy.ExtraBytesParams("track_length", np.uint16, "photos that see it"),
        ]
    )
    cloud = laspy.LasData(header)
    cloud.xyz = xyz
    for channel in ("red", "green", "blue"):
        cloud[channel] = points[channel].astype(np.uint16) * 257
    cloud["error"] = points["error"]
    cloud["track_length"] = points["track_length"]
    cloud.write(path, do_compress=True)
