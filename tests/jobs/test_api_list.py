"""The list of one's jobs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from jobs.states import JobState
from tests.jobs.builders import make_done, make_in_state, make_job, start
from tests.jobs.uploading import JOBS

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def names(client: APIClient, query: Any = None) -> list[str]:
    response = client.get(JOBS, query)
    assert response.status_code == 200
    return [row["name"] for row in response.json()["results"]]


def make_many(owner: User, *names: str) -> None:
    """The first is the oldest; an hour lies between them."""
    for hour, name in enumerate(names):
        at = NOON + timedelta(hours=hour)
        make_job(owner, name=name, created_at=at, queued_at=at)


def test_a_list_of_none(alice_api: APIClient) -> None:
    assert alice_api.get(JOBS).json() == {"next": None, "previous": None, "results": []}


def test_pages_follow_each_other(alice: User, alice_api: APIClient) -> None:
    make_many(alice, *"abcde")
    pages, url = [], f"{JOBS}?page_size=2"
    while url:
        page = alice_api.get(url).json()
        pages.append([row["name"] for row in page["results"]])
        url = page["next"]
    assert pages == [["e", "d"], ["c", "b"], ["a"]]


def test_a_new_job_does_not_shift_the_pages(alice: User, alice_api: APIClient) -> None:
    make_many(alice, *"abc")
    first = alice_api.get(f"{JOBS}?page_size=2").json()
    make_job(alice, name="new")
    assert names(alice_api, None) == ["new", "c", "b", "a"]
    second = alice_api.get(first["next"]).json()
    assert [row["name"] for row in second["results"]] == ["a"]


@pytest.mark.parametrize(("page_size", "shown"), [("1", 1), ("0", 24), ("x", 24), ("1000", 26)])
def test_the_size_of_a_page(alice: User, alice_api: APIClient, page_size: str, shown: int) -> None:
    for number in range(26):
        make_job(alice, name=str(number), num_photos=0)
    assert len(names(alice_api, {"page_size": page_size})) == shown


def test_a_cursor_of_nonsense_is_told(alice_api: APIClient) -> None:
    response = alice_api.get(JOBS, {"cursor": "nonsense"})
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_searching_looks_into_names(alice: User, alice_api: APIClient) -> None:
    make_many(alice, "Old Gate", "new gate", "Bridge", "100 % wool")
    assert names(alice_api, {"search": "GATE"}) == ["new gate", "Old Gate"]
    assert names(alice_api, {"search": "%"}) == ["100 % wool"]
    assert names(alice_api, {"search": "tower"}) == []


def test_states_can_be_chosen_and_combined(alice: User, alice_api: APIClient) -> None:
    for state in JobState:
        make_in_state(alice, state, name=state)
    assert names(alice_api, {"state": "running"}) == ["running"]
    assert sorted(names(alice_api, {"state": ["done", "failed"]})) == ["done", "failed"]


def test_times_limit_the_list(alice: User, alice_api: APIClient) -> None:
    make_many(alice, "noon", "one", "two")
    one = "2026-03-01T13:00:00Z"
    assert names(alice_api, {"created_after": one}) == ["two", "one"]
    assert names(alice_api, {"created_before": one}) == ["noon"]
    assert names(alice_api, {"created_after": one, "created_before": "2026-03-01T14:00:00Z"}) == [
        "one"
    ]
    assert names(alice_api, {"created_after": "2026-03-01T14:00:00+01:00"}) == ["two", "one"]


@pytest.mark.parametrize(
    ("query", "field"),
    [({"state": "lost"}, "state"), ({"created_after": "noon"}, "created_after"),
     ({"search": "a\x00"}, "search")],
)  # fmt: skip
def test_wrong_filters_are_named(alice_api: APIClient, query: dict[str, str], field: str) -> None:
    response = alice_api.get(JOBS, query)
    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert list(response.json()["errors"]) == [field]


def test_a_row_tells_enough_for_a_card(alice: User, alice_api: APIClient) -> None:
    job = make_done(alice)
    [row] = alice_api.get(JOBS).json()["results"]
    assert set(row) == {
        "id", "url", "name", "state", "stage", "preset", "configuration_version", "num_photos",
        "progress", "queue_position", "error", "is_partial", "partial_reason", "statistics",
        "created_at", "started_at", "finished_at",
    }  # fmt: skip
    assert row["url"] == f"http://testserver/api/v1/jobs/{job.pk}/"
    assert row["progress"]["percent"] == 100
    assert row["statistics"]["num_registered"] == 2


def test_places_in_the_queue_are_everybodys(
    alice: User, bob: User, alice_api: APIClient, bob_api: APIClient
) -> None:
    make_many(alice, "first")
    at = NOON + timedelta(minutes=30)
    make_job(bob, name="second", queued_at=at)
    make_job(alice, name="third", queued_at=NOON + timedelta(hours=5))
    start(make_job(alice, name="running", queued_at=NOON - timedelta(hours=1)))
    rows = {row["name"]: row["queue_position"] for client in (alice_api, bob_api)
            for row in client.get(JOBS).json()["results"]}  # fmt: skip
    # Alice has one that runs already, so it is bob's turn.
    assert rows == {"second": 1, "first": 2, "third": 3, "running": None}
