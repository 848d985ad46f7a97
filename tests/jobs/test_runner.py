"""One attempt from claim to end, with small functions in place of the engine."""

import hashlib
import io
import logging
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from jobs import recorder, runner, services
from jobs.files import storage
from jobs.models import Job
from jobs.orphans import sweep_work
from jobs.recorder import WorkerStopping
from jobs.states import JobState
from jobs.tasks import run_reconstruction
from scene3d.background.workers import stop_requested
from scene3d.engine.errors import InsufficientOverlap, NativeCrash
from scene3d.engine.preflight import Advice, Preflight
from scene3d.engine.public import Cancelled, PhotoSource, ReconstructionOptions, TimeLimitReached
from scene3d.engine.report import Report
from scene3d.engine.types import Photo, PhotoSet, RejectedPhoto
from scene3d.engine.workspace import Workspace
from scene3d.settings.env import BASE_DIR
from tests.engine.builders import make_quality
from tests.jobs.builders import OPTIONS, jpeg, make_job, make_report, stored_files

Reconstruct = Callable[..., Report]
MODEL_FILES = ("cameras.bin", "images.bin", "points3D.bin")
RESULT = {
    "points.ply": b"ply", "points_full.ply": b"ply full", "cameras.json": b"{}",
    "points.laz": b"laz", "model.glb": b"glb",
    "report.json": b'{"version": 1}', "view/0.points.bin": b"points", "view/0.tracks.bin": b"tr",
}  # fmt: skip


FIRST_LOOK = Preflight(
    num_photos=3,
    num_readable=2,
    advice=[Advice(code="unreadable", message="1 photo cannot be read.", photos=["b.jpg"])],
    expected_seconds=40.0,
    expected_memory_mb=500,
)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Callable[[Reconstruct], None]:
    """Put a small function where the runner calls the engine; its photos are no pictures to look
    at."""
    monkeypatch.setattr(recorder, "look_over", lambda *_: FIRST_LOOK)
    return lambda reconstruct: monkeypatch.setattr(runner, "reconstruct", reconstruct)


def raising(error: BaseException) -> Reconstruct:
    def reconstruct(*_: object) -> Report:
        raise error

    return reconstruct


def succeed(
    photos: Sequence[PhotoSource],
    options: ReconstructionOptions,
    workspace: Workspace,
    progress: Any,
    host: Any,
) -> Report:
    """The smallest run that tells and leaves everything: its second photo is not readable."""
    workspace.prepare()
    progress.begin("checking", len(photos))
    accepted = [_checked(index, photo, workspace) for index, photo in enumerate(photos)]
    refused = RejectedPhoto(index=1, name=photos[1].name, code="image_empty", message="Empty.")
    progress.checked(PhotoSet(accepted=(accepted[0], accepted[2]), rejected=(refused,)))
    progress.update(3, num_accepted=2)
    (workspace.result_dir / "view").mkdir()
    for name, content in RESULT.items():
        (workspace.result_dir / name).write_bytes(content)
    model = workspace.result_dir / "models" / "0"
    model.mkdir(parents=True)
    for name in MODEL_FILES:
        (model / name).write_bytes(name.encode())
    progress.check()
    return make_report(len(photos))


def _checked(index: int, photo: PhotoSource, workspace: Workspace) -> Photo:
    workspace.thumbnail(index).write_bytes(b"thumbnail")
    workspace.preview(index).write_bytes(b"preview")
    return Photo(
        index=index, name=photo.name, path=photo.path, width_px=80, height_px=64, focal_px=96.0,
        focal_source="guess", device=None, quality=make_quality(sha256=str(index)),
    )  # fmt: skip


def run(job: Job) -> None:
    try:
        runner.run_job(job.pk)
    finally:
        job.refresh_from_db()
        sweep_work()
        is_kept = (Path(settings.WORK_DIR) / str(job.pk)).exists()
        assert is_kept is (job.state == JobState.QUEUED)  # for the next attempt
        photos = [path for path in stored_files() if "/photos/" in path]
        assert len(photos) == job.num_photos


def test_a_result_is_published(alice: User, engine: Any) -> None:
    job = make_job(alice)
    engine(succeed)
    run(job)
    assert (job.state, job.attempt, job.error_code) == (JobState.DONE, 1, None)
    assert job.report == make_report().model_dump(mode="json")
    artifacts = {artifact.name: artifact for artifact in job.artifacts.all()}
    assert sorted(artifacts) == [
        "cameras.json", "colmap.zip", "model.glb", "points.laz", "points.ply", "points_full.ply",
        "report.json",
        "view-0.points.bin", "view-0.tracks.bin",
    ]  # fmt: skip
    for name, artifact in artifacts.items():
        with storage().open(artifact.path) as file:
            content = file.read()
        assert content == RESULT.get(name.replace("view-", "view/"), content)
        assert artifact.sha256 == hashlib.sha256(content).hexdigest()
        assert artifact.num_bytes == len(content)
        assert artifact.path == f"{job.pk}/results/1/{name}"
    assert artifacts["points.ply"].media_type == "application/octet-stream"
    assert artifacts["report.json"].media_type == "application/json"
    assert artifacts["colmap.zip"].media_type == "application/zip"
    assert job.preflight == FIRST_LOOK.model_dump(mode="json")


def test_the_models_come_as_colmap_wants_them(alice: User, engine: Any) -> None:
    job = make_job(alice)
    engine(succeed)
    run(job)
    with storage().open(job.artifacts.get(name="colmap.zip").path) as file:
        archive = zipfile.ZipFile(io.BytesIO(file.read()))
    assert archive.namelist() == [f"models/0/{name}" for name in MODEL_FILES]
    assert archive.read("models/0/cameras.bin") == b"cameras.bin"


def test_checked_photos_show_at_once(alice: User, engine: Any) -> None:
    job = make_job(alice)
    seen: list[tuple[Any, ...]] = []

    def look(*arguments: Any) -> Report:
        succeed(*arguments)
        fields = ("status", "reason", "width_px", "thumbnail_path", "preview_path")
        seen.extend(job.photos.values_list(*fields))
        raise Cancelled

    engine(look)
    run(job)
    pictures = [(f"{job.pk}/thumbnails/{n:06d}.jpg", f"{job.pk}/previews/{n:06d}.jpg")
                for n in (0, 2)]  # fmt: skip
    assert seen == [
        ("accepted", None, 80, *pictures[0]),
        ("rejected", "image_empty", None, None, None),
        ("accepted", None, 80, *pictures[1]),
    ]
    assert set(stored_files()) >= {path for pair in pictures for path in pair}


def test_the_engine_gets_photos_options_and_a_folder(alice: User, engine: Any) -> None:
    wanted = OPTIONS.merged({"seed": 9})
    job = make_job(alice, options=wanted.to_dict())

    def look(photos: Any, options: Any, workspace: Any, _: Any, host: Any) -> Report:
        assert [photo.name for photo in photos] == [f"IMG_{n:04d}.jpg" for n in range(3)]
        assert [photo.path.read_bytes() for photo in photos] == [jpeg(n) for n in range(3)]
        assert options == wanted
        assert workspace.root.is_relative_to(Path(settings.WORK_DIR) / str(job.pk) / "1")
        assert host.num_threads >= 1
        raise Cancelled

    engine(look)
    run(job)
    assert job.state == JobState.CANCELLED


def test_a_cancelled_run(alice: User, engine: Any) -> None:
    job = make_job(alice)
    engine(raising(Cancelled()))
    run(job)
    assert (job.state, job.error_code, job.traceback) == (JobState.CANCELLED, None, None)


def test_a_problem_of_the_photos_fails_the_job_and_is_not_raised(alice: User, engine: Any) -> None:
    job = make_job(alice)
    engine(raising(InsufficientOverlap("No pair overlaps.", evidence={"num_pairs": 3})))
    run(job)
    assert (job.state, job.error_code) == (JobState.FAILED, "insufficient_overlap")
    assert job.error_message == "No pair overlaps."
    assert job.error_next_step == InsufficientOverlap.next_step
    assert job.error_evidence == {"num_pairs": 3}
    assert job.traceback is None


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (NativeCrash("Mapping ended.", evidence={"log": "the last words"}), "native_crash",
         "Mapping ended."),
        (ValueError("secret detail"), "internal_error", "Something broke on our side."),
        (TimeLimitReached("It took too long."), "time_limit", "It took too long."),
    ],
    ids=["native-crash", "bug", "time-limit"],
)  # fmt: skip
def test_a_fault_of_ours_is_kept_and_raised(
    alice: User, client: Client, engine: Any, error: Exception, code: str, message: str
) -> None:
    job = make_job(alice)
    engine(raising(error))
    with pytest.raises(type(error)):
        run(job)
    assert (job.state, job.error_code, job.error_message) == (JobState.ERRORED, code, message)
    assert job.traceback is not None
    assert job.traceback.startswith("Traceback (most recent call last):")
    assert f"{type(error).__name__}: {error}" in job.traceback
    assert ("log: the last words" in job.traceback) is (code == "native_crash")
    assert job.error_next_step


def test_a_worker_that_must_go_gives_the_job_back(
    alice: User, engine: Any, django_capture_on_commit_callbacks: Any
) -> None:
    job = make_job(alice)
    engine(raising(WorkerStopping()))
    with django_capture_on_commit_callbacks() as callbacks:
        run(job)
    assert (job.state, job.attempt, job.delivery) == (JobState.QUEUED, 1, 1)
    assert len(callbacks) == 1


def test_a_stopping_worker_ends_between_two_steps(alice: User, engine: Any) -> None:
    job = make_job(alice)
    engine(succeed)
    stop_requested.set()
    try:
        run(job)
    finally:
        stop_requested.clear()
    assert job.state == JobState.QUEUED
    engine(succeed)
    run(job)
    assert (job.state, job.attempt) == (JobState.DONE, 2)
    assert job.artifacts.get(name="points.ply").path == f"{job.pk}/results/2/points.ply"


def test_a_job_over_its_time_ends(alice: User, engine: Any, limits: Any) -> None:
    job = make_job(alice)
    limits(job_time_limit_min=0)
    engine(succeed)
    with pytest.raises(TimeLimitReached):
        run(job)
    assert (job.state, job.error_code) == (JobState.ERRORED, "time_limit")
    assert job.error_message == "The job took longer than 0 minutes."


def test_a_result_that_came_too_late_is_not_published(
    alice: User, engine: Any, caplog: pytest.LogCaptureFixture
) -> None:
    job = make_job(alice)

    def taken_over(*arguments: Any) -> Report:
        report = succeed(*arguments)
        Job.objects.filter(pk=job.pk).update(attempt=2)
        return report

    engine(taken_over)
    with caplog.at_level(logging.WARNING, "jobs"):
        run(job)
    assert (job.state, job.report) == (JobState.RUNNING, None)
    assert not job.artifacts.exists()
    assert f"job {job.pk}: the result of attempt 1 is not wanted" in caplog.messages


@pytest.mark.parametrize("state", [state for state in JobState if state != JobState.QUEUED])
def test_a_second_delivery_does_nothing(alice: User, engine: Any, state: JobState) -> None:
    job = make_job(alice, state=state)
    engine(raising(AssertionError("the engine was called")))
    run(job)
    assert (job.state, job.attempt) == (state, 0)


def test_a_delivery_of_a_deleted_job_does_nothing(db: None, engine: Any) -> None:
    engine(raising(AssertionError("the engine was called")))
    run_reconstruction(str(uuid4()))


def test_the_task_takes_an_id_as_text(alice: User, engine: Any) -> None:
    job = make_job(alice)
    engine(raising(Cancelled()))
    run_reconstruction(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


def test_a_retried_job_works(alice: User, engine: Any) -> None:
    job = make_job(alice)
    engine(raising(InsufficientOverlap("No pair overlaps.")))
    run(job)
    services.retry(job)
    engine(succeed)
    run(job)
    assert (job.state, job.attempt, job.error_code) == (JobState.DONE, 2, None)


def test_the_runner_comes_without_torch() -> None:
    """Networks are loaded where options ask for them, not by an import."""
    program = (
        "import django, sys; django.setup(); import jobs.runner;"
        "print(sorted({'torch', 'pycolmap', 'kornia'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=BASE_DIR, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
