"""Whether the promise holds: asked after every run, of the rows, the files and the queue."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import django_rq
from django.conf import settings

from jobs.files import files_below, storage
from jobs.models import Job
from jobs.orphans import sweep, sweep_work
from jobs.services import MAX_LOST_ATTEMPTS
from jobs.states import TERMINAL, JobState

_MAY_FOLLOW: Mapping[str, frozenset[str]] = {
    "": frozenset({"queued"}),
    "queued": frozenset({"running", "cancelled"}),
    "running": frozenset({"queued", "done", "failed", "errored", "cancelled"}),
}


def violations(
    job_ids: Sequence[str], expected: Mapping[str, bytes], *, may_fail: bool = False
) -> list[str]:
    """What is wrong with these accepted jobs; empty where the promise holds.

    Args:
        expected: artifacts of a run without faults, by name; those not named are checked by their
            SHA-256 alone.
        may_fail: the fault is one that a job may fail over, with a code.
    """
    jobs = {str(job.pk): job for job in Job.objects.filter(pk__in=job_ids)}
    found = [f"I1 job {job_id} is lost" for job_id in job_ids if job_id not in jobs]
    for job in jobs.values():
        wrong = [*_state(job, may_fail=may_fail), *_history(job)]
        if job.state == JobState.DONE:
            wrong += _result(job, expected)
        found += [f"{line} (job {job.pk})" for line in wrong]
    return found


def leftovers() -> list[str]:
    """Files that nobody owns after a sweep, and a queue that disagrees with the rows; nothing may
    be at work."""
    sweep(timedelta(0))
    sweep_work()
    owned = _owned()
    found = [f"I6 nobody owns {path}" for path in _stored() if path not in owned]
    for folder in (settings.WORK_DIR, settings.UPLOAD_DIR):
        found += [f"I6 {path} was left" for path in Path(folder).glob("*") if path.name != "shadow"]
    waiting = Job.objects.filter(state=JobState.QUEUED).count()
    if waiting:
        found.append(f"I7 {waiting} jobs wait and nobody is at work")
    return found


def num_deliveries() -> int:
    """In the queue."""
    return int(django_rq.get_queue(settings.RECONSTRUCTION_QUEUE).count)


def _state(job: Job, *, may_fail: bool) -> list[str]:
    found = []
    if job.state not in TERMINAL:
        found.append(f"I1 the job is {job.state} for ever")
    if job.state in (JobState.FAILED, JobState.ERRORED):
        if not job.error_code:
            found.append(f"I4 {job.state} without a code")
        if not may_fail:
            found.append(f"I1 {job.state} without need: {job.error_code}")
    if job.lost_attempts > MAX_LOST_ATTEMPTS:
        found.append(f"I5 {job.lost_attempts} workers were lost")
    return found


def _history(job: Job) -> list[str]:
    states = list(
        job.events.filter(kind="state").order_by("id").values_list("data__state", flat=True)
    )
    found = []
    if states.count(JobState.DONE) > 1:
        found.append(f"I3 published {states.count(JobState.DONE)} times")
    for before, after in zip(["", *states], states, strict=False):
        if after not in _MAY_FOLLOW.get(before, frozenset()):
            found.append(f"I8 {after} after {before or 'nothing'}")
    if states and states[-1] != job.state:
        found.append(f"I8 the row says {job.state}, the events {states[-1]}")
    return found


def _result(job: Job, expected: Mapping[str, bytes]) -> list[str]:
    artifacts = {artifact.name: artifact for artifact in job.artifacts.all()}
    found = [f"I2 {name} is missing" for name in expected if name not in artifacts]
    for name, artifact in artifacts.items():
        if not storage().exists(artifact.path):
            found.append(f"I2 {name} has no file")
            continue
        with storage().open(artifact.path) as file:
            content = file.read()
        if hashlib.sha256(content).hexdigest() != artifact.sha256:
            found.append(f"I2 {name} is not what its row says")
        if content != expected.get(name, content):
            found.append(f"I2 {name} differs from a run without faults")
    if not expected and job.report and job.counts["num_registered"] != job.num_photos:
        found.append(f"I2 only {job.counts['num_registered']} photos are placed")
    for photo in job.photos.all():
        paths = (photo.stored_path, photo.thumbnail_path, photo.preview_path)
        found += [f"I2 {path} is missing" for path in paths if path and not storage().exists(path)]
    return found


def _stored() -> Iterator[str]:
    folders, _ = storage().listdir("")
    for folder in folders:
        yield from files_below(folder)


def _owned() -> set[str]:
    owned: set[str] = set()
    for job in Job.objects.all():
        photos = job.photos.values_list("stored_path", "thumbnail_path", "preview_path")
        owned |= {path for paths in photos for path in paths if path}
        owned |= set(job.artifacts.values_list("path", flat=True))
        owned |= {path for path in job.exports.values_list("path", flat=True) if path}
    return owned
