"""The mapper's side of snapshots: what is found so far, written while mapping goes on."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

import pycolmap

from scene3d.engine.colmap.lens import use_radial_cameras
from scene3d.engine.colmap.model_files import write_model
from scene3d.engine.colmap.upright import make_upright
from scene3d.engine.native.child import Tell


class Snapshots:
    """Numbered folders below `folder`, each complete from the moment it has its name, and none
    with fewer photos than the one before; whoever reads them deletes the old ones."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        names: Mapping[int, str],
        tell: Tell,
        *,
        upright: bool,
    ) -> None:
        """
        Args:
            settings: folder; min_model_size; every_s, the pause between two snapshots; max_share,
                which makes the pause longer where a snapshot takes more of the time than this.
            names: of the photos by Photo.index.
            upright: whether to turn what is written; the mapper's own model stays as it is.
        """
        self._folder = Path(settings["folder"])
        self._min_model_size = settings["min_model_size"]
        self._every_s, self._max_share = settings["every_s"], settings["max_share"]
        self._names = names
        self._tell = tell
        self._upright = upright
        self._count = 0
        self._num_registered = 0
        self._next_s = 0.0

    def offer(self, models: Sequence[pycolmap.Reconstruction]) -> None:
        """Write the models, the largest first, if it is time and they are worth it."""
        started_s = monotonic()
        usable = [model for model in models if self._is_usable(model)]
        num_registered = sum(model.num_reg_images() for model in usable)
        if started_s < self._next_s or num_registered < max(self._num_registered, 1):
            return
        self._write(sorted(usable, key=lambda model: -model.num_reg_images()))
        self._num_registered = num_registered
        seconds = monotonic() - started_s
        self._next_s = monotonic() + max(self._every_s, seconds / self._max_share)

    def _is_usable(self, model: pycolmap.Reconstruction) -> bool:
        return model.num_reg_images() >= self._min_model_size and model.num_points3D() > 0

    def _write(self, models: Sequence[pycolmap.Reconstruction]) -> None:
        unfinished = self._folder / "unfinished"
        for position, model in enumerate(models):
            copy = pycolmap.Reconstruction(model)
            copy.tear_down()  # of photos that are not placed yet
            copy.update_point_3d_errors()
            use_radial_cameras(copy)
            if self._upright:
                make_upright(copy)
            write_model(copy, unfinished / str(position), self._names)
        self._count += 1
        unfinished.rename(self._folder / f"{self._count:06d}")
        self._tell("snapshot")
