"""Mapping, and mapping once more where a second look has found partners for leftovers."""

import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from scene3d.engine.colmap.salvage import MappingStopped
from scene3d.engine.colmap.stages import map_photos, partial_reason
from scene3d.engine.errors import Cancelled, HostProblem, TimeLimitReached
from scene3d.engine.host import Host
from scene3d.engine.model import Model
from scene3d.engine.options import ReconstructionOptions
from scene3d.engine.progress import Progress, Unreported
from scene3d.engine.second_look import SecondLook, ViewGraph, worth_a_look
from scene3d.engine.types import PartialReason, Photo
from scene3d.engine.workspace import Workspace

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Mapped:
    """What mapping made of a view graph."""

    models: Sequence[Model]
    """The largest first; their files are in `Workspace.models_dir`."""
    graph: ViewGraph
    partial_reason: PartialReason | None = None
    """Why there is not more, where mapping ended early."""
    num_rescued: int = 0
    """Photos that only the second look placed."""

    @property
    def placed(self) -> set[int]:
        """Photo.index of those in any model."""
        return {index for model in self.models for index in model.photo_indices.tolist()}

    @property
    def score(self) -> tuple[int, int]:
        """Photos first, points among equals."""
        return len(self.placed), sum(model.num_points for model in self.models)


_MAPPED_ANEW_UP_TO = 60
"""Photos. A hundred take the mapper half a minute, four hundred several."""

NOTHING = Mapped(models=(), graph=ViewGraph(compared=(), verified=()))
"""Of photos that nobody compared."""


class Attempts:
    """At mapping the photos of one run."""

    def __init__(
        self,
        photos: Sequence[Photo],
        options: ReconstructionOptions,
        workspace: Workspace,
        progress: Progress,
        host: Host,
    ) -> None:
        self._photos, self._options = photos, options
        self._workspace, self._progress, self._host = workspace, progress, host

    def best_of(self, graph: ViewGraph) -> Mapped:
        """The attempt with the best score.

        Raises:
            NativeCrash, Cancelled, TimeLimitReached: and there is no model.
        """
        try:
            first = self._map(graph, self._progress)
        except MappingStopped as stop:
            logger.warning("a partial result: %s", stop, exc_info=stop.__cause__)
            return Mapped(models=stop.models, graph=graph, partial_reason=stop.reason)
        try:
            return self._after_second_look(first)
        except (Cancelled, TimeLimitReached) as stop:
            if not first.models:
                raise
            return replace(first, partial_reason=partial_reason(stop))
        except HostProblem as problem:  # what there is is worth more than a second attempt
            logger.warning("no second look: %s", problem.message, exc_info=problem)
            return first

    def _map(self, graph: ViewGraph, progress: Progress, resume_from: Path | None = None) -> Mapped:
        if not graph.verified:
            return Mapped(models=[], graph=graph)
        models = map_photos(
            self._photos, self._options, self._workspace, progress, self._host, resume_from
        )
        return Mapped(models=models, graph=graph)

    def _after_second_look(self, first: Mapped) -> Mapped:
        everyone = {photo.index for photo in self._photos}
        leftovers = worth_a_look(self._photos, everyone - first.placed)
        if not leftovers:
            return first
        self._progress.update(
            len(first.placed),
            num_registered=len(first.placed),
            num_second_looks=len(leftovers),
        )
        look = SecondLook(self._photos, self._options, self._workspace, self._progress, self._host)
        graph = look.look(first.graph, leftovers)
        if not _helps(graph, first):
            return first
        return self._better(first, graph)

    def _better(self, first: Mapped, graph: ViewGraph) -> Mapped:
        """The second attempt on what grew, unless it is worse; nobody sees it grow anew."""
        workspace = self._workspace
        kept = workspace.root / "models-first"
        workspace.models_dir.rename(kept)
        shutil.rmtree(workspace.snapshots_dir)
        for folder in (workspace.models_dir, workspace.snapshots_dir):
            folder.mkdir()
        best = replace(first, graph=graph)
        try:
            second = self._map(
                graph,
                Unreported(self._progress),
                kept / "0" if _is_worth_resuming(first) else None,
            )
            if second.score > first.score:
                best = replace(second, num_rescued=len(second.placed - first.placed))
        except MappingStopped as stop:
            raise stop.__cause__ or stop from None
        finally:
            if best.models is first.models:
                shutil.rmtree(workspace.models_dir)
                kept.rename(workspace.models_dir)
        return best


def _is_worth_resuming(first: Mapped) -> bool:
    """Whether leftovers join what there is; several models might turn out to be one, and a small
    one is mapped again in seconds, maybe from a better beginning."""
    return len(first.models) == 1 and first.models[0].num_registered > _MAPPED_ANEW_UP_TO


def _helps(graph: ViewGraph, first: Mapped) -> bool:
    """Whether a leftover has more in common with a placed photo than before, or with any where
    none is placed."""
    before, placed = set(first.graph.verified), first.placed
    return any(
        pair not in before and (not placed or (pair.first in placed) != (pair.second in placed))
        for pair in graph.verified
    )
