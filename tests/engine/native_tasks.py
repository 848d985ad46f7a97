"""Tasks that native children run in test_native.py."""

import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scene3d.engine.native.child import Tell
from scene3d.engine.native.run import NativeRequest, run_native

Payload = Mapping[str, Any]

A_LONG_TIME_S = 300


def count(payload: Payload, tell: Tell) -> dict[str, Any]:
    for step in range(payload["steps"]):
        tell("step", step=step, padding="\N{SNOWMAN}" * payload.get("padding", 0))
    return {"pid": os.getpid(), "name": payload["name"]}


def answer_nothing(_payload: Payload, _tell: Tell) -> None:
    sys.stdout.write("a word to the log")


def answer_much(payload: Payload, _tell: Tell) -> list[int]:
    return list(range(payload["count"]))


def meet(payload: Payload, _tell: Tell) -> str:
    """Wait for all others, who must therefore run at the same time."""
    folder = Path(payload["folder"])
    (folder / payload["name"]).touch()
    deadline_s = time.monotonic() + 60
    while len(list(folder.iterdir())) < payload["count"]:
        if time.monotonic() > deadline_s:
            raise TimeoutError("the others did not come")
        time.sleep(0.02)
    return str(payload["name"])


def fail(_payload: Payload, tell: Tell) -> None:
    tell("started", pid=os.getpid())
    sys.stdout.write("words on stdout")
    raise ValueError("the last words")


def fail_at_length(_payload: Payload, _tell: Tell) -> None:
    sys.stderr.write("first words" + "x" * 100_000)
    raise ValueError("the last words")


def abort(_payload: Payload, _tell: Tell) -> None:
    sys.stderr.write("the native library gave up\n")
    sys.stderr.flush()
    os.abort()


def leave(payload: Payload, tell: Tell) -> None:
    if payload.get("answer"):
        tell("result", value="an answer all the same")
    os._exit(payload["code"])


def tell_limits(_payload: Payload, _tell: Tell) -> dict[str, int]:
    kinds = ("DATA", "FSIZE", "CORE")
    return {kind: resource.getrlimit(getattr(resource, f"RLIMIT_{kind}"))[0] for kind in kinds}


def take_memory(payload: Payload, _tell: Tell) -> int:
    return len(bytearray(payload["num_bytes"]))


def die_as_if_memory_were_short(_payload: Payload, _tell: Tell) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def sleep(payload: Payload, tell: Tell) -> None:
    if payload.get("stubborn"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    tell("started", pid=os.getpid())
    time.sleep(payload.get("seconds", A_LONG_TIME_S))


def linger(_payload: Payload, tell: Tell) -> str:
    """Answer, and never leave: a thread of its own keeps the process."""
    tell("started", pid=os.getpid())
    threading.Thread(target=time.sleep, args=[A_LONG_TIME_S]).start()
    return "done"


def have_a_child(payload: Payload, tell: Tell) -> None:
    request = NativeRequest(
        task=f"{__name__}:{sleep.__name__}", payload={}, log=Path(payload["log"])
    )

    def on_event(_child: int, event: Mapping[str, Any]) -> None:
        tell("grandchild", pid=event["pid"], parent_pid=os.getpid())

    run_native([request], on_event, lambda: None)
