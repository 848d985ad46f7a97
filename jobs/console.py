"""Progress on a terminal."""

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from scene3d.engine.public import Cancelled, Stage, TimeLimitReached

if TYPE_CHECKING:
    from scene3d.engine.model import Model
    from scene3d.engine.types import PhotoSet

_LINES_EVERY_S = 5.0
_TITLES: dict[Stage, str] = {
    "checking": "Checking photos",
    "extracting": "Finding details",
    "matching": "Comparing photos",
    "mapping": "Placing cameras",
    "dense": "Filling in surfaces",
    "exporting": "Saving the result",
}


class ConsoleProgress:
    """One line a stage: rewritten in place on a terminal, every few seconds in a log."""

    def __init__(self, stream: TextIO | None = None, *, time_limit_s: float | None = None) -> None:
        self._ends_s = None if time_limit_s is None else time.monotonic() + time_limit_s
        self._time_limit_s = time_limit_s
        self._is_stopping = False
        self._stream = stream or sys.stderr
        self._is_live = self._stream.isatty()
        self._title, self._total = "", 1
        self._shown, self._shown_s = "", 0.0

    def begin(self, stage: Stage, total: int) -> None:
        self.finish()
        self._title, self._total = _TITLES[stage], total
        self._show(0, {})

    def checked(self, photos: "PhotoSet") -> None:
        for photo in photos.rejected:
            self._stream.write(f"\n  left out {photo.name}: {photo.message} ({photo.code})")
        if photos.rejected:
            self._stream.write("\n")

    def update(self, done: int, **counts: int) -> None:
        if self._is_live or time.monotonic() - self._shown_s >= _LINES_EVERY_S:
            self._show(done, counts)

    def grown(self, models: "Sequence[Model]") -> None:
        """The numbers tell enough."""

    def stop(self) -> None:
        """End soon, with what there is."""
        self._is_stopping = True
        self.finish()
        self._stream.write("Stopping; once more to leave at once.\n")

    def check(self) -> None:
        """Raises: Cancelled, TimeLimitReached."""
        if self._is_stopping:
            raise Cancelled
        if self._ends_s is not None and time.monotonic() > self._ends_s:
            raise TimeLimitReached(
                f"The work took longer than {self._time_limit_s:g} seconds.",
                next_step="Use fewer photos, a quicker preset or a longer limit.",
            )

    def finish(self) -> None:
        """End the line that is being rewritten."""
        if self._is_live and self._title:
            self._stream.write("\n")
        self._title = ""

    def _show(self, done: int, counts: dict[str, int]) -> None:
        self._shown_s = time.monotonic()
        percent = min(100 * done // max(self._total, 1), 100)
        facts = "  ".join(_fact(name, value) for name, value in counts.items())
        line = f"{self._title:<19} {percent:3d} %  {facts}".rstrip()
        if line == self._shown:
            return
        self._shown = line
        self._stream.write(f"\r\x1b[2K{line}" if self._is_live else f"{line}\n")
        self._stream.flush()


def _fact(name: str, value: int) -> str:
    noun = name.removeprefix("num_").replace("_", " ")
    return f"{value:,} {noun.removesuffix('s') if value == 1 else noun}"
