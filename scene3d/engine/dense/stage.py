"""The dense stage: placed photos in, one cloud of the largest model out."""

import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

import numpy as np

from scene3d.engine.dense.bench import Bench
from scene3d.engine.dense.decimation import Sample
from scene3d.engine.dense.fusion import Cloud
from scene3d.engine.dense.neighbours import Pair, choose_pairs, neighbours_of
from scene3d.engine.dense.patches import Mesh, stride_for
from scene3d.engine.dense.store import in_parallel, num_workers, opencv_threads
from scene3d.engine.errors import Cancelled, TimeLimitReached
from scene3d.engine.host import Host
from scene3d.engine.model import Model
from scene3d.engine.options import ReconstructionOptions
from scene3d.engine.progress import Progress
from scene3d.engine.seeding import generator
from scene3d.engine.types import PartialReason
from scene3d.engine.workspace import Workspace

logger = logging.getLogger(__name__)

Value = TypeVar("Value")

_UNITS_PER_PAIR = 4
_MATCHING_SHARE = 0.6
"""Of the stage's time."""
_MIN_SHARE_OF_PHOTO = 0.02
"""A photo with less reliable depth is left out."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Dense:
    """What came of it."""

    cloud: Cloud | None = None
    """None where there is none, for the reason in `message`."""
    mesh: Mesh | None = None
    """None without a cloud, or where nobody asked for one."""
    num_found: int = 0
    """Points before decimation."""
    num_photos: int = 0
    num_pairs: int = 0
    left_out: Sequence[int] = ()
    """Photo.index of those without reliable depth."""
    message: str = ""
    """Why there is not more."""
    partial_reason: PartialReason | None = None
    """Why it was stopped."""


class _Watch:
    """Progress in photos over several passes."""

    def __init__(self, progress: Progress, num_photos: int, time_budget_s: float) -> None:
        self._progress, self._num_photos = progress, num_photos
        self._ends_s = monotonic() + _MATCHING_SHARE * time_budget_s
        self._done, self._num_units = 0, num_photos
        self.stop: BaseException | None = None
        """What `progress.check` raised."""

    def expect(self, num_pairs: int) -> None:
        """Every photo is prepared, merged, confirmed and fused; matching takes half the time."""
        self._num_units = 4 * self._num_photos + _UNITS_PER_PAIR * num_pairs

    def tick(self, num_units: int = 1) -> None:
        self._done += num_units
        self._progress.update(
            min(self._num_photos * self._done // self._num_units, self._num_photos)
        )
        try:
            self._progress.check()
        except BaseException as stop:
            self.stop = stop
            raise

    @property
    def is_matching_over(self) -> bool:
        return monotonic() > self._ends_s


def densify(
    model: Model,
    held_out: Sequence[int],
    options: ReconstructionOptions,
    workspace: Workspace,
    progress: Progress,
    host: Host,
) -> Dense:
    """A cloud of the model, or why there is none; the sparse result is never lost over it.

    Args:
        held_out: Photo.index of those that must not be looked at.
    Raises: what `progress.check` raises when the run should keep nothing.
    """
    watch = _Watch(progress, model.num_registered, options.dense.time_budget_s)
    try:
        with opencv_threads(1):
            return _densify(model, held_out, options, workspace, watch, host)
    except Cancelled:
        return Dense(
            message="The job was cancelled while it filled in surfaces.", partial_reason="cancelled"
        )
    except TimeLimitReached as limit:
        return Dense(message=limit.message, partial_reason="time_limit")
    except Exception as problem:
        if problem is watch.stop:
            raise
        logger.exception("no dense cloud")
        return Dense(message="Something broke on our side; the points are those of the cameras.")
    finally:
        shutil.rmtree(workspace.dense_dir, ignore_errors=True)


def _densify(
    model: Model,
    held_out: Sequence[int],
    options: ReconstructionOptions,
    workspace: Workspace,
    watch: _Watch,
    host: Host,
) -> Dense:
    positions = np.flatnonzero(~np.isin(model.photo_indices, np.asarray(held_out))).tolist()
    pairs = choose_pairs(model, positions, options.dense.num_neighbours)
    watch.expect(len(pairs))
    if not pairs:
        return Dense(message="No two photos see enough of the same from a good angle.")
    bench = Bench(model, positions, options.dense, workspace)
    workers = num_workers(host.num_threads, options.dense.memory_budget_mib, bench.num_pixels)
    bench.level(_each(bench.prepare, positions, workers, watch))
    if host.device == "cpu":
        is_over = _match(bench, pairs, workers, watch)
        _each(bench.merge, bench.matched, workers, watch)
    else:
        is_over = _sweep(bench, pairs, host.device, watch)
    kept = _surfaces(bench, workers, watch)
    sample = Sample(options.dense, generator(options.seed, "dense"))
    for part in in_parallel(bench.fuse, kept, workers):
        sample.add(part)
        watch.tick()
    if not sample.num_found:
        return Dense(message="No surface was seen alike by enough photos.")
    mesh = _mesh(bench, kept, sample.num_found, options.dense.mesh_max_triangles)
    unreliable = sorted(set(positions) - set(kept))
    return Dense(
        cloud=sample.cloud(),
        mesh=mesh,
        num_found=sample.num_found,
        num_photos=len(kept),
        num_pairs=len(bench.pairs),
        left_out=model.photo_indices[unreliable].tolist(),
        message="Its time was over before all photos were matched." if is_over else "",
    )


def _match(bench: Bench, pairs: Sequence[Pair], workers: int, watch: _Watch) -> bool:
    """Match the pairs as long as there is time; whether it was too short."""
    results = in_parallel(bench.match, pairs, workers)
    for pair, is_matched in zip(pairs, results, strict=False):
        if is_matched:
            bench.pairs.append(pair)
        watch.tick(_UNITS_PER_PAIR)
        if watch.is_matching_over:
            results.close()
            return pair != pairs[-1]
    return False


def _sweep(bench: Bench, pairs: Sequence[Pair], device: str, watch: _Watch) -> bool:
    """The same on a graphics card, one photo after the other with all its partners."""
    swept = []
    for position in bench.positions:
        others = neighbours_of(pairs, position)
        if others and bench.sweep(position, others, device):
            swept.append(position)
        watch.tick(1 + _UNITS_PER_PAIR * len(pairs) // len(bench.positions))
        if watch.is_matching_over:
            break
    bench.pairs = [pair for pair in pairs if set(pair) <= set(swept)]
    return position != bench.positions[-1]


def _surfaces(bench: Bench, workers: int, watch: _Watch) -> list[int]:
    """Positions of the photos whose depth is reliable; the others are taken out."""
    matched = bench.matched
    shares = _each(bench.confirm, matched, workers, watch)
    kept = [p for p, share in zip(matched, shares, strict=True) if share >= _MIN_SHARE_OF_PHOTO]
    bench.pairs = [pair for pair in bench.pairs if set(pair) <= set(kept)]
    return kept


def _mesh(bench: Bench, kept: Sequence[int], num_points: int, max_triangles: int) -> Mesh | None:
    if max_triangles == 0:
        return None
    stride = stride_for(num_points, max_triangles)
    return Mesh.joined([bench.triangulate(position, stride) for position in kept])


def _each(
    work: Callable[[int], Value], positions: Sequence[int], workers: int, watch: _Watch
) -> list[Value]:
    values = []
    for value in in_parallel(work, positions, workers):
        values.append(value)
        watch.tick()
    return values
