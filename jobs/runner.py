"""Works on one job: claim, reconstruct, publish. Imported by workers only: the engine is heavy."""

import logging
import shutil
import traceback
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from django.conf import settings

from jobs import services, tallies
from jobs.artifacts import store_result
from jobs.files import delete_tree, result_prefix
from jobs.models import Job
from jobs.recorder import LeaseLost, Recorder, WorkerStopping
from jobs.results import fetch_photos
from jobs.services import Lease
from jobs.worker_host import this_host
from scene3d.engine.failpoints import failpoint
from scene3d.engine.pipeline import reconstruct
from scene3d.engine.public import (
    Cancelled,
    HostProblem,
    PhotoProblem,
    ReconstructionOptions,
    telling_full_disk,
)
from scene3d.engine.workspace import Workspace

logger = logging.getLogger(__name__)


def run_job(job_id: UUID) -> None:
    """Take the job whose turn it is, and bring it to an end or back into the queue.

    Args:
        job_id: what was delivered; see `services.claim_next`.
    Raises: whatever was not foreseen, after the job is marked, so that RQ and the alarm see it.
    """
    lease = services.claim_next(job_id)
    if lease is None:
        logger.info("job %s: nothing to do", job_id)
        return
    failpoint("claimed")
    folder = Path(settings.WORK_DIR) / str(lease.job_id) / str(lease.attempt)
    try:
        _bring_to_an_end(lease, folder)
    except WorkerStopping:
        services.release(lease)  # and keep the folder: the next attempt takes over what is finished
    except BaseException:
        _clear(folder)
        raise
    else:
        _clear(folder)
    failpoint("published")
    logger.info("job %s: attempt %d is over", lease.job_id, lease.attempt)


def _clear(folder: Path) -> None:
    """Not the folder above with it: another attempt may be at work there. What others have left is
    for `orphans.sweep_work`."""
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        folder.parent.rmdir()


def _bring_to_an_end(lease: Lease, folder: Path) -> None:
    """Raises: WorkerStopping, and whatever was not foreseen."""
    try:
        with telling_full_disk():
            _work(lease, folder)
    except Cancelled:
        services.mark_cancelled(lease)
    except WorkerStopping:
        raise
    except LeaseLost:
        logger.warning("job %s: attempt %d is no longer wanted", lease.job_id, lease.attempt)
    except PhotoProblem as problem:
        services.fail(
            lease,
            code=problem.code,
            message=problem.message,
            next_step=problem.next_step,
            evidence=problem.evidence,
        )
    except Exception as error:
        code = error.code if isinstance(error, HostProblem) else "internal_error"
        message = (
            error.message if isinstance(error, HostProblem) else "Something broke on our side."
        )
        services.mark_errored(lease, code=code, message=message, traceback=_full_story(error))
        raise


def _work(lease: Lease, folder: Path) -> None:
    job = Job.objects.get(pk=lease.job_id)
    logger.info("job %s: attempt %d, %d photos", job.pk, lease.attempt, job.num_photos)
    earlier = folder.with_name(str(lease.attempt - 1)) / "work"
    workspace = Workspace(folder / "work", earlier=earlier)
    sources = fetch_photos(job, folder / "photos")
    options = ReconstructionOptions.from_dict(job.options)
    with Recorder(lease, workspace, options) as recorder:
        report = reconstruct(sources, options, workspace, recorder, this_host())
        artifacts = store_result(lease, workspace.result_dir)
    failpoint("publishing")
    if not services.finish(lease, report.model_dump(mode="json"), artifacts):
        logger.warning("job %s: the result of attempt %d is not wanted", job.pk, lease.attempt)
        tallies.count_fenced()
        delete_tree(result_prefix(job.pk, lease.attempt))


def _full_story(error: Exception) -> str:
    evidence = getattr(error, "evidence", {})
    notes = "".join(f"\n{key}: {value}" for key, value in evidence.items())
    return "".join(traceback.format_exception(error)) + notes
