"""The process that native code runs in: `python -m scene3d.engine.colmap.child`."""

import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1

Tell = Callable[..., None]
"""Sends one event with its values to the parent."""


def main(request_path: Path, answers_fd: int, parent_pid: int) -> None:
    """Do one task and leave."""
    _die_with_parent(parent_pid)
    request = json.loads(request_path.read_text())
    with os.fdopen(answers_fd, "w", buffering=1) as answers:

        def tell(event: str, **values: Any) -> None:
            answers.write(json.dumps({"event": event, **values}) + "\n")

        tell("result", value=_task(request["task"])(request["payload"], tell))


def _task(name: str) -> Callable[[Mapping[str, Any], Tell], Any]:
    """Each task imports pycolmap, which takes a third of a second, so only its own module."""
    match name:
        case "extract_sift":
            from scene3d.engine.features.sift import extract_sift  # noqa: PLC0415

            return extract_sift
        case "verify":
            from scene3d.engine.colmap.verification import verify  # noqa: PLC0415

            return verify
        case "map":
            from scene3d.engine.colmap.mapping import map_models  # noqa: PLC0415

            return map_models
        case "probe":
            from scene3d.engine.colmap.probe import probe  # noqa: PLC0415

            return probe
        case _:
            raise ValueError(f"{name=} is no native task")


def _die_with_parent(parent_pid: int) -> None:
    """An orphan would go on using the machine for a result that nobody reads."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        raise SystemExit("the parent has gone")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
