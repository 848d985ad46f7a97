"""The same service on plain RQ, as many are built: it must fail, or the harness proves nothing.

A job is a message with RQ's own retries, a worker serves two queues, nobody leases, fences or
reconciles. RQ's clocks are as much faster here as ours are.
"""

import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import django_rq
from django.conf import settings
from redis.exceptions import RedisError
from rq import Queue, Retry, Worker
from rq.job import Job as Message
from rq.serializers import JSONSerializer

from jobs.models import Artifact, Job
from jobs.services import tell
from jobs.states import JobState
from scene3d.background import queue as queue_module
from scene3d.engine.failpoints import failpoint
from tests.faults.oracle import violations
from tests.faults.processes import broker, send
from tests.faults.rig import Rig

HOLES = ("committed", "delivered", "worker-killed", "broker-lost")
SECONDS = 6.0
"""Of a job: longer than RQ takes to miss its worker."""
_OVER_WITHIN_S = 14.0
_MISSED_AFTER_S = 3


class PlainWorker(Worker):
    """RQ's own, forking, with a faster clock."""

    def get_heartbeat_ttl(self, job: Message, working_time: float = 0) -> int:
        return _MISSED_AFTER_S

    def execute_job(self, job: Message, queue: Queue) -> None:
        failpoint("delivered")
        super().execute_job(job, queue)


def work() -> None:
    """Serve two queues until SIGTERM."""
    names = (settings.WEBHOOK_QUEUE, settings.RECONSTRUCTION_QUEUE)
    queues = [django_rq.get_queue(name) for name in names]
    worker: Any = PlainWorker(
        queues,
        connection=broker(),
        serializer=JSONSerializer,
        job_monitoring_interval=1,
        maintenance_interval=1,
        worker_ttl=17,
    )
    worker.work(logging_level="ERROR")


def run_plain(job_id: str) -> None:
    """What such services do: set a state, work, set another."""
    job = Job.objects.get(pk=UUID(job_id))
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING)
    tell(job.pk, "state", {"state": JobState.RUNNING})
    time.sleep(SECONDS)
    Artifact.objects.filter(job=job).delete()
    Job.objects.filter(pk=job.pk).update(state=JobState.DONE)
    tell(job.pk, "state", {"state": JobState.DONE})


def install() -> None:
    """Have this process, and what it forks, deliver messages as such services do."""

    def enqueue(task: str, job_id: str, delivery: int, queue: str | None) -> None:
        failpoint("committed")
        with suppress(RedisError):
            django_rq.get_queue(settings.RECONSTRUCTION_QUEUE).enqueue(
                "tests.faults.control.run_plain", job_id, retry=Retry(max=3)
            )

    queue_module._enqueue = enqueue


def fall_into(hole: str, folder: Path) -> list[str]:
    """One job of the control that meets a fault; what the oracle finds, which must be something."""
    install()
    with Rig(folder, has_reconciler=False, worker=work) as rig:
        if hole in ("committed", "delivered"):
            rig.restart("web" if hole == "committed" else "worker", f"{hole}:kill:1")
        job_ids = [rig.upload_until_accepted(f"{hole}-first")]
        if hole == "worker-killed":
            rig.wait_state(job_ids[0], JobState.RUNNING)
            send(rig.slot("worker").pid, signal.SIGKILL)
        if hole == "broker-lost":
            rig.wait_state(job_ids[0], JobState.RUNNING)
            job_ids.append(rig.upload_until_accepted(f"{hole}-second"))
            rig.kill_broker()
        deadline_s = time.monotonic() + _OVER_WITHIN_S
        while time.monotonic() < deadline_s:
            rig.watch()
            time.sleep(0.05)
        return violations(job_ids, {})
