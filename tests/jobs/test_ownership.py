"""Whose jobs are whose: a foreign id looks exactly like one that does not exist."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from rest_framework.test import APIClient

from accounts.models import User
from jobs.models import Job
from jobs.states import JobState
from tests.accounts.people import api_of
from tests.jobs.builders import make_done, make_in_state
from tests.jobs.test_transitions import everything_about

METHODS = ("get", "head", "post", "put", "patch", "delete")
ARGUMENTS = {
    "index": 0,
    "kind": "thumbnail",
    "name": "points.ply",
    "action": "cancel",
    "form": "bundle",
    "share": uuid4(),
}


def patterns(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from patterns(entry, inner)
        else:
            yield f"{namespace}{entry.name}", entry


def names_of_jobs(prefix: str) -> list[str]:
    """Every address that carries a job's id, found in the URL configuration."""
    return [
        name
        for name, entry in patterns(get_resolver())
        if name.startswith(prefix) and "pk" in entry.pattern.converters
    ]


def address(name: str, pk: UUID) -> str:
    wanted = next(e for n, e in patterns(get_resolver()) if n == name).pattern.converters
    known = ARGUMENTS | {"pk": pk}
    return reverse(name, kwargs={argument: known[argument] for argument in wanted})


API = names_of_jobs("api:job-")
PAGES = names_of_jobs("jobs:")


def answer(client: Client, method: str, path: str) -> tuple[int, Any]:
    response = getattr(client, method)(path)
    body = b"" if method == "head" or response.streaming else response.content
    document = response.json() | {"request_id": None} if body.startswith(b"{") else body
    return response.status_code, document


def test_the_walk_finds_the_addresses() -> None:
    assert {"api:job-detail", "api:job-artifact", "api:job-picture", "api:job-events"} <= set(API)
    assert {"jobs:detail", "jobs:viewer", "jobs:action", "jobs:export"} <= set(PAGES)
    assert len(API) >= 7


@pytest.mark.parametrize("name", API)
def test_somebody_elses_job_does_not_exist(alice: User, bob_api: APIClient, name: str) -> None:
    job = make_done(alice)
    known = everything_about(job)
    statuses = {}
    for method in METHODS:
        foreign = answer(bob_api, method, address(name, job.pk))
        assert foreign == answer(bob_api, method, address(name, uuid4()))
        statuses[method] = foreign[0]
    assert set(statuses.values()) == {404, 405}
    assert everything_about(job) == known


@pytest.mark.parametrize("state", JobState)
def test_no_state_of_somebody_elses_job_shows(
    alice: User, bob_api: APIClient, state: JobState
) -> None:
    """A 409 would tell that the job is there."""
    job = make_in_state(alice, state)
    for name in ("api:job-cancel", "api:job-retry"):
        assert bob_api.post(address(name, job.pk)).status_code == 404
    assert bob_api.delete(address("api:job-detail", job.pk)).status_code == 404
    assert Job.objects.get(pk=job.pk).state == state


@pytest.mark.parametrize("name", [name for name in API if name != "api:job-share"])
def test_every_address_answers_its_owner(alice: User, alice_api: APIClient, name: str) -> None:
    """Without this, the walk could pass because the addresses lead nowhere."""
    path = address(name, make_done(alice).pk)
    codes = {alice_api.get(path).status_code, alice_api.post(path).status_code}
    assert 404 not in codes
    assert codes & {200, 202, 400, 409}


@pytest.mark.parametrize("name", ["api:job-list", *API])
def test_strangers_are_asked_who_they_are(alice: User, api: APIClient, name: str) -> None:
    job = make_done(alice)
    path = reverse(name) if name == "api:job-list" else address(name, job.pk)
    for method in METHODS:
        response = getattr(api, method)(path)
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert Job.objects.filter(pk=job.pk).exists()


@pytest.mark.parametrize("name", ["api:capabilities", "api:presets"])
def test_strangers_learn_nothing_of_the_server(api: APIClient, db: None, name: str) -> None:
    response = api.get(reverse(name))
    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")


def test_operators_see_others_jobs_in_the_admin_only(alice: User, operator: User) -> None:
    job = make_done(alice)
    assert api_of(operator).get(address("api:job-detail", job.pk)).status_code == 404


def test_lists_hold_ones_own(alice: User, alice_api: APIClient, bob_api: APIClient) -> None:
    job = make_done(alice)
    assert [row["id"] for row in alice_api.get("/api/v1/jobs/").json()["results"]] == [str(job.pk)]
    assert bob_api.get("/api/v1/jobs/").json()["results"] == []


@pytest.mark.parametrize("name", PAGES)
def test_pages_of_somebody_elses_job_do_not_exist(
    alice: User, bob: User, portal_of: Callable[[User], Client], name: str
) -> None:
    job = make_done(alice)
    known = everything_about(job)
    browser = portal_of(bob)
    statuses = {answer(browser, method, address(name, job.pk))[0] for method in METHODS}
    assert statuses == {404, 405}
    assert everything_about(job) == known


@pytest.mark.parametrize("name", PAGES)
def test_pages_send_strangers_to_the_login(alice: User, client: Client, name: str) -> None:
    path = address(name, make_done(alice).pk)
    for method in ("get", "post"):
        response = getattr(client, method)(path)
        assert (response.status_code, response.headers["Location"]) == (
            302, f"/accounts/login/?next={path}",
        )  # fmt: skip


@pytest.mark.parametrize("pk", ["1", "not-a-uuid", "00000000-0000-0000-0000-00000000000"])
def test_what_is_no_id_is_not_found(alice_api: APIClient, pk: str) -> None:
    response = alice_api.get(f"/api/v1/jobs/{pk}/")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
