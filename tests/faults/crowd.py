"""Many jobs on many workers that all die at once, and workers that wake up too late."""

import signal
import time
from collections.abc import Callable, Sequence

from django.utils import timezone

from jobs import tallies
from jobs.models import Artifact, Job
from jobs.states import JobState
from tests.faults.oracle import num_deliveries, violations
from tests.faults.processes import end, is_alive, send
from tests.faults.rig import Rig

CROWD_LEASE_S = 15.0
"""Ten workers on two processor cores are late with their heartbeats."""
_PER_JOB_S = 5.0
_MAX_STARTED_TWICE = 10

Tell = Callable[[str], None]


def run_crowd(rig: Rig, num_jobs: int, tell: Tell) -> list[str]:
    """Half-way through, all workers are killed and the broker is wiped."""
    workers = [slot for slot in rig.slots if slot.role == "worker"]
    started_s = time.monotonic()
    job_ids = [rig.upload_until_accepted(f"crowd-{n}") for n in range(num_jobs)]
    over = Job.objects.filter(state=JobState.DONE)
    patience_s = 60 + _PER_JOB_S * num_jobs
    rig.until(lambda: over.count() >= num_jobs // 2, "half of the crowd is done", patience_s)
    at_work = Job.objects.filter(state=JobState.RUNNING).count()
    for slot in workers:
        send(slot.pid, signal.SIGKILL)
    rig.wipe_broker()
    rig.wait_over(job_ids, patience_s)
    found = violations(job_ids, rig.expected)
    started_twice = Job.objects.filter(pk__in=job_ids, attempt__gt=1).count()
    tell(
        f"{num_jobs} jobs, {len(workers)} workers killed over {at_work} of them, broker wiped:"
        f" {started_twice} started twice, {time.monotonic() - started_s:.0f} s"
    )
    if started_twice > max(_MAX_STARTED_TWICE, len(workers)):
        found.append(f"{started_twice} jobs were started twice")
    return found


def run_zombies(rig: Rig, num_zombies: int, tell: Tell) -> list[str]:
    """Workers that stop just before they publish, are given up, and go on when others have won."""
    found: list[str] = []
    fenced_before = _fenced()
    workers = [slot for slot in rig.slots if slot.role == "worker"]
    for first in range(0, num_zombies, len(workers)):
        found += _zombies(rig, first, min(len(workers), num_zombies - first))
    num_fenced = int(_fenced() - fenced_before)
    tell(f"{num_fenced} of {num_zombies} late publishes were fenced")
    if num_fenced != num_zombies:
        found.append(f"{num_zombies - num_fenced} late publishes were not fenced")
    return found


def run_recovery(rig: Rig, tell: Tell) -> list[str]:
    """With the service's own clocks: how soon another worker starts what a killed one had, and a
    wiped broker has its deliveries back."""
    workers = [slot for slot in rig.slots if slot.role == "worker"]
    job_ids = [rig.upload_until_accepted(f"recovery-{n}") for n in range(len(workers))]
    running = Job.objects.filter(pk__in=job_ids, state=JobState.RUNNING, attempt=1)
    rig.until(lambda: running.count() == len(job_ids), "all are at work")
    killed_at = timezone.now()
    for slot in workers:
        send(slot.pid, signal.SIGKILL)
    rig.wait_over(job_ids, 180)
    jobs = Job.objects.filter(pk__in=job_ids)
    waits_s = sorted((job.started_at - killed_at).total_seconds() for job in jobs if job.started_at)
    p95_s = waits_s[int(0.95 * (len(waits_s) - 1))]
    tell(f"worker killed, started anew: p95 {p95_s:.0f} s, at most {waits_s[-1]:.0f} s")
    found = violations(job_ids, rig.expected)
    if p95_s > 90 or waits_s[-1] > 120:
        found.append("the start of the next attempt is late")
    for slot in workers:  # so that deliveries stay in the queue
        send(slot.pid, signal.SIGSTOP)
    waiting = [rig.upload_until_accepted(f"wiped-{n}") for n in range(20)]
    rig.wipe_broker()
    wiped_s = time.monotonic()
    rig.until(lambda: num_deliveries() >= len(waiting), "the deliveries are back", 60)
    took_s = time.monotonic() - wiped_s
    tell(f"broker wiped, delivered again: {took_s:.0f} s")
    for slot in workers:
        send(slot.pid, signal.SIGCONT)
    rig.wait_over(waiting, 180)
    return found + (["the deliveries came late"] if took_s > 30 else [])


def _zombies(rig: Rig, first: int, count: int) -> list[str]:
    workers = [slot for slot in rig.slots if slot.role == "worker"]
    for slot in workers:
        end(slot.pid)
    for slot in workers[:count]:
        rig.start(slot, "publishing:stop:1")
    job_ids = [rig.upload_until_accepted(f"zombie-{first + n}") for n in range(count)]
    rig.until(lambda: all(_is_stopped(slot.pid) for slot in workers[:count]), "all have stopped")
    zombies = [slot.pid for slot in workers[:count]]
    for slot in workers:
        rig.start(slot)
    rig.wait_over(job_ids, 120)
    before = _published(job_ids)
    for pid in zombies:
        send(pid, signal.SIGCONT)
    fenced = _fenced() + count
    deadline_s = time.monotonic() + 30
    while _fenced() < fenced and time.monotonic() < deadline_s:
        time.sleep(0.1)
    for pid in zombies:
        end(pid)
    found = violations(job_ids, rig.expected)
    return found + ([] if _published(job_ids) == before else ["I3 a zombie changed a result"])


def _is_stopped(pid: int) -> bool:
    if not is_alive(pid):
        return False
    with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123  # not a file of ours
        return file.read().rpartition(")")[2].split()[0] == "T"


def _published(job_ids: Sequence[str]) -> list[tuple[str, str]]:
    rows = Artifact.objects.filter(job__in=Job.objects.filter(pk__in=job_ids)).order_by("pk")
    return list(rows.values_list("path", "sha256"))


def _fenced() -> float:
    return tallies.read().get(("fenced", ""), 0)
