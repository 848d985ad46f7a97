"""What the owner of a job learns of unusual photos, and what a thumb does."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from drift import services as drift_services
from drift.errors import DriftBlocked
from drift.making import baseline_of
from drift.models import Baseline, Outcome, Source
from jobs.models import Feedback, Job
from jobs.recorder import Recorder
from jobs.states import JobState
from scene3d.engine.public import PRESETS
from scene3d.engine.workspace import Workspace
from tests.drift.builders import LEVELS, photos_of, scene
from tests.jobs.builders import make_done, make_ended, make_in_state, make_job, start
from tests.jobs.pages import Page

DARK = "Darker than 99 % of the photos this service was tuned on."


@pytest.fixture
def active(db: None) -> Baseline:
    changes = {"blur_px": 0.7, "long_side_px": 400.0, "focal_35mm": None, "has_focal": 0.0}
    document = baseline_of([scene(lit, contrast=50.0 / lit, **changes) for lit in LEVELS])
    baseline = drift_services.add_baseline(document, Source.JOBS, made_by="a test")
    drift_services.activate(baseline, "a test", "For this test")
    return baseline


def recorder_of(job: Job, folder: Path) -> Recorder:
    return Recorder(start(job), Workspace(folder), PRESETS["quick"].options)


def compare(job: Job, folder: Path, brightness: float) -> None:
    recorder_of(job, folder)._compare(photos_of(brightness))


def page_of(portal: Client, job: Job) -> Page:
    return Page(portal.get(reverse("jobs:detail", args=[job.pk])))


def test_dark_photos_are_on_the_page_while_the_job_runs(
    alice: User, alice_portal: Client, alice_api: APIClient, active: Baseline, tmp_path: Path
) -> None:
    job = make_job(alice)
    compare(job, tmp_path, 10.0)
    [event] = job.events.filter(kind="drift")
    assert (event.data["status"], event.data["words"]) == ("critical", DARK)
    page = page_of(alice_portal, job)
    assert DARK in page.text
    assert [image["alt"] for image in page.all("img", height="60")][:3] == [
        "Photo 1", "Photo 2", "Photo 3",
    ]  # fmt: skip
    drift = alice_api.get(f"/api/v1/jobs/{job.pk}/").json()["drift"]
    assert drift == event.data


@pytest.mark.parametrize("has_baseline", [True, False])
def test_usual_photos_alarm_nobody(
    alice: User,
    alice_portal: Client,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    *,
    has_baseline: bool,
) -> None:
    if has_baseline:
        request.getfixturevalue("active")
    job = make_job(alice)
    compare(job, tmp_path, 110.0 if has_baseline else 5.0)
    page = page_of(alice_portal, job)
    assert "hidden" in page.one("section", id="drift")
    assert "baseline" not in page.text.lower()
    User.objects.update(is_staff=True)
    assert "Beside the baseline" in page_of(alice_portal, job).text


def test_a_comparison_that_breaks_costs_no_job(
    alice: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("something")

    monkeypatch.setattr("jobs.recorder.score_photos", broken)
    job = make_job(alice)
    compare(job, tmp_path, 10.0)
    assert not job.events.filter(kind="drift").exists()


def test_a_server_that_refuses_says_why(
    alice: User, active: Baseline, tmp_path: Path, settings: object
) -> None:
    settings.DRIFT_BLOCKS = "critical"  # type: ignore[attr-defined]  # pytest-django's
    job = make_job(alice)
    with pytest.raises(DriftBlocked, match="Darker than 99 %"):
        compare(job, tmp_path, 10.0)
    assert job.events.filter(kind="drift").exists()


@pytest.mark.parametrize(
    ("state", "failures"), [(JobState.DONE, 0.0), (JobState.FAILED, 1.0), (JobState.ERRORED, 1.0)]
)
def test_every_end_is_an_outcome_once(alice: User, state: JobState, failures: float) -> None:
    job = make_ended(alice, state)
    outcome = Outcome.objects.get(job_id=job.pk)
    assert outcome.values["failure_ratio"] == failures
    assert ("registration_ratio" in outcome.values) is (state == JobState.DONE)


def test_a_cancelled_job_is_nobodys_failure(alice: User) -> None:
    make_ended(alice, JobState.CANCELLED)
    assert not Outcome.objects.exists()


def test_a_thumb_is_given_changed_and_taken_back(alice: User, alice_api: APIClient) -> None:
    job = make_done(alice)
    address = f"/api/v1/jobs/{job.pk}/feedback/"

    def satisfaction() -> float | None:
        return Outcome.objects.get(job_id=job.pk).satisfaction

    up = {"thumb": "up", "reason": ""}
    down = {"thumb": "down", "reason": "The roof is missing"}
    assert alice_api.post(address, up, format="json").json() == up
    assert satisfaction() == 1
    assert alice_api.post(address, down, format="json").json() == down
    assert (satisfaction(), Feedback.objects.count()) == (0, 1)
    assert alice_api.get(f"/api/v1/jobs/{job.pk}/").json()["feedback"] == down
    assert alice_api.delete(address).status_code == 204
    assert satisfaction() is None
    assert not Feedback.objects.exists()


def test_thumbs_are_the_owners_and_of_results(
    alice: User, alice_api: APIClient, bob_api: APIClient
) -> None:
    up = {"thumb": "up"}
    done, running = make_done(alice), make_in_state(alice, JobState.RUNNING)
    assert bob_api.post(f"/api/v1/jobs/{done.pk}/feedback/", up, format="json").status_code == 404
    early = alice_api.post(f"/api/v1/jobs/{running.pk}/feedback/", up, format="json")
    assert (early.status_code, early.json()["code"]) == (409, "cannot_judge")
    wrong = alice_api.post(f"/api/v1/jobs/{done.pk}/feedback/", {"thumb": "?"}, format="json")
    assert wrong.status_code == 400


def test_the_buttons_show_what_was_said(alice: User, alice_portal: Client) -> None:
    job = make_done(alice)
    Feedback.objects.create(job=job, user=alice, is_up=False, reason="Too few points")
    page = page_of(alice_portal, job)
    assert page.one("button", **{"data-thumb": "up"})["aria-pressed"] == "false"
    assert page.one("button", **{"data-thumb": "down"})["aria-pressed"] == "true"
    assert page.one("input", id="feedback-reason")["value"] == "Too few points"
