"""A job that holds a real result, published the way a worker does it."""

import shutil
from pathlib import Path

from django.core.files.base import ContentFile

from accounts.models import User
from jobs import services
from jobs.artifacts import store_result
from jobs.files import storage
from jobs.models import Job, Photo
from scene3d.engine.export.bundle import sha256_of
from scene3d.engine.report import Report
from tests.jobs.builders import make_job, start


def make_real(owner: User, result: Path, photos: Path, folder: Path) -> Job:
    """`result` of `photos` as the finished job of `owner`; `folder` is scratch."""
    report = Report.read(result / "report.json")
    job = make_job(owner, num_photos=len(report.photos), options=report.options)
    Photo.objects.filter(job=job).delete()
    for row in report.photos:
        path = photos / row.name
        Photo.objects.create(
            job=job,
            index=row.index,
            name=row.name,
            stored_path=storage().save(
                f"{job.pk}/photos/real-{row.index}.jpg", ContentFile(path.read_bytes())
            ),
            num_bytes=path.stat().st_size,
            sha256=sha256_of(path),
        )
    copied = folder / "result"
    shutil.copytree(result, copied)
    lease = start(job)
    assert services.finish(lease, report.model_dump(mode="json"), store_result(lease, copied))
    job.refresh_from_db()
    return job
