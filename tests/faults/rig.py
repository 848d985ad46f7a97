"""The whole service in a folder of its own, whose processes can be killed and come back.

A rig is made in a process that nothing else uses: `python -m tests.faults`.
"""

import json
import logging
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPException
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from django.conf import settings
from django.core.management import call_command
from redis.exceptions import RedisError

from accounts.public import User, ensure_user
from jobs import duty, reconciler, recorder, runner, services, worker_host
from jobs.models import Job
from jobs.states import TERMINAL
from jobs.worker_models import Worker
from scene3d.background.embedded_broker import EmbeddedBroker
from tests.faults import stub
from tests.faults.processes import NO_FAILPOINT, broker, end, fork, is_alive, send
from tests.jobs.builders import jpeg, zip_of

Role = Literal["web", "worker", "reconciler"]
PHOTOS = tuple(jpeg(shade) for shade in range(3))
LEASE_S = 2.5
"""A faster clock than the service's, so that thousands of runs fit into hours."""


@dataclass
class Slot:
    """A process that is started again when it ends, as the supervisor of a stack does."""

    role: Role
    pid: int = 0
    num_deaths: int = 0


@dataclass
class Rig:
    """A context; everything in it ends with it."""

    folder: Path
    num_workers: int = 1
    lease_s: float | None = LEASE_S
    """None: the service's own clocks."""
    over_within_s: float = 60.0
    """Whatever is waited for."""
    has_reconciler: bool = True
    photos: Sequence[bytes] = PHOTOS
    worker: Callable[[], object] | None = None
    """In place of our worker, for the control."""
    slots: list[Slot] = field(default_factory=list)
    port: int = 0
    token: str = ""

    def __enter__(self) -> Self:
        _prepare_this_process(self.lease_s)
        call_command("migrate", verbosity=0, interactive=False)
        ensure_user(username="alice", password="correct-horse-9")
        self.token = _token("alice")
        self.broker = EmbeddedBroker(Path(settings.BROKER_SOCKET), self.folder / "valkey")
        self.broker.start()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.slots = [Slot("web"), *(Slot("worker") for _ in range(self.num_workers))]
        if self.has_reconciler:
            self.slots.append(Slot("reconciler"))
        for slot in self.slots:
            self.start(slot)
        self.until(self.answers, "the web process answers")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for slot in self.slots:
            send(slot.pid, signal.SIGCONT)
            end(slot.pid, signal.SIGKILL)
        self.broker.stop(kill=True)

    @property
    def expected(self) -> Mapping[str, bytes]:
        """Artifacts of a run without faults; empty where only the stub's can be foretold."""
        return stub.expected_files(self.photos) if settings.ENGINE == "stub" else {}  # type: ignore[misc]  # a setting of rigs

    # -------------------------------------------------------------------- processes
    def start(self, slot: Slot, failpoint: str = NO_FAILPOINT) -> None:
        works = {"web": self._serve, "worker": self.worker or work, "reconciler": _reconcile}
        slot.pid = fork(works[slot.role], self.folder / f"{slot.role}.log", failpoint)

    def slot(self, role: Role) -> Slot:
        return next(slot for slot in self.slots if slot.role == role)

    def restart(self, role: Role, failpoint: str = NO_FAILPOINT) -> Slot:
        """End one of these in peace and start it with a failpoint armed."""
        slot = self.slot(role)
        # The web process waits for its requests; nothing here depends on a peaceful end.
        end(slot.pid, signal.SIGKILL if role == "web" else signal.SIGTERM)
        self.start(slot, failpoint)
        if role == "web":
            self.until(self.answers, "the web process answers")
        return slot

    def watch(self) -> None:
        """Start again what has died."""
        self.broker.revive()
        for slot in self.slots:
            if not is_alive(slot.pid):
                slot.num_deaths += 1
                self.start(slot)

    def until(
        self, condition: Callable[[], bool], words: str, within_s: float | None = None
    ) -> None:
        """Raises: TimeoutError."""
        within_s = within_s or self.over_within_s
        deadline_s = time.monotonic() + within_s
        while not condition():
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"not within {within_s:.0f} s: {words}")
            self.watch()
            time.sleep(0.02)

    def _serve(self) -> None:
        call_command("run_web", port=self.port)

    # -------------------------------------------------------------------- requests
    def answers(self) -> bool:
        return self.request("GET", "/healthz") == 200

    def request(self, method: str, path: str) -> int:
        """The status; 0 where the server died over it."""
        return self._ask(method, path, None, {})[0]

    def upload(self, key: str, *, as_archive: bool = False) -> str | None:
        """Send the photos once; the job's id, or None where the server died over it."""
        names = [f"IMG_{n:04d}.jpg" for n in range(len(self.photos))]
        parts = [("photos", name, photo) for name, photo in zip(names, self.photos, strict=True)]
        if as_archive:
            archive = zip_of(dict(zip(names, self.photos, strict=True)))
            parts = [("archive", "photos.zip", archive)]
        body, content_type = _multipart(parts, preset="quick")
        headers = {"Content-Type": content_type, "Idempotency-Key": key}
        status, answer = self._ask("POST", "/api/v1/jobs/", body, headers)
        if status not in (0, 202):
            raise AssertionError(f"an upload was answered {status}: {answer[:300]!r}")
        return str(json.loads(answer)["id"]) if status == 202 else None

    def upload_until_accepted(self, key: str, *, as_archive: bool = False) -> str:
        """As a client does that repeats a request whose answer never came."""
        found: list[str] = []

        def accepted() -> bool:
            job_id = self.upload(key, as_archive=as_archive)
            if job_id is not None:
                found.append(job_id)
            return bool(found)

        self.until(accepted, "the upload is accepted")
        return found[0]

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        request = urllib.request.Request(  # always our own server
            f"http://127.0.0.1:{self.port}{path}",
            data=body,
            method=method,
            headers={"Authorization": f"Bearer {self.token}", **headers},
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310  # likewise
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except (OSError, HTTPException):
            return 0, b""

    # -------------------------------------------------------------------- jobs
    def wait_over(self, job_ids: Sequence[str], within_s: float | None = None) -> None:
        """Raises: TimeoutError."""
        wanted = len(set(job_ids))
        over = Job.objects.filter(pk__in=set(job_ids), state__in=TERMINAL)
        self.until(lambda: over.count() == wanted, f"{wanted} jobs are over", within_s)

    def wait_state(self, job_id: str, state: str, stage: str | None = None) -> None:
        jobs = Job.objects.filter(pk=job_id, state=state)
        if stage is not None:
            jobs = jobs.filter(stage=stage)
        self.until(jobs.exists, f"the job is {state}")

    def wipe_broker(self) -> None:
        broker().flushall()

    def kill_broker(self) -> None:
        """It loses everything, and comes back at the next look."""
        with suppress(RedisError):
            broker().flushall()
        self.broker.stop(kill=True)
        self.broker.start()


def _prepare_this_process(lease_s: float | None) -> None:
    """Before anything is forked: the stub in the engine's place, and a faster clock."""
    if lease_s is not None:
        services.LEASE = timedelta(seconds=lease_s)
        recorder._HEARTBEAT_S = lease_s / 10
        reconciler.UNSEEN = timedelta(seconds=1)
        reconciler.EVERY_S = 0.25
        duty.TERM = timedelta(seconds=lease_s)
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    if settings.ENGINE == "stub":  # type: ignore[misc]  # likewise
        runner.reconstruct = stub.reconstruct  # type: ignore[attr-defined]  # what it calls
        recorder.look_over = lambda *_: stub.FIRST_LOOK  # type: ignore[attr-defined]  # likewise


def work() -> None:
    """A worker that loads no networks."""

    def start_worker() -> None:
        Worker.objects.update_or_create(name=worker_host.worker_name())

    worker_host.start_worker = start_worker
    call_command("run_worker")


def _reconcile() -> None:
    call_command("run_reconciler")


def _token(username: str) -> str:
    from rest_framework_simplejwt.tokens import AccessToken  # noqa: PLC0415  # after set-up

    return str(AccessToken.for_user(User.objects.get(username=username)))


def _multipart(parts: Sequence[tuple[str, str, bytes]], **fields: str) -> tuple[bytes, str]:
    boundary = f"----{os.urandom(8).hex()}"
    chunks: list[bytes] = []
    for name, filename, content in parts:
        head = f'form-data; name="{name}"; filename="{filename}"'
        chunks += [
            f"--{boundary}\r\nContent-Disposition: {head}\r\n\r\n".encode(),
            content,
            b"\r\n",
        ]
    for name, value in fields.items():
        head = f'form-data; name="{name}"'
        chunks.append(f"--{boundary}\r\nContent-Disposition: {head}\r\n\r\n{value}\r\n".encode())
    return b"".join([*chunks, f"--{boundary}--\r\n".encode()]), (
        f"multipart/form-data; boundary={boundary}"
    )
