"""Waiting for a tracker that does not answer, but not for ever."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field

_FIRST_PAUSE_S = 0.5
_MAX_PAUSE_S = 8.0

_environment_lock = threading.RLock()

Answer = TypeVar("Answer")


class TrackerOptions(BaseModel):
    """How long to wait, and where people look."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    give_up_after_s: float = Field(
        default=30.0, gt=0, description="No attempt at a request begins later after the first."
    )
    request_timeout_s: int = Field(
        default=10, ge=1, description="The longest silence during an attempt."
    )
    upload_timeout_s: int = Field(
        default=300, ge=1, description="Likewise with an artifact, which the server passes on."
    )
    ui_url: str = Field(
        default="http://127.0.0.1:5000",
        description="Where `manage.py mlflow_ui` shows the embedded store.",
    )


def ask_patiently(
    question: Callable[[], Answer],
    *,
    may_pass: Callable[[Exception], bool],
    give_up_after_s: float,
) -> Answer:
    """The answer to a question that may be asked twice; pauses double between attempts.

    Args:
        may_pass: whether the next attempt may have better luck after this error.
    Raises: whatever the last attempt raised.
    """
    give_up_at_s = time.monotonic() + give_up_after_s
    pause_s = _FIRST_PAUSE_S
    while True:
        try:
            return question()
        except Exception as error:
            if not may_pass(error) or time.monotonic() + pause_s > give_up_at_s:
                raise
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _MAX_PAUSE_S)


@contextmanager
def limited_requests(timeout_s: int) -> Iterator[None]:
    """MLflow makes one attempt at each request, and is silent on stdout.

    Left alone it repeats for minutes and prints addresses. It takes its limits from the
    environment alone, at each request; one thread at a time changes them.
    """
    limits = {
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(timeout_s),
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    }
    with _environment_lock:
        before = {name: os.environ[name] for name in limits if name in os.environ}
        os.environ.update(limits)
        try:
            yield
        finally:
            for name in limits:
                del os.environ[name]
            os.environ.update(before)
