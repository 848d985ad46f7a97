"""Challengers on photos of finished jobs, with small functions in place of the engine: what is
kept, who comes first, and that nobody but operators can tell."""

import errno
import logging
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from jobs import services
from jobs.models import Job, JobEvent
from jobs.shadow import ShadowOrder, run_shadow
from jobs.shadow_scratch import scratch, sweep
from jobs.states import JobState
from jobs.tasks import run_shadow as shadow_task
from mlops import services as serving
from mlops.models import Candidate, ShadowRun
from mlops.rules import SHELL
from mlops.states import ExperimentState
from scene3d.background.workers import stop_requested
from scene3d.engine.errors import InsufficientOverlap, NativeCrash, StorageFull, WeightsMissing
from scene3d.engine.public import ReconstructionOptions
from scene3d.engine.report import Report
from tests.jobs.builders import jpeg, make_job, make_report, stored_files
from tests.jobs.pages import Page
from tests.jobs.shadowing import Reconstruct, challenger, done, engine, raising, run, succeed
from tests.mlops.serving.builders import WHY, make_candidate, make_experiment

__all__ = ["challenger", "engine"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def _signals() -> Iterator[None]:
    """The command has handlers of its own."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def test_a_sample_takes_no_job_twice(alice: User, challenger: Candidate, engine: Any) -> None:
    expected = {done(alice).pk for _ in range(3)}
    engine(succeed)
    for num_recorded in (2, 3, 3):
        run(sample=2)
        assert ShadowRun.objects.count() == num_recorded
    assert set(ShadowRun.objects.values_list("job", flat=True)) == expected


# ----------------------------------------------------------------------- what is kept


def test_both_sides_are_kept(alice: User, challenger: Candidate, engine: Any) -> None:
    job = done(alice)
    engine(succeed)
    assert run() == ["Nightly: standard-7: 1 job to try", f"  job {job.pk}: compared"]
    row = ShadowRun.objects.get()
    assert (row.candidate, row.job, row.num_photos, row.error_code) == (challenger, job.pk, 3, "")
    common = {"mean_error_px": 0.61, "num_points": 12_345, "mean_track_length": 3.24}
    assert row.challenger == {**common, "registration": 1.0, "seconds_per_photo": 10.0}
    assert row.served == {**common, "registration": 2 / 3, "seconds_per_photo": 20.5}
    assert row.served_fingerprint == job.options_fingerprint
    expected = ReconstructionOptions.from_dict(job.options).merged({"seed": 7})
    assert row.challenger_fingerprint == expected.fingerprint()


def test_the_engine_gets_the_photos_and_the_challengers_options(
    alice: User, challenger: Candidate, engine: Any
) -> None:
    job = done(alice)

    def look(photos: Any, options: Any, workspace: Any, _: Any, host: Any) -> Report:
        assert [photo.name for photo in photos] == [f"IMG_{n:04d}.jpg" for n in range(3)]
        assert [photo.path.read_bytes() for photo in photos] == [jpeg(n) for n in range(3)]
        assert options == ReconstructionOptions.from_dict(job.options).merged({"seed": 7})
        assert workspace.root.is_relative_to(Path(settings.WORK_DIR) / "shadow")
        assert host.num_threads >= 1
        return succeed(photos)

    engine(look)
    run()
    assert ShadowRun.objects.count() == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InsufficientOverlap("No pair overlaps."), "insufficient_overlap"),
        (NativeCrash("Mapping ended."), "native_crash"),
        (ZeroDivisionError("a bug"), "internal_error"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_failure_is_a_finding(
    alice: User, challenger: Candidate, engine: Any, error: Exception, code: str
) -> None:
    job = done(alice)
    engine(raising(error))
    assert run()[-1] == f"  job {job.pk}: {code}"
    row = ShadowRun.objects.get()
    assert (row.error_code, row.challenger) == (code, {})
    assert row.served["registration"] == 2 / 3
    job.refresh_from_db()
    assert (job.state, job.error_code) == (JobState.DONE, None)


def test_a_part_of_a_result_is_none(alice: User, challenger: Candidate, engine: Any) -> None:
    done(alice)
    engine(lambda photos, *_: make_report(3, partial_reason="time_limit"))
    run()
    row = ShadowRun.objects.get()
    assert (row.error_code, row.challenger) == ("time_limit", {})


def test_it_has_the_time_that_jobs_have(
    alice: User, challenger: Candidate, engine: Any, limits: Any
) -> None:
    done(alice)
    limits(job_time_limit_min=0)

    def check(photos: Any, _options: Any, _workspace: Any, progress: Any, _host: Any) -> Report:
        progress.check()
        return succeed(photos)

    engine(check)
    run()
    assert ShadowRun.objects.get().error_code == "time_limit"


@pytest.mark.parametrize(
    ("error", "words", "num_tried"),
    [
        (WeightsMissing("aliked is missing."), "left out, aliked is missing. Run `manage.py", 2),
        (StorageFull("A photo could not be written."), "Stopped: the disk is full.", 1),
        (OSError(errno.ENOSPC, "No space"), "Stopped: the disk is full.", 1),
    ],
    ids=["weights", "photo", "anything"],
)
def test_a_fault_of_this_machine_is_no_finding(
    alice: User, challenger: Candidate, engine: Any, error: Exception, words: str, num_tried: int
) -> None:
    done(alice)
    done(alice)
    engine(raising(error))
    told = run()
    assert words in told[-1]
    assert len(told) == 1 + num_tried
    assert not ShadowRun.objects.exists()


def test_a_run_that_is_killed_and_repeated_records_nothing_twice(
    alice: User, challenger: Candidate, engine: Any
) -> None:
    for _ in range(3):
        done(alice)
    num_calls = 0

    def die_at_the_second(photos: Any, *_: Any) -> Report:
        nonlocal num_calls
        num_calls += 1
        if num_calls == 2:
            raise KeyboardInterrupt
        return succeed(photos)

    engine(die_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        run()
    [first] = ShadowRun.objects.values_list("pk", "job")
    run()
    rows = list(ShadowRun.objects.order_by("pk").values_list("pk", "job"))
    assert (rows[0], len(rows), len({job for _, job in rows})) == (first, 3, 3)
    assert num_calls == 4


# ------------------------------------------------------------------- who comes first


def looking(act: Callable[[], object]) -> Reconstruct:
    """An engine that asks whether it may go on, after something has happened."""

    def reconstruct(photos: Any, _o: Any, _w: Any, progress: Any, _h: Any) -> Report:
        act()
        progress._looked_s -= 60
        progress.check()
        return succeed(photos)

    return reconstruct


def test_people_s_jobs_come_first(alice: User, challenger: Candidate, engine: Any) -> None:
    """At once: what runs in shadow is given up, and nothing is recorded."""
    done(alice)
    engine(looking(lambda: make_job(alice)))
    assert run()[-1] == "Stopped: people's own jobs come first."
    assert not ShadowRun.objects.exists()
    engine(raising(AssertionError("the engine was called")))
    assert run()[-1] == "Stopped: people's own jobs come first."


def test_experiments_come_first_between_two_jobs(
    alice: User, challenger: Candidate, engine: Any
) -> None:
    done(alice)
    done(alice)
    engine(looking(lambda: make_experiment("Other", state=ExperimentState.QUEUED)))
    assert run()[-1] == "Stopped: an experiment waits."
    assert ShadowRun.objects.count() == 1


def test_switching_it_off_ends_it(alice: User, challenger: Candidate, engine: Any) -> None:
    done(alice)
    engine(looking(lambda: serving.switch_shadow(challenger, SHELL, WHY, is_on=False)))
    assert "does not run in shadow any more" in run()[-1]
    assert not ShadowRun.objects.exists()
    assert run() == ["No candidate runs in shadow."]


def test_a_job_that_is_deleted_meanwhile_leaves_nothing(
    alice: User, challenger: Candidate, engine: Any
) -> None:
    deleted = done(alice)
    engine(looking(lambda: services.delete(deleted)))
    assert run()[-1] == f"  job {deleted.pk}: left out, it was deleted."
    assert not ShadowRun.objects.exists()


def test_a_job_that_is_deleted_at_the_last_moment(
    alice: User, challenger: Candidate, engine: Any
) -> None:
    deleted = done(alice)

    def late(photos: Any, *_: Any) -> Report:
        services.delete(deleted)
        return succeed(photos)

    engine(late)
    run()
    assert not ShadowRun.objects.exists()


def test_a_worker_that_must_go_ends_it(alice: User, challenger: Candidate, engine: Any) -> None:
    done(alice)
    engine(looking(lambda: None))
    stop_requested.set()
    try:
        shadow_task()
    finally:
        stop_requested.clear()
    assert not ShadowRun.objects.exists()
    shadow_task()
    assert ShadowRun.objects.count() == 1


def test_one_runs_at_a_time(alice: User, challenger: Candidate, engine: Any) -> None:
    done(alice)
    engine(succeed)
    told: list[str] = []
    with scratch():
        run_shadow(ShadowOrder(sample=1), is_over=lambda: False, tell=told.append)
    assert told == ["Another shadow run is at work on this machine."]
    assert not ShadowRun.objects.exists()


# --------------------------------------------------------------- nobody else can tell


def test_users_see_nothing_of_it(
    alice: User, alice_api: APIClient, alice_portal: Client, challenger: Candidate, engine: Any
) -> None:
    job = done(alice)
    long_ago = timezone.now() - timedelta(days=40)  # "a moment ago" would be another one soon
    Job.objects.update(created_at=long_ago, queued_at=long_ago, finished_at=long_ago)
    addresses = [reverse("jobs:detail", args=[job.pk]), reverse("jobs:list")]

    def seen() -> list[Any]:
        row = Job.objects.values().get()
        pages = [Page(alice_portal.get(address)).text for address in addresses]
        api = [alice_api.get(f"/api/v1/jobs/{part}").json() for part in ("", f"{job.pk}/")]
        return [row, pages, api, stored_files(), list(JobEvent.objects.values())]

    before = seen()
    assert before[2][1]["id"] == str(job.pk)
    engine(succeed)
    run()
    assert ShadowRun.objects.count() == 1
    assert seen() == before
    assert alice_portal.get(f"/admin/mlops/candidate/{challenger.pk}/change/").status_code == 302
    assert alice_portal.get(f"/experiments/{challenger.experiment_id}/").status_code == 404


def test_no_photo_stays(alice: User, challenger: Candidate, engine: Any) -> None:
    """Also not of a run that was killed: the next worker that looks removes it."""
    left = Path(settings.WORK_DIR) / "shadow" / str(uuid4()) / "photos" / "000000.jpg"
    for clean in (sweep, run):
        left.parent.mkdir(parents=True)
        left.write_bytes(jpeg())
        clean()
        assert not left.exists()
    done(alice)
    engine(raising(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        run_shadow(ShadowOrder(sample=1), is_over=lambda: False, tell=print)
    assert not (Path(settings.WORK_DIR) / "shadow").exists()


def test_a_sweep_leaves_a_run_alone(db: None) -> None:
    with scratch() as folder:
        (folder / "photo").write_bytes(jpeg())
        sweep()
        assert (folder / "photo").exists()


# --------------------------------------------------------------------------- the command


@pytest.mark.usefixtures("_signals")
def test_the_command(
    alice: User,
    challenger: Candidate,
    engine: Any,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    for _ in range(2):
        done(alice)
    engine(succeed)
    with caplog.at_level(logging.WARNING):
        call_command("shadow", "--candidate", str(challenger.pk), "--sample", "1")
    assert "standard-7: 1 job to try" in capsys.readouterr().out
    assert ShadowRun.objects.count() == 1
    other = make_candidate(seed=3)
    with pytest.raises(SystemExit) as ended:
        call_command("shadow", "--candidate", str(other.pk))
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(f"not_in_shadow: There is no candidate {other.pk} ")
    assert caplog.messages == []
