"""Twenty points at which a process is killed: whatever it was doing, the promise holds."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass

from jobs.models import Job
from jobs.states import JobState
from scene3d.engine.failpoints import Point
from tests.faults.oracle import violations
from tests.faults.processes import send
from tests.faults.rig import Rig, Role


@dataclass(frozen=True, kw_only=True)
class KillPoint:
    """Where, in which process, and how often it comes by in one job at least."""

    role: Role
    num_hits: int = 1
    as_archive: bool = False


KILL_POINTS: Mapping[Point, KillPoint] = {
    "storing": KillPoint(role="web", num_hits=3),
    "stored": KillPoint(role="web", num_hits=3),
    "on_disk": KillPoint(role="web", num_hits=3),
    "photos_stored": KillPoint(role="web"),
    "row_written": KillPoint(role="web"),
    "committed": KillPoint(role="web"),
    "accepted": KillPoint(role="web"),
    "delivered": KillPoint(role="worker"),
    "claimed": KillPoint(role="worker"),
    "unpacking": KillPoint(role="web", num_hits=3, as_archive=True),
    "unpacked": KillPoint(role="web", as_archive=True),
    "extracting": KillPoint(role="worker"),
    "verifying": KillPoint(role="worker"),
    "mapping": KillPoint(role="worker"),
    "exporting": KillPoint(role="worker"),
    "stage_done": KillPoint(role="worker", num_hits=4),
    "publishing": KillPoint(role="worker"),
    "published": KillPoint(role="worker"),
    "requeued": KillPoint(role="reconciler"),
    "deleting": KillPoint(role="web", num_hits=3),
}
"""K1 to K20 of the fault matrix."""


def run_kill_point(rig: Rig, point: Point, run: int, action: str = "kill") -> list[str]:
    """One job that meets the fault, to its end; what is wrong then.

    Args:
        run: its number, which decides at which of several hits the fault comes.
        action: what happens at the point; see `failpoints.ACTIONS`.
    """
    kill_point, key = KILL_POINTS[point], f"{point}-{action}-{run}"
    failpoint = f"{point}:{action}:{1 + run % kill_point.num_hits}"
    if point == "deleting":
        return _run_delete(rig, key, failpoint)
    slot = rig.restart(kill_point.role, failpoint)
    deaths = slot.num_deaths
    job_id = rig.upload_until_accepted(key, as_archive=kill_point.as_archive)
    if point == "requeued":
        rig.wait_state(job_id, JobState.RUNNING)
        send(rig.slot("worker").pid, signal.SIGKILL)
    rig.wait_over([job_id])
    found = violations([job_id], rig.expected)
    if point == "published":  # the job is over before the process is
        rig.until(lambda: slot.num_deaths > deaths, "the process dies", 5)
    if slot.num_deaths == deaths:
        found.append(f"nobody came by {failpoint}")
    if Job.objects.filter(idempotency_key=key).count() != 1:
        found.append("one request made several jobs")
    return found


def _run_delete(rig: Rig, key: str, failpoint: str) -> list[str]:
    job_id = rig.upload_until_accepted(key)
    rig.wait_over([job_id])
    slot = rig.restart("web", failpoint)
    deaths = slot.num_deaths
    path = f"/api/v1/jobs/{job_id}/"
    rig.until(lambda: rig.request("DELETE", path) in (204, 404), "the job is deleted")
    found = [] if slot.num_deaths > deaths else [f"nobody came by {failpoint}"]
    if rig.request("GET", path) != 404:
        found.append(f"I1 the deleted job {job_id} is still there")
    return found
