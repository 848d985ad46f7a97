"""The process that native code runs in: `python -m scene3d.engine.native.child`."""

import importlib
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from scene3d.engine.failpoints import failpoint
from scene3d.engine.native.lifetime import die_with_parent
from scene3d.engine.native.limits import limit_this_process

Tell = Callable[..., None]
"""Sends one event with its values to the parent."""

Task = Callable[[Mapping[str, Any], Tell], Any]
"""Gets the request's payload; what it returns goes back as JSON."""


def main(request_path: Path, answers_fd: int, parent_pid: int) -> None:
    """Do one task and leave."""
    die_with_parent(parent_pid)
    limit_this_process()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent decides
    request = json.loads(request_path.read_text())
    failpoint("native")
    with os.fdopen(answers_fd, "w", buffering=1) as answers:

        def tell(event: str, **values: Any) -> None:
            answers.write(json.dumps({"event": event, **values}) + "\n")

        tell("result", value=_find(request["task"])(request["payload"], tell))


def _find(task: str) -> Task:
    """Import the task's module alone: pycolmap takes a third of a second."""
    module, _, function = task.partition(":")
    found: Task = getattr(importlib.import_module(module), function)
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
