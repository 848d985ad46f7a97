"""Thirteen kinds of fault, each at a moment of a job that differs from run to run."""

import os
import random  # noqa: TID251  # moments, not results
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from django.db import connections
from django.utils import timezone
from redis.exceptions import RedisError

from jobs.models import Job
from jobs.states import JobState
from scene3d.engine.failpoints import Point
from tests.faults import rig as rig_module
from tests.faults import stub
from tests.faults.kill_points import KILL_POINTS, run_kill_point
from tests.faults.oracle import violations
from tests.faults.processes import broker, children_of, end, fork, is_alive, send
from tests.faults.rig import LEASE_S, Rig

_CGROUP = Path("/sys/fs/cgroup/memory")
_TERM_POINTS: tuple[Point, ...] = tuple(
    point for point, where in KILL_POINTS.items() if where.role == "worker"
)


class CannotHere(Exception):  # noqa: N818  # a fact about this machine
    """This machine lacks what the fault needs."""


def _moment(seconds: float = 0.9) -> None:
    """Somewhere within the stub's job."""
    time.sleep(random.uniform(0, seconds * stub.SECONDS))  # noqa: S311  # a moment


def _running(rig: Rig, key: str) -> str:
    job_id = rig.upload_until_accepted(key)
    rig.wait_state(job_id, JobState.RUNNING)
    return job_id


def _over(rig: Rig, *job_ids: str, may_fail: bool = False) -> list[str]:
    rig.wait_over(job_ids)
    return violations(job_ids, rig.expected, may_fail=may_fail)


def kill_native_child(rig: Rig, key: str) -> list[str]:
    """F1: what the system's out-of-memory killer does. The job ends with a code."""
    job_id, worker = _running(rig, key), rig.slot("worker").pid
    rig.until(lambda: bool(children_of(worker)) or _is_over(job_id), "a native stage runs")
    for child in children_of(worker):
        send(child, signal.SIGKILL)
    found = _over(rig, job_id, may_fail=True)
    code = Job.objects.get(pk=job_id).error_code
    return found + ([f"I4 the code is {code}"] if code not in ("oom_killed", None) else [])


def kill_worker(rig: Rig, key: str) -> list[str]:
    """F2: its children must not outlive it."""
    job_id, worker = _running(rig, key), rig.slot("worker").pid
    _moment()
    children = children_of(worker)
    send(worker, signal.SIGKILL)
    found = _over(rig, job_id)
    return found + [f"orphan {pid}" for pid in children if Path(f"/proc/{pid}").exists()]


def kill_all(rig: Rig, key: str) -> list[str]:
    """F3: as when the machine loses power."""
    job_id = _running(rig, key)
    _moment()
    for slot in rig.slots:
        send(slot.pid, signal.SIGKILL)
    return _over(rig, job_id)


def zombie(rig: Rig, key: str) -> list[str]:
    """F4: a worker that is stopped, given up, and wakes up while another has its job."""
    job_id, slot = _running(rig, key), rig.slot("worker")
    stopped = slot.pid
    _moment()
    send(stopped, signal.SIGSTOP)
    try:
        slot.pid = fork(rig.worker or rig_module.work, rig.folder / "worker.log")
        time.sleep(LEASE_S)
        found = _over(rig, job_id)
        before = _published(job_id)
    finally:
        send(stopped, signal.SIGCONT)
    time.sleep(1.5 * stub.SECONDS)
    end(stopped)
    if _published(job_id) != before:
        found.append("I3 the zombie changed what was published")
    return found + violations([job_id], rig.expected)


def crash_in_native_code(rig: Rig, key: str) -> list[str]:
    """F5: as COLMAP does on malformed input. The job ends with a code, the worker lives on."""
    slot = rig.restart("worker", "native:segv:1")
    worker, job_id = slot.pid, rig.upload_until_accepted(key)
    found = _over(rig, job_id, may_fail=True)
    code = Job.objects.get(pk=job_id).error_code
    if code != "native_crash":
        found.append(f"I4 the code is {code}")
    if slot.pid != worker or not is_alive(worker):
        found.append("the worker died with its child")
    rig.restart("worker")
    return found


def lose_broker(rig: Rig, key: str) -> list[str]:
    """F6: it is killed and comes back empty, with one job at work and others waiting."""
    job_ids = [_running(rig, key), *(rig.upload_until_accepted(f"{key}-{n}") for n in range(2))]
    _moment()
    rig.kill_broker()
    return _over(rig, *job_ids)


def pause_broker(rig: Rig, key: str) -> list[str]:
    """F7: it takes connections and answers nobody."""
    job_id = _running(rig, key)
    with suppress(RedisError):
        broker().client_pause(4000, all=True)
    other = rig.upload_until_accepted(f"{key}-2")
    return _over(rig, job_id, other)


def stop_database(rig: Rig, key: str) -> list[str]:
    """F8: PostgreSQL ends at once and starts again.

    `FAULTS_PG_DATA` is its data folder, `FAULTS_PG_BIN` has pg_ctl.
    """
    folder = os.environ.get("FAULTS_PG_DATA")
    if not folder:
        raise CannotHere("no PostgreSQL: set DATABASE_URL, FAULTS_PG_DATA, FAULTS_PG_BIN")
    job_id = _running(rig, key)
    _moment()
    run_as = ["/usr/sbin/runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    for arguments in (["stop", "-m", "immediate"], ["start", "-l", f"{folder}/log"]):
        control = [*run_as, f"{os.environ['FAULTS_PG_BIN']}/pg_ctl", "-D", folder, "-w"]
        subprocess.run([*control, *arguments], check=True, stdout=subprocess.DEVNULL)
    connections.close_all()  # ours are broken
    return _over(rig, job_id)


def fill_disk(rig: Rig, key: str) -> list[str]:
    """F9: a write meets a full disk. The job ends with a code that says so."""
    rig.restart("worker", f"storing:enospc:{1 + random.randrange(12)}")  # noqa: S311  # a moment
    job_id = rig.upload_until_accepted(key)
    found = _over(rig, job_id, may_fail=True)
    code = Job.objects.get(pk=job_id).error_code
    if code not in ("storage_full", None):
        found.append(f"I4 the code is {code}")
    rig.restart("worker")
    return found


def run_out_of_memory(rig: Rig, key: str) -> list[str]:
    """F10: the system kills the worker's native child, or the worker."""
    group = _CGROUP / f"scene3d-{uuid4().hex[:8]}"
    try:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(6 << 20))
    except OSError as error:
        raise CannotHere(f"no control group for memory: {error}") from error
    try:
        job_id = _running(rig, key)
        (group / "cgroup.procs").write_text(str(rig.slot("worker").pid))
        found = _over(rig, job_id, may_fail=True)
        counts = (group / "memory.oom_control").read_text().split()
        if "oom_kill" in counts and counts[counts.index("oom_kill") + 1] == "0":
            found.append("nobody ran out of memory")
        return found
    finally:
        with suppress(OSError):
            group.rmdir()


def kill_web(rig: Rig, key: str) -> list[str]:
    """F11: at any moment of an upload."""
    web = rig.slot("web").pid
    killer = os.fork()
    if killer == 0:
        time.sleep(random.uniform(0, 0.15))  # noqa: S311  # a moment
        send(web, signal.SIGKILL)
        os._exit(0)
    job_id = rig.upload_until_accepted(key)
    os.waitpid(killer, 0)
    found = _over(rig, job_id)
    if Job.objects.filter(idempotency_key=key).count() != 1:
        found.append("one request made several jobs")
    return found


def set_clock(rig: Rig, key: str) -> list[str]:
    """F12: the worker's clock is an hour off; leases must not notice."""
    off_s = random.choice((-3600, 3600))  # noqa: S311  # either way
    slot = rig.slot("worker")
    end(slot.pid)
    slot.pid = fork(lambda: _work_at(off_s), rig.folder / "worker.log")
    job_id = _running(rig, key)
    time.sleep(0.3 * stub.SECONDS)
    send(slot.pid, signal.SIGKILL)
    slot.pid = fork(lambda: _work_at(-off_s), rig.folder / "worker.log")
    found = _over(rig, job_id)
    if Job.objects.get(pk=job_id).attempt != 2:
        found.append("the wrong clock cost attempts")
    rig.restart("worker")
    return found


def ask_to_end(rig: Rig, key: str) -> list[str]:
    """F13: SIGTERM at the points of an attempt. No lost attempt is counted for it."""
    run = int(key.rpartition("-")[2])
    point = _TERM_POINTS[run % len(_TERM_POINTS)]
    found = run_kill_point(rig, point, run, action="term")
    lost = Job.objects.get(idempotency_key=f"{point}-term-{run}").lost_attempts
    return found + ([f"{lost} lost attempts were counted"] if lost else [])


FAULT_KINDS: Mapping[str, Callable[[Rig, str], list[str]]] = {
    "F1-kill-native-child": kill_native_child,
    "F2-kill-worker": kill_worker,
    "F3-kill-all": kill_all,
    "F4-zombie": zombie,
    "F5-native-crash": crash_in_native_code,
    "F6-broker-lost": lose_broker,
    "F7-broker-paused": pause_broker,
    "F8-database-stopped": stop_database,
    "F9-disk-full": fill_disk,
    "F10-out-of-memory": run_out_of_memory,
    "F11-kill-web": kill_web,
    "F12-wrong-clock": set_clock,
    "F13-sigterm": ask_to_end,
}


def _work_at(off_s: float) -> None:
    """A worker on a machine whose clock is wrong, whatever the database's says."""
    now = timezone.now
    timezone.now = lambda: now() + timedelta(seconds=off_s)
    rig_module.work()


def _is_over(job_id: str) -> bool:
    return not Job.objects.active().filter(pk=job_id).exists()


def _published(job_id: str) -> list[tuple[str, str]]:
    artifacts = Job.objects.get(pk=job_id).artifacts
    return list(artifacts.values_list("path", "sha256"))
