"""Hours of random faults: the promise holds, and no process grows."""

import random  # noqa: TID251  # moments, not results
import signal
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

from tests.faults.crowd import Tell
from tests.faults.oracle import violations
from tests.faults.processes import children_of, memory_of, send
from tests.faults.rig import Rig, Role

_FAULT_EVERY_S = 20.0
_UPLOAD_EVERY_S = 1.5
_SAMPLE_EVERY_S = 2.0
_MAX_GROWTH = 0.05
"""From the second quarter of the time to the last."""
_OLD_ENOUGH_S = 6.0
"""A process still loads what it needs before that."""


def _kill(role: Role) -> Callable[[Rig], None]:
    def act(rig: Rig) -> None:
        send(_any(rig, role), signal.SIGKILL)

    return act


def _terminate(rig: Rig) -> None:
    send(_any(rig, "worker"), signal.SIGTERM)


def _stop_for_a_while(rig: Rig) -> None:
    pid = _any(rig, "worker")
    send(pid, signal.SIGSTOP)
    time.sleep(5)
    send(pid, signal.SIGCONT)


def _kill_child(rig: Rig) -> None:
    for child in children_of(_any(rig, "worker")):
        send(child, signal.SIGKILL)


FAULTS: Mapping[str, Callable[[Rig], None]] = {
    "kill a worker": _kill("worker"),
    "kill the web process": _kill("web"),
    "kill the reconciler": _kill("reconciler"),
    "end a worker": _terminate,
    "stop a worker for five seconds": _stop_for_a_while,
    "kill a native child": _kill_child,
    "wipe the broker": Rig.wipe_broker,
    "kill the broker": Rig.kill_broker,
}


def run_soak(rig: Rig, seconds: float, tell: Tell) -> list[str]:
    """What is wrong after that time."""
    started_s = now_s = time.monotonic()
    fault_at_s, upload_at_s, sample_at_s = now_s + _FAULT_EVERY_S, now_s, now_s
    job_ids: list[str] = []
    done: dict[str, int] = {}
    growth = _Growth(rig)
    while now_s - started_s < seconds:
        rig.watch()
        if now_s >= upload_at_s:
            job_ids.append(rig.upload_until_accepted(f"soak-{len(job_ids)}"))
            upload_at_s = now_s + _UPLOAD_EVERY_S
        if now_s >= fault_at_s:
            name = random.choice(list(FAULTS))  # noqa: S311  # any
            FAULTS[name](rig)
            done[name] = done.get(name, 0) + 1
            fault_at_s = now_s + _FAULT_EVERY_S
        if now_s >= sample_at_s:
            growth.sample((now_s - started_s) / seconds)
            sample_at_s = now_s + _SAMPLE_EVERY_S
        time.sleep(0.05)
        now_s = time.monotonic()
    rig.wait_over(job_ids, 60 + len(job_ids))
    tell(f"{len(job_ids)} jobs; " + ", ".join(f"{name}: {n}" for name, n in sorted(done.items())))
    return violations(job_ids, rig.expected, may_fail=True) + growth.judge(tell)


class _Growth:
    """Memory of each role's processes, by when it was looked at."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._born_s: dict[int, float] = {}
        self._samples: dict[str, list[tuple[float, int]]] = {}

    def sample(self, share: float) -> None:
        now_s = time.monotonic()
        for slot in self._rig.slots:
            born_s = self._born_s.setdefault(slot.pid, now_s)
            if now_s - born_s >= _OLD_ENOUGH_S:
                self._samples.setdefault(slot.role, []).append((share, memory_of(slot.pid)))

    def judge(self, tell: Tell) -> list[str]:
        found = []
        for role, samples in self._samples.items():
            early = _median([num for share, num in samples if 0.25 <= share < 0.5])
            late = _median([num for share, num in samples if share >= 0.75])
            if not early or not late:
                continue
            tell(f"{role:12} {early / 2**20:.0f} MiB, later {late / 2**20:.0f} MiB")
            if late > early * (1 + _MAX_GROWTH):
                found.append(f"{role} grows: {late / early - 1:.1%}")
        return found


def _median(values: Sequence[int]) -> float:
    return statistics.median(values) if values else 0.0


def _any(rig: Rig, role: Role) -> int:
    return random.choice([slot.pid for slot in rig.slots if slot.role == role])  # noqa: S311  # any
