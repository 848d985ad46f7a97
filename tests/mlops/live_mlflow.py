"""A real MLflow server, and a wire to it that can be cut."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mlops.embedded_store import MLFLOW_ENVIRONMENT

START_WITHIN_S = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class LiveServer:
    """`mlflow server` on a store of its own; artifacts travel through it."""

    folder: Path
    store_uri: str
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")

    def uploads_of(self, name: str) -> int:
        """How often an artifact with this name came in whole."""
        return len(re.findall(rf'"PUT \S*/{re.escape(name)} HTTP/1.1" 200', self.log))

    def start(self) -> None:
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-m", "mlflow", "server",
                    "--backend-store-uri", self.store_uri,
                    "--artifacts-destination", str(self.folder / "artifacts"),
                    "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1",
                ],
                env={**os.environ, **MLFLOW_ENVIRONMENT},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # its children are in its group
            )  # fmt: skip
        wait_until_healthy(self.uri, self.process)

    def kill(self) -> None:
        """At once, with its children."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(30)
            self.process = None


def wait_until_healthy(uri: str, process: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + START_WITHIN_S
    while time.monotonic() < deadline_s:
        assert process.poll() is None, "the server ended"
        with suppress(OSError), urllib.request.urlopen(f"{uri}/health", timeout=5):  # noqa: S310
            return
        time.sleep(0.2)
    raise AssertionError("the server does not answer")


@contextmanager
def live_server(folder: Path, store_uri: str) -> Iterator[LiveServer]:
    server = LiveServer(folder, store_uri)
    server.start()
    try:
        yield server
    finally:
        server.kill()


class Wire:
    """Passes connections on to a server, unless it is cut.

    State "cut" refuses connections, "dead" takes them and never answers. `break_after_bytes` cuts
    it once that much went to the server.
    """

    def __init__(self, target_port: int) -> None:
        self.port = free_port()
        self.break_after_bytes: int | None = None
        self._target_port = target_port
        self._state: Literal["up", "cut", "dead"] = "cut"
        self._listener: socket.socket | None = None
        self._ends: list[socket.socket] = []
        self.set("up")

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def set(self, state: Literal["up", "cut", "dead"]) -> None:
        """From now on; what is under way is torn."""
        self._state = state
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()
        if state == "cut" and self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        elif state != "cut" and self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                self._ends.append(near)
                if self._state == "up":
                    far = socket.create_connection(("127.0.0.1", self._target_port))
                    self._ends.append(far)
                    for ends in ((near, far, True), (far, near, False)):
                        threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, to_server: bool) -> None:  # noqa: FBT001  # a thread's argument
        with suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
                if to_server and self.break_after_bytes is not None:
                    self.break_after_bytes -= len(data)
                    if self.break_after_bytes < 0:
                        self.break_after_bytes = None
                        self.set("cut")
            target.shutdown(socket.SHUT_WR)
