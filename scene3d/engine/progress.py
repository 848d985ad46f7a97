"""What a run tells while it works, and how it is asked to stop."""

from typing import Literal, Protocol

Stage = Literal["checking", "extracting", "matching", "mapping", "exporting"]
STAGES: tuple[Stage, ...] = ("checking", "extracting", "matching", "mapping", "exporting")


class Progress(Protocol):
    """Implemented by whoever watches a run. Calls come from one thread at a time."""

    def begin(self, stage: Stage, total: int) -> None:
        """A stage starts; `total` is its number of units (photos, pairs), at least 1."""

    def update(self, done: int, **counts: int) -> None:
        """`done` units of the stage are finished; `counts` are facts worth showing, such as
        num_registered."""

    def check(self) -> None:
        """Called often.

        Raises: Cancelled, when the run should stop.
        """


class Silent:
    """Watches nothing and never stops a run."""

    def begin(self, stage: Stage, total: int) -> None:
        """Nothing to tell."""

    def update(self, done: int, **counts: int) -> None:
        """Nothing to tell."""

    def check(self) -> None:
        """Never stops."""
