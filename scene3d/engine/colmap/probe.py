"""Native task: whether COLMAP works on this machine."""

from collections.abc import Mapping
from typing import Any

import pycolmap

from scene3d.engine.native.child import Tell


def probe(_payload: Mapping[str, Any], _tell: Tell) -> dict[str, Any]:
    """What the capabilities page shows."""
    return {
        "pycolmap": pycolmap.__version__,
        "colmap": pycolmap.COLMAP_version,
        "has_cuda": bool(pycolmap.has_cuda),
    }
