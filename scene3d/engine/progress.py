"""What a run tells while it works, and how it is asked to stop."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:  # the web process uses this module too, and goes without numpy
    from scene3d.engine.model import Model
    from scene3d.engine.types import PhotoSet

Stage = Literal["checking", "extracting", "matching", "mapping", "dense", "exporting"]
STAGES: tuple[Stage, ...] = ("checking", "extracting", "matching", "mapping", "dense", "exporting")


class Progress(Protocol):
    """Implemented by whoever watches a run. Calls come from one thread at a time."""

    def begin(self, stage: Stage, total: int) -> None:
        """A stage starts; `total` is its number of units (photos, pairs), at least 1."""

    def checked(self, photos: "PhotoSet") -> None:
        """The photos were read; their previews and thumbnails lie in the workspace."""

    def update(self, done: int, **counts: int) -> None:
        """`done` units of the stage are finished; `counts` are facts worth showing, such as
        num_registered."""

    def grown(self, models: "Sequence[Model]") -> None:
        """The models so far, the largest first, every few seconds of mapping; later ones never
        have fewer photos, and the next ones may lie elsewhere in the world."""

    def check(self) -> None:
        """Called often.

        Raises: Cancelled or TimeLimitReached, when the run should stop and keep what it has;
            anything else, when it should stop and keep nothing.
        """


class Silent:
    """Watches nothing and never stops a run."""

    def begin(self, stage: Stage, total: int) -> None:
        """Nothing to tell."""

    def checked(self, photos: "PhotoSet") -> None:
        """Nothing to tell."""

    def update(self, done: int, **counts: int) -> None:
        """Nothing to tell."""

    def grown(self, models: "Sequence[Model]") -> None:
        """Nothing to tell."""

    def check(self) -> None:
        """Never stops."""


class Unstoppable:
    """Tells `progress` everything and stops for nobody: for the seconds in which what hours have
    found is saved."""

    def __init__(self, progress: Progress) -> None:
        self.begin = progress.begin
        self.checked = progress.checked
        self.update = progress.update
        self.grown = progress.grown

    def check(self) -> None:
        """Never stops."""


class Unreported(Silent):
    """Side work of a run: tells nothing, and stops when the run is asked to."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def check(self) -> None:
        self._progress.check()
