"""The demo's account, its sample scene, and the proof that its result is complete."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from accounts.public import User, ensure_user
from jobs.files import storage
from jobs.models import Job
from jobs.states import JobState
from jobs.submission import Request, submit
from jobs.uploads import Upload
from scene3d.engine.public import find_photos
from scene3d.engine.synthetic import SAMPLE, render_scene
from scene3d.settings.local import persistent_secret

USERNAME = "demo"
SCENE_NAME = "Sample: a small plaza"
_PASSWORD_LENGTH = 12


class ResultIncompleteError(Exception):
    """A file of the result is missing or not what was stored."""


def demo_account() -> tuple[User, str]:
    """The account and its password, which is made on first use and kept beside the database."""
    secret = persistent_secret(Path(settings.DATA_DIR) / "demo_secret")
    password = hashlib.sha256(secret.encode()).hexdigest()[:_PASSWORD_LENGTH]
    return ensure_user(username=USERNAME, password=password), password


def sample_photos(tell: Callable[[str], None]) -> Path:
    """The folder of the rendered sample; rendered on first use."""
    folder = Path(settings.DATA_DIR) / "sample"
    if not folder.is_dir():
        tell(f"Rendering the {SAMPLE.num_photos} photos of the sample scene: a minute, once …")
        num_workers = len(os.sched_getaffinity(0))

        def progress(done: int, total: int) -> None:
            if done % 5 == 0 or done == total:
                tell(f"  {done} of {total}")

        partial = folder.with_suffix(".part")
        render_scene(SAMPLE, partial, progress=progress, num_workers=num_workers)
        partial.rename(folder)
    return folder


def sample_job(owner: User, photos: Path) -> Job:
    """The account's job of the sample: one that is done or under way, else a new one."""
    jobs = Job.objects.filter(owner=owner, name=SCENE_NAME)
    usable = [JobState.DONE, JobState.RUNNING, JobState.QUEUED]
    earlier = jobs.filter(state__in=usable).order_by("-created_at").first()
    if earlier is not None:
        return earlier
    upload = Upload(photos=find_photos(photos), num_ignored_files=0)
    return submit(owner, upload, Request(name=SCENE_NAME))


def verify_result(job: Job) -> int:
    """Read every file of the result back.

    Returns:
        How many there are.
    Raises: ResultIncompleteError.
    """
    artifacts = list(job.artifacts.all())
    for artifact in artifacts:
        with storage().open(artifact.path, "rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != artifact.sha256:
            raise ResultIncompleteError(f"{artifact.name} is not the file that was stored.")
    names = {artifact.name for artifact in artifacts}
    missing = {"points.ply", "points_full.ply", "colmap.zip", "cameras.json", "report.json"} - names
    if missing:
        raise ResultIncompleteError(f"The result lacks {', '.join(sorted(missing))}.")
    return len(artifacts)
