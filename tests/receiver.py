"""Somebody who receives webhooks: a real server on loopback, which checks every signature."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="


@dataclass
class Receiver:
    """What came, and what is answered next.

    Attributes:
        answers: statuses, one per message; 200 when there is none left.
        silence_s: before an answer.
        drips: whether the answer comes a byte at a time, and has no end.
        messages: those whose signature is right.
        ids, signatures, paths: of all that came.
    """

    answers: list[int] = field(default_factory=list)
    silence_s: float = 0.0
    drips: bool = False
    messages: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks?to=scene3d"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, receiver: Receiver) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.receiver = receiver
        receiver.port = self.server_address[1]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers["content-length"]))
        receiver.paths.append(self.path)
        receiver.ids.append(self.headers["webhook-id"])
        receiver.signatures.append(self.headers["webhook-signature"])
        receiver.messages.append(Webhook(SECRET).verify(body, dict(self.headers)))
        time.sleep(receiver.silence_s)
        if receiver.drips:
            self._drip()
            return
        self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
        self.send_header("location", "/elsewhere")
        self.end_headers()

    def _drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 O")
        for _ in range(200):
            self.wfile.write(b"K")
            time.sleep(0.02)

    def handle(self) -> None:
        with suppress(OSError):  # whoever does not trust us, or has gone
            super().handle()

    def log_message(self, *_arguments: Any) -> None:
        """Nothing."""


def signed(body: bytes) -> dict[str, str]:
    """Headers as a sender makes them."""
    now = datetime.now(UTC)
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("msg_1", now, body.decode()),
    }


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    receiver = Receiver()
    with _Server(receiver) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        thread = threading.Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        yield receiver
        server.shutdown()
        thread.join()
