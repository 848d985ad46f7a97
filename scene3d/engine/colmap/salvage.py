"""The parent's side of snapshots: shown while mapping goes on, kept when it ends early."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from scene3d.engine.colmap.colours import Rgb, mean_colours
from scene3d.engine.colmap.model_files import read_model, write_colours
from scene3d.engine.model import Model
from scene3d.engine.photos import load_rgb
from scene3d.engine.types import PartialReason
from scene3d.engine.workspace import Workspace


class MappingStopped(Exception):  # noqa: N818  # an end with something to keep, not an error
    """Mapping ended early; its models so far lie where finished ones would."""

    def __init__(self, models: Sequence[Model], reason: PartialReason) -> None:
        super().__init__(f"mapping ended early: {reason}")
        self.models, self.reason = models, reason


class Salvage:
    """Reads what a run of the mapper left so far."""

    def __init__(self, workspace: Workspace, *, num_threads: int) -> None:
        self._workspace = workspace
        self._num_threads = num_threads
        self._thumbnails: dict[int, Rgb] = {}

    def look(self) -> list[Model]:
        """The newest snapshot, coloured by thumbnails; the older ones are deleted."""
        *older, newest = self._snapshots()
        for folder in older:
            shutil.rmtree(folder)
        return [
            replace(model, rgb=mean_colours(model, self._thumbnail, num_threads=1))
            for model in map(read_model, _models_in(newest))
        ]

    def take_finished(self) -> list[Model]:
        """The models in `Workspace.models_dir`, coloured here and there."""
        models = []
        for folder in _models_in(self._workspace.models_dir):
            model = read_model(folder)
            rgb = mean_colours(model, self._preview, num_threads=self._num_threads)
            write_colours(folder, rgb)
            models.append(replace(model, rgb=rgb))
        return models

    def take_newest(self) -> list[Model]:
        """The newest snapshot, now in `Workspace.models_dir` in place of what was there, such as
        half a model; empty without any."""
        snapshots = self._snapshots()
        if not snapshots:
            return []
        shutil.rmtree(self._workspace.models_dir)
        snapshots[-1].rename(self._workspace.models_dir)
        return self.take_finished()

    def _snapshots(self) -> list[Path]:
        folder = self._workspace.snapshots_dir
        return sorted(path for path in folder.iterdir() if path.name.isdigit())

    def _thumbnail(self, photo_index: int) -> Rgb:
        if photo_index not in self._thumbnails:
            self._thumbnails[photo_index] = load_rgb(self._workspace.thumbnail(photo_index))
        return self._thumbnails[photo_index]

    def _preview(self, photo_index: int) -> Rgb:
        """As good as the photo: points are means over several, and somebody may be waiting."""
        return load_rgb(self._workspace.preview(photo_index))


def _models_in(folder: Path) -> list[Path]:
    return sorted(folder.iterdir(), key=lambda path: int(path.name))
