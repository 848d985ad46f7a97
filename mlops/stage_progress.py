"""How a stage, which is a process of its own, tells how far it is: a file in its folder."""

import json
from pathlib import Path

PROGRESS_NAME = "progress.json"


class StageProgress:
    """Writes PROGRESS_NAME in the current folder, whole each time."""

    def __init__(self, total: int, folder: Path | None = None) -> None:
        self._path = (folder or Path()) / PROGRESS_NAME
        self._done, self._total, self._words = 0, total, ""

    def tell(self, words: str) -> None:
        """What it is at now."""
        self._words = words
        self._write()

    def advance(self) -> None:
        """One unit more is done."""
        self._done += 1
        self._write()

    def _write(self) -> None:
        content = {"done": self._done, "total": self._total, "words": self._words}
        unfinished = self._path.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(content))
        unfinished.replace(self._path)
