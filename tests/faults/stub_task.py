"""What the stub's native child does."""

import time
from collections.abc import Mapping
from typing import Any


def rest(payload: Mapping[str, Any], _tell: Any) -> None:
    time.sleep(payload["seconds"])
