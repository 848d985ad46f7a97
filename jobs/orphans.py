"""Files that belong to nobody: what a process that was killed between two steps has left."""

import logging
import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from jobs.files import (
    delete_empty_folders,
    exports_prefix,
    files_below,
    job_prefix,
    live_prefix,
    result_prefix,
    storage,
)
from jobs.models import Job
from jobs.states import ExportStatus, JobState

logger = logging.getLogger(__name__)


def sweep(grace: timedelta) -> None:
    """Delete stored files that no row names, and abandoned uploads, if they are older than this."""
    try:
        folders, _ = storage().listdir("")
    except FileNotFoundError:
        folders = []
    for folder in folders:
        if job_id := _as_id(folder):
            _sweep_job(job_id, grace)
    _sweep_uploads(grace)


def sweep_work() -> None:
    """Delete the work of attempts that are over, on this machine. The last attempt before the
    current one stays while the job is not over: its stages need not be done again."""
    root = Path(settings.WORK_DIR)
    for folder in root.iterdir() if root.is_dir() else ():
        if job_id := _as_id(folder.name):
            job = Job.objects.active().filter(pk=job_id).first()
            for attempt in list(folder.iterdir()):
                if job is None or attempt.name not in (str(job.attempt), str(job.attempt - 1)):
                    shutil.rmtree(attempt, ignore_errors=True)
            if not any(folder.iterdir()):
                folder.rmdir()


def _sweep_job(job_id: UUID, grace: timedelta) -> None:
    # Files first, then rows: a file that is named meanwhile is not an orphan.
    paths = list(files_below(job_prefix(job_id)))
    named, in_work = _owned(job_id)
    orphans = [
        path
        for path in paths
        if path not in named and not path.startswith(in_work) and _is_older(path, grace)
    ]
    for path in orphans:
        storage().delete(path)
    if orphans:
        logger.info("job %s: %d files without an owner are deleted", job_id, len(orphans))
        delete_empty_folders(job_prefix(job_id))


def _owned(job_id: UUID) -> tuple[set[str], tuple[str, ...]]:
    """Paths that rows name, and prefixes below which somebody writes now."""
    job = Job.objects.filter(pk=job_id).first()
    if job is None:
        return set(), ()
    photos = job.photos.values_list("stored_path", "thumbnail_path", "preview_path")
    named = {path for paths in photos for path in paths if path}
    named |= set(job.artifacts.values_list("path", flat=True))
    named |= {path for path in job.exports.values_list("path", flat=True) if path}
    in_work = [
        f"{exports_prefix(job_id)}/{export.pk}-{export.delivery}/"
        for export in job.exports.filter(status=ExportStatus.PREPARING)
    ]
    if job.state == JobState.RUNNING:
        in_work.append(f"{result_prefix(job_id, job.attempt)}/")
        in_work.append(f"{live_prefix(job_id)}/{job.attempt}/")
    return named, tuple(in_work)


def _is_older(path: str, grace: timedelta) -> bool:
    try:
        return storage().get_modified_time(path) < timezone.now() - grace
    except FileNotFoundError:
        return False


def _sweep_uploads(grace: timedelta) -> None:
    for path in _abandoned(Path(settings.UPLOAD_DIR), time.time() - grace.total_seconds()):
        logger.info("an abandoned upload is deleted: %s", path.name)
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _abandoned(folder: Path, before_s: float) -> Iterator[Path]:
    """What `uploads.receive` and Django's upload handler make, and nothing else."""
    for path in [*folder.glob("upload-*"), *folder.glob("*.upload*")]:
        try:
            if path.stat().st_mtime < before_s:
                yield path
        except FileNotFoundError:
            continue


def _as_id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None
