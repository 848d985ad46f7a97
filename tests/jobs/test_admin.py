"""The operators' pages."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.template.defaultfilters import filesizeformat
from django.test import Client
from django.urls import reverse

from accounts.models import User
from jobs.models import Job, Keeper, Preset
from jobs.states import JobState
from jobs.storage_use import with_storage
from jobs.worker_models import Worker
from tests.jobs.builders import (
    TRACEBACK,
    make_done,
    make_ended,
    make_in_state,
    make_job,
    stored_files,
)
from tests.jobs.pages import Page

JOBS = "/admin/jobs/job/"
STORAGE_NUMBERS = ("num_jobs", "photo_bytes", "result_bytes")


@pytest.fixture
def admin(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture
def rows(alice: User) -> dict[str, Any]:
    """One row of everything that is registered here."""
    return {
        "jobs_job": make_done(alice),
        "jobs_preset": Preset.objects.get(name="quick"),
        "jobs_worker": Worker.objects.create(name="host.17", network_loads={"aliked-n16": 1}),
        "accounts_user": alice,
    }


def test_storage_is_told_by_person(admin: Client, alice: User, bob: User) -> None:
    done = make_done(alice)
    make_job(alice)
    photo_bytes = sum(photo.num_bytes for job in alice.jobs.all() for photo in job.photos.all())
    result_bytes = sum(artifact.num_bytes for artifact in done.artifacts.all())
    rows = {keeper.username: keeper for keeper in with_storage(Keeper.objects.all())}
    assert vars(rows["alice"])["num_jobs"] == 2
    assert vars(rows["alice"])["photo_bytes"] == photo_bytes > 0
    assert vars(rows["alice"])["result_bytes"] == result_bytes > 0
    assert [vars(rows["bob"])[name] for name in STORAGE_NUMBERS] == [0, 0, 0]
    page = admin.get("/admin/jobs/keeper/").content.decode()
    assert page.index("alice") < page.index("bob")
    assert filesizeformat(result_bytes) in page
    assert admin.get("/admin/jobs/keeper/add/").status_code == 403


@pytest.mark.parametrize("model", ["jobs_job", "jobs_preset", "jobs_worker", "accounts_user"])
def test_lists_and_details_load(admin: Client, rows: dict[str, Any], model: str) -> None:
    listed = Page(admin.get(reverse(f"admin:{model}_changelist")))
    detail = Page(admin.get(reverse(f"admin:{model}_change", args=[rows[model].pk])))
    assert (listed.status, detail.status) == (200, 200)
    assert str(rows[model]) in listed.text
    assert str(rows[model]) in detail.text


def test_searching_and_filtering_jobs(admin: Client, alice: User, bob: User) -> None:
    make_job(alice, name="Gate")
    make_ended(bob, JobState.FAILED, name="Bridge")
    assert "Bridge" not in Page(admin.get(JOBS, {"q": "alice"})).text.partition("Filter")[0]
    filtered = Page(admin.get(JOBS, {"state__exact": "failed"})).text
    assert "1 job" in filtered
    assert "insufficient_overlap" in filtered


def test_an_operator_sees_the_traceback(admin: Client, alice: User) -> None:
    job = make_ended(alice, JobState.ERRORED)
    assert TRACEBACK in Page(admin.get(f"{JOBS}{job.pk}/change/")).text


def test_jobs_are_neither_added_nor_edited_by_hand(admin: Client, alice: User) -> None:
    job = make_job(alice)
    assert admin.get(f"{JOBS}add/").status_code == 403
    assert admin.post(f"{JOBS}{job.pk}/change/", {"state": "done"}).status_code == 403
    job.refresh_from_db()
    assert job.state == JobState.QUEUED


def act(admin: Client, action: str, *jobs: Job) -> Page:
    values = {"action": action, "_selected_action": [str(job.pk) for job in jobs]}
    return Page(admin.post(JOBS, values, follow=True))


def test_cancelling_several(admin: Client, alice: User) -> None:
    jobs = [make_in_state(alice, state, name=f"is {state}") for state in
            (JobState.QUEUED, JobState.RUNNING, JobState.DONE)]  # fmt: skip
    page = act(admin, "cancel", *jobs)
    assert "2 cancelled." in page.text
    assert "Is done: A job that is done cannot be cancelled." in page.text
    states = Job.objects.values_list("name", "state", "cancel_requested_at__year")
    told = {name: (state, year is not None) for name, state, year in states}
    assert told == {
        "is queued": ("cancelled", True),
        "is running": ("running", True),
        "is done": ("done", False),
    }


def test_trying_several_again(admin: Client, alice: User) -> None:
    failed, done = make_ended(alice, JobState.FAILED), make_done(alice, name="Fine")
    page = act(admin, "retry", failed, done)
    assert "1 queued again." in page.text
    assert "Fine: A job that is done cannot be tried again." in page.text
    failed.refresh_from_db()
    assert failed.state == JobState.QUEUED


def test_actions_that_change_nothing_claim_nothing(admin: Client, alice: User) -> None:
    page = act(admin, "cancel", make_done(alice))
    assert len(page.all("li", class_="warning")) == 1
    assert page.all("li", class_="info") == []


def test_deleting_one_removes_its_files(
    admin: Client, alice: User, django_capture_on_commit_callbacks: Any
) -> None:
    job = make_done(alice)
    path = f"{JOBS}{job.pk}/delete/"
    assert admin.get(path).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        assert admin.post(path, {"post": "yes"}).status_code == 302
    assert not Job.objects.exists()
    assert stored_files() == []


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING])
def test_what_is_not_over_is_not_deleted(admin: Client, alice: User, state: JobState) -> None:
    job = make_in_state(alice, state)
    assert admin.post(f"{JOBS}{job.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Job.objects.exists()


PRESET = {"name": "mine", "base": "quick", "own_title": "", "own_purpose": "", "own_cost": "",
          "overrides": '{"seed": 1}', "is_enabled": "on", "position": "3"}  # fmt: skip


def add_preset(admin: Client, **changes: str) -> Page:
    return Page(admin.post("/admin/jobs/preset/add/", PRESET | changes))


def test_adding_a_preset(admin: Client) -> None:
    assert add_preset(admin).status == 302
    preset = Preset.objects.get(name="mine")
    assert (preset.base, preset.overrides, preset.position) == ("quick", {"seed": 1}, 3)


def test_emptied_overrides_are_none(admin: Client) -> None:
    assert add_preset(admin, overrides="").status == 302
    assert Preset.objects.get(name="mine").overrides == {}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"base": ""}, "This field is required."),
        ({"base": "best"}, "is not one of the available choices"),
        ({"overrides": "{"}, "Enter a valid JSON."),
        ({"overrides": "[1]"}, "This is not a JSON object."),
        ({"overrides": '{"sed": 1}'}, "sed: unknown option; did you mean seed?"),
        ({"name": "quick"}, "Preset with this Name already exists."),
        ({"is_default": "on"}, "one_default_preset"),
    ],
)
def test_a_wrong_preset_is_told(admin: Client, changes: dict[str, str], message: str) -> None:
    page = add_preset(admin, **changes)
    assert page.status == 200
    assert message in page.text
    assert Preset.objects.count() == 3


def test_workers_tell_of_themselves_and_take_no_orders(admin: Client, rows: dict[str, Any]) -> None:
    assert admin.get("/admin/jobs/worker/add/").status_code == 403
    path = reverse("admin:jobs_worker_change", args=["host.17"])
    assert admin.post(path, {"name": "x"}).status_code == 403


def test_a_colleague_may_look_without_touching(client: Client, alice: User, bob: User) -> None:
    bob.is_staff = True
    bob.save()
    bob.user_permissions.add(Permission.objects.get(codename="view_preset"))
    client.force_login(bob)
    assert client.get("/admin/jobs/preset/").status_code == 200
    assert client.get(JOBS).status_code == 403
    job = make_job(alice)
    assert client.post(JOBS, {"action": "cancel", "_selected_action": [job.pk]}).status_code == 403


@pytest.mark.parametrize("path", ["/admin/", JOBS, "/admin/jobs/worker/"])
def test_others_are_sent_away(alice_portal: Client, path: str) -> None:
    response = alice_portal.get(path)
    assert (response.status_code, response.headers["Location"]) == (
        302, f"/admin/login/?next={path}",
    )  # fmt: skip
