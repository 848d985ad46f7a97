"""Files without an owner go after a while; everything that a row names stays."""

import os
import time
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.base import ContentFile

from accounts.models import User
from jobs import services
from jobs.files import exports_prefix, live_prefix, result_prefix, storage
from jobs.models import Export
from jobs.orphans import sweep, sweep_work
from jobs.states import ExportStatus
from tests.jobs.builders import make_done, make_job, start, stored_files

NO_GRACE = timedelta(0)
A_DAY = timedelta(days=1)


def put(path: str) -> str:
    return storage().save(path, ContentFile(b"something"))


def work_of(job_id: object, attempt: int) -> Path:
    folder = Path(settings.WORK_DIR) / str(job_id) / str(attempt)
    folder.mkdir(parents=True)
    (folder / "features.npz").write_bytes(b"much")
    return folder


def test_what_no_row_names_goes_and_the_rest_stays(alice: User) -> None:
    done, waiting = make_done(alice), make_job(alice)
    before = stored_files()
    put(f"{uuid4()}/photos/000000.jpg")  # of an upload whose process died before the row
    put(f"{result_prefix(done.pk, 7)}/points.ply")  # of a worker that was killed
    put(f"{live_prefix(waiting.pk)}/1/000001.bin")
    put(f"{done.pk}/photos/.0123456789abcdef.part")
    sweep(NO_GRACE)
    assert stored_files() == before


def test_the_young_are_left_alone(alice: User) -> None:
    orphan = put(f"{uuid4()}/photos/000000.jpg")
    sweep(A_DAY)
    assert storage().exists(orphan)
    old = time.time() - A_DAY.total_seconds() - 60
    os.utime(storage().path(orphan), (old, old))
    sweep(A_DAY)
    assert not storage().exists(orphan)


def test_where_somebody_writes_now_nothing_is_touched(alice: User) -> None:
    job = make_job(alice)
    lease = start(job)
    mine = put(f"{result_prefix(job.pk, lease.attempt)}/points.ply")
    live = put(f"{live_prefix(job.pk)}/{lease.attempt}/000001.bin")
    earlier = put(f"{result_prefix(job.pk, 0)}/points.ply")
    done = make_done(alice)
    export = Export.objects.create(
        job=done, name="bundle.zip", status=ExportStatus.PREPARING, delivery=3
    )
    current = put(f"{exports_prefix(done.pk)}/{export.pk}-3/bundle.zip")
    abandoned = put(f"{exports_prefix(done.pk)}/{export.pk}-2/bundle.zip")
    sweep(NO_GRACE)
    assert all(storage().exists(path) for path in (mine, live, current))
    assert not any(storage().exists(path) for path in (earlier, abandoned))


def test_what_is_no_jobs_folder_is_none_of_our_business(db: None) -> None:
    kept = put("somebody/else.txt")
    sweep(NO_GRACE)
    assert storage().exists(kept)


def test_abandoned_uploads_go(db: None) -> None:
    folder = Path(settings.UPLOAD_DIR) / "upload-abc"
    folder.mkdir()
    (folder / "000000.jpg").write_bytes(b"half")
    file = Path(settings.UPLOAD_DIR) / "tmpabc.upload.zip"
    file.write_bytes(b"half")
    kept = Path(settings.UPLOAD_DIR) / "resumable-1"
    kept.write_bytes(b"somebody else looks after this")
    try:
        sweep(A_DAY)
        assert folder.exists()
        assert file.exists()
        sweep(NO_GRACE)
        assert not folder.exists()
        assert not file.exists()
        assert kept.exists()
    finally:
        kept.unlink()


@pytest.mark.parametrize("is_running", [True, False])
def test_work_of_the_last_two_attempts_stays_while_a_job_is_not_over(
    alice: User, *, is_running: bool
) -> None:
    job = make_job(alice, attempt=2)
    if is_running:
        start(job)
    folders = {n: work_of(job.pk, n) for n in (1, 2, 3)}
    sweep_work()
    kept = {n for n, folder in folders.items() if folder.exists()}
    assert kept == ({2, 3} if is_running else {1, 2})


def test_work_of_what_is_over_or_gone_goes(alice: User) -> None:
    job = make_job(alice)
    lease = start(job)
    folders = [work_of(job.pk, 1), work_of(uuid4(), 1)]
    other = Path(settings.WORK_DIR) / "shadow"
    other.mkdir()
    services.mark_cancelled(lease)
    sweep_work()
    assert not any(folder.parent.exists() for folder in folders)
    assert other.exists()
