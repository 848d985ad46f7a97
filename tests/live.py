"""A real server for tests: broker, web process and worker, in a folder of their own."""

import json
import math
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "correct-horse-9"
_TOKEN_AGE_S = 600
"""Access tokens live for 15 minutes, and a slow machine's tests take longer."""


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class LiveStack:
    """`manage.py run_stack`, as `make run` starts it."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    environment: Mapping[str, str]
    tokens: dict[str, tuple[float, str]] = field(default_factory=dict)
    """By user: when it was asked for (monotonic seconds), and the access token."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "stack.log").read_text(errors="replace")

    def manage(self, *arguments: str, code: str = "") -> str:
        """Run a management command against this stack's data; what it printed."""
        result = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            input=code,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    def request(
        self,
        method: str,
        path: str,
        *,
        user: str | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; an answer of any status is an answer."""
        all_headers = dict(headers or {})
        if user is not None:
            all_headers["Authorization"] = f"Bearer {self.token(user)}"
        request = urllib.request.Request(  # noqa: S310  # always our own server
            self.url + path, data=body, headers=all_headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  # likewise
                return Answer(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, dict(error.headers), error.read())

    def upload(self, user: str, parts: list[tuple[str, str | None, bytes]]) -> Answer:
        """POST a multipart upload; parts are (field, file name or None, content)."""
        boundary = "----scene3d-test"
        chunks = []
        for name, filename, content in parts:
            file = f'; filename="{filename}"' if filename else ""
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
            chunks += [head.encode(), content, b"\r\n"]
        body = b"".join([*chunks, f"--{boundary}--\r\n".encode()])
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return self.request("POST", "/api/v1/jobs/", user=user, body=body, headers=headers)

    def upload_folder(self, user: str, folder: Path, **fields: str) -> str:
        """Upload all files of a folder; the job's id."""
        parts: list[tuple[str, str | None, bytes]] = [
            ("photos", path.name, path.read_bytes()) for path in sorted(folder.iterdir())
        ]
        parts += [(name, None, value.encode()) for name, value in fields.items()]
        answer = self.upload(user, parts)
        assert answer.status == 202, answer.body
        return str(answer.json()["id"])

    def job(self, user: str, job_id: str) -> Any:
        return self.request("GET", f"/api/v1/jobs/{job_id}/", user=user).json()

    def wait(
        self, user: str, job_id: str, until: Callable[[Any], bool], *, timeout_s: float = 240
    ) -> Any:
        """Poll the job until a condition holds; the job then."""
        deadline_s = time.monotonic() + timeout_s
        while time.monotonic() < deadline_s:
            job = self.job(user, job_id)
            if until(job):
                return job
            time.sleep(0.2)
        raise AssertionError(
            f"not within {timeout_s} s: {self.job(user, job_id)}\n{self.log[-3000:]}"
        )

    def wait_until_over(self, user: str, job_id: str, *, timeout_s: float = 240) -> Any:
        over = {"done", "failed", "errored", "cancelled"}
        return self.wait(user, job_id, lambda job: job["state"] in over, timeout_s=timeout_s)

    def children(self, command: str) -> list[int]:
        """Process ids of the stack's children whose command line contains `command`."""
        found = subprocess.run(
            ["/usr/bin/pgrep", "--parent", str(self.process.pid), "--full", command],
            capture_output=True,
            text=True,
            check=False,
        )
        return [int(line) for line in found.stdout.split()]

    def token(self, user: str) -> str:
        """An access token that lives for some minutes more."""
        asked_s, token = self.tokens.get(user, (-math.inf, ""))
        if time.monotonic() - asked_s > _TOKEN_AGE_S:
            body = json.dumps({"username": user, "password": PASSWORD}).encode()
            headers = {"Content-Type": "application/json"}
            answer = self.request("POST", "/api/v1/auth/token/", body=body, headers=headers)
            assert answer.status == 200, answer.body
            token = str(answer.json()["access"])
            self.tokens[user] = (time.monotonic(), token)
        return token


@contextmanager
def live_stack(folder: Path, model_store: Path, **variables: str) -> Iterator[LiveStack]:
    """Start the stack, wait until its worker is ready, and end it in the end.

    Args:
        variables: more of the environment.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "scene3d.settings.development",
        "SCENE3D_DATA_DIR": str(folder / "data"),
        "SCENE3D_MODEL_STORE": str(model_store),
        "SCENE3D_MAX_UPLOAD_MB": "50",
        "SCENE3D_DEVICE": "cpu",
        "SCENE3D_THROTTLES": "login=,share=,upload=,write=,read=",  # tests are in a hurry
        **variables,
    }
    with (folder / "stack.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "run_stack", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    stack = LiveStack(folder, port, process, environment)
    try:
        _wait_until_ready(stack)
        for user in ("alice", "bob"):
            stack.manage(
                "shell",
                code=f"from accounts.public import ensure_user\n"
                f"ensure_user(username={user!r}, password={PASSWORD!r})\n",
            )
        yield stack
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _wait_until_ready(stack: LiveStack) -> None:
    deadline_s = time.monotonic() + 120
    while time.monotonic() < deadline_s:
        if stack.process.poll() is not None:
            raise AssertionError(f"the stack ended\n{stack.log}")
        try:
            answer = stack.request("GET", "/readyz")
            if answer.status == 200 and answer.json()["num_workers"] == 1:
                return
        except (urllib.error.URLError, ConnectionError):
            pass
        time.sleep(0.3)
    raise AssertionError(f"the stack is not ready\n{stack.log}")
