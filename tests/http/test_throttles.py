"""How often one may ask: by account or address, by what one asks for."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from jobs.shares import make_share
from scene3d.settings.env import THROTTLE_RATES, read_environment
from tests.access.test_shares import WEEK
from tests.accounts.people import PASSWORD, api_of
from tests.jobs.builders import make_done

JOBS = "/api/v1/jobs/"


@pytest.fixture
def rates(settings: Any) -> Callable[..., None]:
    def change(**rates: str) -> None:
        settings.THROTTLES = rates

    return change


def statuses(client: Any, path: str, times: int, method: str = "get") -> list[int]:
    return [getattr(client, method)(path).status_code for _ in range(times)]


def test_each_person_has_an_allowance_of_their_own(
    alice: User, bob: User, rates: Callable[..., None]
) -> None:
    rates(read="3/min")
    assert statuses(api_of(alice), JOBS, 4) == [200, 200, 200, 429]
    assert statuses(api_of(bob), JOBS, 3) == [200] * 3


def test_reading_writing_and_uploading_are_counted_apart(
    alice: User, rates: Callable[..., None]
) -> None:
    rates(read="1/min", write="1/min", upload="1/min")
    client = api_of(alice)
    missing = f"{JOBS}00000000-0000-0000-0000-000000000000/cancel/"
    assert statuses(client, JOBS, 2) == [200, 429]
    assert statuses(client, JOBS, 2, "post")[1] == 429
    assert statuses(client, missing, 2, "post") == [404, 429]


def test_a_refusal_says_when_to_come_back(alice: User, rates: Callable[..., None]) -> None:
    rates(read="1/min")
    client = api_of(alice)
    client.get(JOBS)
    response = client.get(JOBS)
    assert response.json()["code"] == "throttled"
    assert 1 <= int(response.headers["Retry-After"]) <= 60


def test_a_header_does_not_make_another_stranger(
    db: None, rates: Callable[..., None], settings: Any
) -> None:
    rates(login="2/min")

    def ask(number: int) -> int:
        form = {"username": "x", "password": "y"}
        headers = {"X-Forwarded-For": f"198.51.100.{number}"}
        path = "/api/v1/auth/token/"
        return int(APIClient().post(path, form, format="json", headers=headers).status_code)

    assert [ask(number) for number in range(3)] == [401, 401, 429]
    settings.NUM_PROXIES = 1
    assert [ask(number) for number in range(3)] == [401, 401, 401]


def test_the_portals_doors_are_counted_too(alice: User, rates: Callable[..., None]) -> None:
    rates(login="2/min", signup="1/hour")
    form = {"username": "alice", "password": "wrong"}
    answers = [Client().post("/accounts/login/", form) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "Try again in 1 minute." in answers[-1].content.decode()
    assert Client().get("/accounts/login/").status_code == 200
    both = [Client().post("/accounts/signup/", form).status_code for _ in range(2)]
    assert both == [200, 429]
    right = {"username": "alice", "password": PASSWORD}
    assert Client().post("/accounts/login/", right).status_code == 429


def test_links_cannot_be_tried_out_in_bulk(alice: User, rates: Callable[..., None]) -> None:
    rates(share="3/min")
    _, token = make_share(make_done(alice), may_download=False, lifetime=WEEK)
    path = f"/s/{'x' * 43}/"
    assert statuses(Client(), path, 4) == [404, 404, 404, 429]
    assert Client().get(f"/s/{token}/").status_code == 429


def test_a_rate_may_be_changed_or_lifted() -> None:
    rates = read_environment({"SCENE3D_THROTTLES": "login=5/min,read="}).throttles
    assert rates == {**{n: r for n, r in THROTTLE_RATES.items() if n != "read"}, "login": "5/min"}
    assert read_environment({}).throttles == THROTTLE_RATES


@pytest.mark.parametrize("given", ["logn=5/min", "login=5", "login=0/min", "login=5/week", "5/min"])
def test_what_is_no_rate_stops_the_start(given: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="is no rate such as login=5/min"):
        read_environment({"SCENE3D_THROTTLES": given})
