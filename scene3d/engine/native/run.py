"""Native stages run in children: a crash there costs one attempt, not the worker.

A child is `python -m scene3d.engine.native.child REQUEST.json`; it answers with JSON lines on an
inherited pipe and keeps stdout and stderr, which COLMAP writes to, in a log.
"""

import json
import os
import re
import selectors
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from scene3d.engine.errors import NativeCrash, NativeMemoryFull, StorageFull
from scene3d.engine.storage import looks_full

_POLL_S = 0.2
_NO_MEMORY = re.compile(r"std::bad_alloc|MemoryError|Cannot allocate memory|can't start new thread")
_TERMINATION_GRACE_S = 2.0
_PACKAGE_PARENT = Path(__file__).resolve().parents[3]

Event = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class NativeRequest:
    """One task for one child."""

    task: str
    """"module:function", which gets the payload; see `child.Task`."""
    payload: Mapping[str, Any]
    log: Path
    """Where the child's output goes; the request itself lies beside it."""


def run_native(
    requests: Sequence[NativeRequest],
    on_event: Callable[[int, Event], None],
    check: Callable[[], None],
) -> list[Any]:
    """Run a child per request, all at once; their results in order.

    Args:
        on_event: gets the position of the request and every event its child sends.
        check: called several times a second; what it raises ends all children.
    Raises:
        NativeCrash: a child ended without a result; the evidence has its last words.
        NativeMemoryFull: likewise, and there was no memory.
        StorageFull: likewise, and the disk is full.
    """
    results: dict[int, Any] = {}
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        children = [_Child.start(request, stack) for request in requests]
        for position, child in enumerate(children):
            selector.register(child.answers, selectors.EVENT_READ, position)
        while selector.get_map():
            check()
            for key, _ in selector.select(_POLL_S):
                position = key.data
                events = children[position].read_events()
                if events is None:
                    selector.unregister(key.fileobj)
                    children[position].wait(check)
                    children[position].expect_success(has_result=position in results)
                    continue
                for event in events:
                    if event["event"] == "result":
                        results[position] = event["value"]
                    else:
                        on_event(position, event)
    return [results[position] for position in range(len(requests))]


@dataclass(kw_only=True)
class _Child:
    request: NativeRequest
    process: subprocess.Popen[bytes]
    answers: IO[bytes]
    pending: bytes = b""

    @classmethod
    def start(cls, request: NativeRequest, stack: ExitStack) -> "_Child":
        request_path = request.log.with_suffix(".json")
        request_path.write_text(json.dumps({"task": request.task, "payload": request.payload}))
        read_fd, write_fd = os.pipe()
        answers = stack.enter_context(os.fdopen(read_fd, "rb", buffering=0))
        log = stack.enter_context(request.log.open("wb"))
        command = [sys.executable, "-m", "scene3d.engine.native.child", str(request_path)]
        try:
            process = subprocess.Popen(
                [*command, str(write_fd), str(os.getpid())],
                cwd=_PACKAGE_PARENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=(write_fd,),
            )
        finally:
            os.close(write_fd)
        child = cls(request=request, process=process, answers=answers)
        stack.callback(child.end)
        return child

    def read_events(self) -> list[dict[str, Any]] | None:
        """What has arrived; None when the child has closed its end."""
        chunk = self.answers.read(1 << 16)
        if not chunk:
            return None
        *lines, self.pending = (self.pending + chunk).split(b"\n")
        return [json.loads(line) for line in lines]

    def wait(self, check: Callable[[], None]) -> None:
        """Until it has left; one that hangs in its farewell can still be cancelled."""
        while True:
            try:
                self.process.wait(_POLL_S)
            except subprocess.TimeoutExpired:
                check()
            else:
                return

    def expect_success(self, *, has_result: bool) -> None:
        code = self.process.returncode
        if code == 0 and has_result:
            return
        words = self._last_words()
        if looks_full(words, self.request.log.parent):
            raise StorageFull(f"There was no room for the native stage {self._stage}.")
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        # Nobody but the system sends SIGKILL while we wait, and it does when memory is short.
        is_memory = code == -signal.SIGKILL or _NO_MEMORY.search(words)
        raise (NativeMemoryFull if is_memory else NativeCrash)(
            f"The native stage {self._stage} ended with {how}.",
            evidence={
                "task": self.request.task,
                "ended_with": how,
                "log": str(self.request.log),
                "last_words": words,
            },
        )

    @property
    def _stage(self) -> str:
        return self.request.task.rpartition(":")[2]

    def _last_words(self) -> str:
        return self.request.log.read_bytes()[-2000:].decode(errors="replace").strip()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_TERMINATION_GRACE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
