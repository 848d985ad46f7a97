"""Rotations as quaternions and as matrices.

scipy's take half a second to import, in every child that reads a model.
"""

import numpy as np

from scene3d.engine.types import FloatArray


def matrices_from_quaternions(wxyz: FloatArray) -> FloatArray:
    """(N, 3, 3) of (N, 4) quaternions, w first, of any length but 0.

    Source: Shoemake, "Animating rotation with quaternion curves", 1985, appendix I.
    """
    w, x, y, z = (wxyz / np.linalg.norm(wxyz, axis=1, keepdims=True)).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), -1, 0)
