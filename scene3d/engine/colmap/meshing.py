"""Native task: one closed surface around a cloud with normals."""

from collections.abc import Mapping
from typing import Any

import pycolmap

from scene3d.engine.native.child import Tell


def close_surface(payload: Mapping[str, Any], _tell: Tell) -> None:
    """COLMAP's Poisson reconstruction of the PLY file `source`, untrimmed, as PLY in `target`.

    One thread: several wait for each other in loops, and take ten times the processor time.
    """
    options = pycolmap.PoissonMeshingOptions()
    options.depth = payload["depth"]
    options.trim = 0
    options.num_threads = 1
    pycolmap.poisson_meshing(payload["source"], payload["target"], options)
