"""The steps of the dense stage, each for one photo or one pair; what they leave lies in a store."""

from collections.abc import Sequence

import cv2
import numpy as np

from scene3d.engine.dense.depths import merge, normals
from scene3d.engine.dense.exposure import log_gains
from scene3d.engine.dense.fusion import Cloud, Sight, Surface, closeness, confirm, points_of, select
from scene3d.engine.dense.neighbours import Pair, neighbours_of, second_neighbours_of
from scene3d.engine.dense.patches import Mesh, triangulated
from scene3d.engine.dense.rectification import rectify
from scene3d.engine.dense.sky import find_sky, without_rim
from scene3d.engine.dense.stereo import Side, match_pair
from scene3d.engine.dense.store import Store
from scene3d.engine.dense.views import Map, View, undistorted, view_of
from scene3d.engine.geometry.upright import find_up
from scene3d.engine.model import Model
from scene3d.engine.options import DenseOptions
from scene3d.engine.types import FloatArray
from scene3d.engine.workspace import Workspace

_DARK_LEVELS = 4.0
"""Added before logarithms: noise, not exposure, is what black pixels differ in."""
_INT8 = 127


class Bench:
    """One model at work. Positions are rows of the model; calls from several threads at once are
    fine within a step."""

    def __init__(
        self, model: Model, positions: Sequence[int], options: DenseOptions, workspace: Workspace
    ) -> None:
        self._model, self._options, self._workspace = model, options, workspace
        self.store = Store(workspace.dense_dir)
        self.positions = list(positions)
        self.pairs: list[Pair] = []
        """That were matched."""
        self._views = {p: view_of(model, p, options.long_side_px) for p in positions}
        self._gains = {p: np.ones(3) for p in positions}
        self._point_of_row = np.repeat(np.arange(model.num_points), model.track_lengths)
        self._position_of_row = np.searchsorted(model.photo_indices, model.track_photos)
        self._up = find_up(model.rotation_cam_from_world).direction

    @property
    def num_pixels(self) -> int:
        """Of the largest view."""
        return max(view.width_px * view.height_px for view in self._views.values())

    @property
    def matched(self) -> list[int]:
        """Positions that have partners."""
        return [p for p in self.positions if neighbours_of(self.pairs, p)]

    def prepare(self, position: int) -> FloatArray:
        """Undistort a photo; the logarithms (T, 3) of its colours where it sees points."""
        view = self._views[position]
        photo = self._workspace.photo(view.photo_index)
        rgb, is_photo = undistorted(self._model, position, view, photo)
        rows = self._position_of_row == position
        points_px, _ = view.project(self._model.xyz[self._point_of_row[rows]])
        sky = find_sky(rgb, view, self._up, points_px)
        is_photo &= ~sky
        self.store.put(f"sky-{position}", without_rim(sky))
        self.store.put(f"rgb-{position}", rgb)
        self.store.put(f"is-photo-{position}", is_photo)
        smooth = cv2.GaussianBlur(rgb, (5, 5), 0)
        xy = np.clip(np.rint(points_px), 0, [view.width_px - 1, view.height_px - 1]).astype(int)
        logs: FloatArray = np.log(smooth[xy[:, 1], xy[:, 0]].astype(np.float64) + _DARK_LEVELS)
        return logs

    def level(self, log_rgb: Sequence[FloatArray]) -> None:
        """Find every photo's exposure; `log_rgb` is what `prepare` gave, in the same order."""
        rows = [np.flatnonzero(self._position_of_row == p) for p in self.positions]
        photo = np.repeat(np.arange(len(rows)), [len(part) for part in rows])
        points = self._point_of_row[np.concatenate(rows)]
        gains = np.exp(log_gains(points, photo, np.concatenate(log_rgb), len(rows)))
        self._gains = dict(zip(self.positions, gains, strict=True))

    def match(self, pair: Pair) -> bool:
        """Whether the pair could be matched; its depths go to the store."""
        first, second = pair
        seen = [self._point_of_row[self._position_of_row == position] for position in pair]
        shared = np.intersect1d(*seen)
        rectified = rectify(self._views[first], self._views[second], self._model.xyz[shared])
        if rectified is None:
            return False
        depths = match_pair(self._side(first), self._side(second), rectified)
        for (own, other), depth in zip(((first, second), (second, first)), depths, strict=True):
            self.store.put(f"pair-{own}-{other}", depth)
        return True

    def sweep(self, position: int, others: Sequence[int], device: str) -> bool:
        """Whether there was anything to sweep through; instead of `match` and `merge`."""
        from scene3d.engine.dense.sweep import inverse_depths, sweep  # noqa: PLC0415  # torch

        points = self._model.xyz[self._point_of_row[self._position_of_row == position]]
        planes = inverse_depths(
            self._views[position], [self._views[other] for other in others], points
        )
        if not len(planes):
            return False
        depth, _ = sweep(
            self._side(position), [self._side(other) for other in others], planes, device
        )
        self._put_merged(position, depth)
        return True

    def merge(self, position: int) -> None:
        """The depths that a photo's pairs agree on."""
        others = neighbours_of(self.pairs, position)
        depths = [self.store.get(f"pair-{position}-{other}") for other in others]
        self._put_merged(position, merge(depths))
        for other in others:
            self.store.drop(f"pair-{position}-{other}")

    def _put_merged(self, position: int, depth: Map) -> None:
        """Infinite in the sky: whoever stood before it would hide it."""
        sky = self.store.get(f"sky-{position}")
        self.store.put(f"merged-{position}", np.where(sky, np.float32(np.inf), depth))

    def confirm(self, position: int) -> float:
        """Keep what other photos agree on; the share of the photo that this is."""
        view = self._views[position]
        others = second_neighbours_of(self.pairs, position)
        depth, num_views = confirm(
            self._sight(position), (self._sight(other) for other in others), self._options.min_views
        )
        own_normals = normals(depth, view)
        self.store.put(f"depth-{position}", depth)
        self.store.put(f"score-{position}", closeness(depth, own_normals, view))
        self.store.put(f"normals-{position}", np.rint(own_normals * _INT8).astype(np.int8))
        self.store.put(f"num-views-{position}", num_views)
        return float(np.isfinite(depth).mean())

    def fuse(self, position: int) -> Cloud:
        """The points that this photo sees best."""
        others = second_neighbours_of(self.pairs, position)
        surface = self._surface(position)
        chosen, colour = select(surface, (self._surface(other) for other in others))
        self.store.put(f"chosen-{position}", chosen)
        self.store.put(f"colour-{position}", colour)
        own_normals = np.asarray(self.store.get(f"normals-{position}") / _INT8, np.float32)
        return points_of(
            surface, chosen, own_normals, colour, self.store.get(f"num-views-{position}")
        )

    def triangulate(self, position: int, stride: int) -> Mesh:
        """The patch of the mesh that this photo sees best; after `fuse`."""
        chosen, colour = (self.store.get(f"{name}-{position}") for name in ("chosen", "colour"))
        return triangulated(self._surface(position), chosen, colour, stride)

    def _side(self, position: int) -> Side:
        grey = cv2.cvtColor(self.store.get(f"rgb-{position}"), cv2.COLOR_RGB2GRAY)
        return Side(
            view=self._views[position],
            grey=np.asarray(grey, np.uint8),
            is_photo=self.store.get(f"is-photo-{position}"),
        )

    def _sight(self, position: int) -> Sight:
        return Sight(
            view=self._views[position],
            depth=self.store.get(f"merged-{position}"),
            rgb=self.store.get(f"rgb-{position}"),
            gain=self._gains[position],
        )

    def _surface(self, position: int) -> Surface:
        return Surface(
            view=self._views[position],
            depth=self.store.get(f"depth-{position}"),
            score=self.store.get(f"score-{position}"),
            rgb=self.store.get(f"rgb-{position}"),
            gain=self._gains[position],
        )

    def view(self, position: int) -> View:
        """The pinhole camera of a photo."""
        return self._views[position]
