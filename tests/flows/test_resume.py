"""Uploads in pieces to a real server whose web process is killed in the midst of them."""

import hashlib
import os
import signal
import time
import urllib.error
from base64 import b64encode
from concurrent.futures import Future, ThreadPoolExecutor
from http.client import HTTPException

import numpy as np
import pytest

from tests.live import LiveStack

UPLOADS = "/api/v1/uploads/"
TUS = {"Tus-Resumable": "1.0.0"}
PIECE_BYTES = 200_000
NUM_PIECES = 12
PATIENCE_S = 120


class Sender:
    """One file, sent piece by piece; after any trouble it asks how far it had come."""

    def __init__(self, stack: LiveStack, seed: int) -> None:
        self.stack = stack
        self.content = np.random.default_rng(seed).bytes(PIECE_BYTES * NUM_PIECES - seed)
        self.num_interruptions = 0
        metadata = f"filename {b64encode(b'photos.zip').decode()}"
        headers = {"Upload-Length": str(len(self.content)), "Upload-Metadata": metadata}
        answer = stack.request("POST", UPLOADS, user="alice", body=b"", headers=TUS | headers)
        assert answer.status == 201, answer.body
        self.path = "/" + answer.headers["Location"].split("/", 3)[3]

    @property
    def id(self) -> str:
        return self.path.rstrip("/").rpartition("/")[2]

    def run(self) -> None:
        at, deadline_s = 0, time.monotonic() + PATIENCE_S
        while at < len(self.content):
            assert time.monotonic() < deadline_s
            try:
                at = self._send(at)
            except (urllib.error.URLError, ConnectionError, HTTPException, TimeoutError):
                self.num_interruptions += 1
                at = self._ask()
            time.sleep(0.05)

    def _send(self, at: int) -> int:
        headers = {"Upload-Offset": str(at), "Content-Type": "application/offset+octet-stream"}
        piece = self.content[at : at + PIECE_BYTES]
        answer = self.stack.request("PATCH", self.path, user="alice", body=piece,
                                    headers=TUS | headers)  # fmt: skip
        if answer.status in (409, 423):
            return self._ask()
        assert answer.status == 204, answer.body
        return int(answer.headers["Upload-Offset"])

    def _ask(self) -> int:
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            try:
                answer = self.stack.request("HEAD", self.path, user="alice", headers=TUS)
                assert answer.status == 200
                return int(answer.headers["Upload-Offset"])
            except (urllib.error.URLError, ConnectionError, HTTPException, TimeoutError):
                time.sleep(0.2)
        raise AssertionError("the server does not come back")


def interrupt(stack: LiveStack, num: int, seed: int) -> int:
    """Send so many at once and kill the web process meanwhile; how many noticed."""
    senders = [Sender(stack, seed + n) for n in range(num)]
    with ThreadPoolExecutor(num) as pool:
        futures: list[Future[None]] = [pool.submit(sender.run) for sender in senders]
        time.sleep(0.2 + float(np.random.default_rng(seed).random()) / 2)
        for pid in stack.children("run_web"):
            os.kill(pid, signal.SIGKILL)
        for future in futures:
            future.result()
    parts = stack.folder / "data" / "uploads" / "parts"
    for sender in senders:
        arrived = (parts / f"{sender.id}.part").read_bytes()
        assert hashlib.sha256(arrived).digest() == hashlib.sha256(sender.content).digest()
        wrong = stack.request(
            "PATCH", sender.path, user="alice", body=b"x",
            headers=TUS | {"Upload-Offset": "1",
                           "Content-Type": "application/offset+octet-stream"},
        )  # fmt: skip
        assert wrong.status == 409
    return sum(sender.num_interruptions > 0 for sender in senders)


def sweep(stack: LiveStack) -> None:
    """As a day later; nothing may be left."""
    stack.manage(
        "shell",
        code="from django.utils import timezone\n"
        "from jobs.partial_uploads import sweep\n"
        "from jobs.upload_models import PartialUpload\n"
        "PartialUpload.objects.update(expires_at=timezone.now())\n"
        "sweep()\n",
    )
    assert list((stack.folder / "data" / "uploads").rglob("*.part")) == []


@pytest.mark.flow
@pytest.mark.slow
def test_five_interrupted_uploads_arrive_whole(stack: LiveStack) -> None:
    assert interrupt(stack, 5, seed=1) >= 1
    sweep(stack)


@pytest.mark.flow
@pytest.mark.long
def test_a_hundred_interrupted_uploads_arrive_whole(stack: LiveStack) -> None:
    num_interrupted, seed = 0, 100
    while num_interrupted < 100:
        num_interrupted += interrupt(stack, 10, seed)
        seed += 10
        sweep(stack)
    assert num_interrupted >= 100
