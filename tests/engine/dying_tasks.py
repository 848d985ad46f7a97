"""A child's task that dies as decoders do."""

import os
import signal
from collections.abc import Mapping
from typing import Any

from scene3d.engine import checking
from scene3d.engine.native.child import Tell


def read_until_fatal(payload: Mapping[str, Any], tell: Tell) -> None:
    """Reads photos; one named "fatal" ends the process as a crash in a library does."""

    def tell_and_die(event: str, **values: Any) -> None:
        tell(event, **values)
        named = {row["index"]: row["name"] for row in payload["photos"]}
        if event == "reading" and named[values["index"]] == "fatal":
            os.kill(os.getpid(), signal.SIGSEGV)

    checking.read_in_child(payload, tell_and_die)
