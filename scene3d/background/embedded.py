"""The whole service on one machine: bundled Valkey, web process, workers, and the schedule."""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from django.conf import settings

from scene3d.background.embedded_broker import EmbeddedBroker
from scene3d.background.schedule import is_anything_scheduled, run_schedule
from scene3d.settings.env import BASE_DIR

logger = logging.getLogger(__name__)

_POLL_S = 0.3
_RESTART_PAUSE_S = 2.0
_STOP_GRACE_S = 15.0
_READY_WITHIN_S = 120.0


class StackError(Exception):
    """The stack cannot start; the message says what to do."""


@dataclass
class _Service:
    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    restart_at_s: float = field(default=0.0)

    def start(self) -> None:
        self.process = subprocess.Popen(
            [*self.command, "--parent-pid", str(os.getpid())],
            cwd=BASE_DIR,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches us alone; we end the others in order
        )

    def revive(self) -> None:
        """Start it again when it has ended, after a pause."""
        if self.process is None or self.process.poll() is None:
            return
        now_s = time.monotonic()
        if not self.restart_at_s:
            logger.error("%s ended with code %s; starting it again", self.name, self.process.poll())
            self.restart_at_s = now_s + _RESTART_PAUSE_S
        elif now_s >= self.restart_at_s:
            self.restart_at_s = 0.0
            self.start()

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(_STOP_GRACE_S)
        except subprocess.TimeoutExpired:
            logger.warning("%s does not end; killing it", self.name)
            self.process.kill()
            self.process.wait()


def require_free_port(host: str, port: int) -> None:
    """Before anything is touched that a running stack may use.

    Raises: StackError.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise StackError(
                f"Port {port} is in use, perhaps by another Scene3D. End it, or choose another"
                f" port: SCENE3D_PORT={port + 1}."
            ) from error


class EmbeddedStack:
    """A context in which the service runs.

    Children are revived when they end, and end with us, even when we are killed.
    """

    def __init__(self, *, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._broker = (
            EmbeddedBroker(Path(settings.BROKER_SOCKET), Path(settings.DATA_DIR) / "valkey")
            if settings.IS_BROKER_EMBEDDED
            else None
        )
        manage = [sys.executable, str(BASE_DIR / "manage.py")]
        self._services = [
            _Service("web", [*manage, "run_web", "--host", host, "--port", str(port)]),
            _Service("worker", [*manage, "run_worker"]),
            _Service("reconciler", [*manage, "run_reconciler"]),
            _Service("experiments", [*manage, "run_experiment_worker"]),
        ]
        self._is_over = threading.Event()
        self._schedule = threading.Thread(
            target=run_schedule, args=[self._is_over], name="schedule", daemon=True
        )
        if settings.WEBHOOK_URL:
            self._services.append(_Service("webhooks", [*manage, "run_webhook_worker"]))

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the portal."""
        shown = "localhost" if self._host in ("0.0.0.0", "127.0.0.1", "::") else self._host  # noqa: S104
        return f"http://{shown}:{self._port}/"

    def __enter__(self) -> Self:
        if self._broker is not None:
            self._broker.start()
        for service in self._services:
            service.start()
        if is_anything_scheduled():
            self._schedule.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_over.set()
        if self._schedule.is_alive():
            self._schedule.join(_STOP_GRACE_S)
        for service in reversed(self._services):
            service.stop()
        if self._broker is not None:
            self._broker.stop()

    def watch(self, is_over: Callable[[], bool]) -> None:
        """Keep the children alive until `is_over`."""
        while not is_over():
            if self._broker is not None:
                self._broker.revive()
            for service in self._services:
                service.revive()
            time.sleep(_POLL_S)

    def wait_until_ready(self) -> None:
        """Raises: StackError, when the portal does not answer in time."""
        deadline_s = time.monotonic() + _READY_WITHIN_S

        def is_over() -> bool:
            return time.monotonic() > deadline_s or self._answers()

        self.watch(is_over)
        if not self._answers():
            raise StackError("The portal does not answer. The messages above say why.")

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self._port}/readyz", timeout=2
            ) as answer:  # our own address
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False
