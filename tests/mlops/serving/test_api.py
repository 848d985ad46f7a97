"""What is served, over the API: for staff with the right, and for nobody else."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from mlops import services
from mlops.models import Candidate, Configuration
from tests.accounts.people import api_of
from tests.mlops.serving.builders import (
    METRICS,
    REFUSED,
    WHY,
    everything,
    make_candidate,
    make_experiment,
    person,
    served_seeds,
    tuned,
)

CANDIDATES = "/api/v1/candidates/"
CONFIGURATIONS = "/api/v1/configurations/"
ROLL_BACK = f"{CONFIGURATIONS}roll-back/"


def post(client: APIClient, path: str, **values: Any) -> Any:
    return client.post(path, {"reason": WHY} | values, format="json")


@pytest.fixture
def olgas(olga: User) -> APIClient:
    return api_of(olga)


def test_a_candidate_with_everything(olgas: APIClient) -> None:
    experiment = make_experiment("Nightly")
    candidate = make_candidate(experiment, seed=2)
    body = olgas.get(f"{CANDIDATES}{candidate.pk}/").json()
    assert body["url"] == f"http://testserver{CANDIDATES}{candidate.pk}/"
    assert (body["experiment"], body["experiment_name"]) == (str(experiment.pk), "Nightly")
    assert (body["trial"], body["preset"], body["state"]) == ("standard-2", "standard", "waiting")
    assert body["options"] == tuned(seed=2).to_dict()
    assert body["metrics"] == METRICS
    assert [reason["gate"] for reason in body["reasons"]] == ["min_gain", "max_time_ratio"]
    assert (body["configurations"], body["proposed_by"]) == ([], None)
    assert body["tracking_url"] == experiment.tracking_url


def test_lists_start_with_the_newest(olga: User, olgas: APIClient) -> None:
    candidates = [make_candidate(seed=seed) for seed in (1, 2)]
    refused = make_candidate(seed=3, reasons=REFUSED)
    for candidate in candidates:
        services.promote(candidate, olga, WHY)
    listed = olgas.get(CANDIDATES).json()["results"]
    assert [row["id"] for row in listed] == [refused.pk, candidates[1].pk, candidates[0].pk]
    narrowed = olgas.get(CANDIDATES, {"state": "refused"}).json()["results"]
    assert [row["id"] for row in narrowed] == [refused.pk]
    configurations = olgas.get(CONFIGURATIONS).json()["results"]
    assert [(row["version"], row["is_active"]) for row in configurations] == [(2, True), (1, False)]


def test_promoting(olgas: APIClient) -> None:
    candidate = make_candidate(seed=5)
    response = post(olgas, f"{CANDIDATES}{candidate.pk}/promote/")
    body = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == body["url"] == f"http://testserver{CONFIGURATIONS}1/"
    assert (body["version"], body["is_active"], body["created_by"]) == (1, True, "olga")
    assert (body["candidate"], body["restores"], body["reason"]) == (candidate.pk, None, WHY)
    assert body["experiment"] == str(candidate.experiment_id)
    assert body["differences"] == {"standard": {"seed": 5}}
    assert body["options"] == {"standard": tuned(seed=5).to_dict()}
    assert olgas.get(body["url"]).json() == body
    assert olgas.get(f"{CANDIDATES}{candidate.pk}/").json()["configurations"] == [1]


def test_rolling_back(olgas: APIClient) -> None:
    for seed in (1, 2):
        post(olgas, f"{CANDIDATES}{make_candidate(seed=seed).pk}/promote/")
    restored = post(olgas, ROLL_BACK)
    assert (restored.status_code, restored.json()["restores"]) == (201, 1)
    assert served_seeds() == {"standard": 1}
    own = post(olgas, ROLL_BACK, version=0).json()
    assert (own["version"], own["restores"], own["options"]) == (4, 0, {})
    assert (own["candidate"], own["experiment"]) == (None, None)
    assert post(olgas, ROLL_BACK, version=2).json()["restores"] == 2


def test_rejecting(olgas: APIClient) -> None:
    candidate = make_candidate()
    response = post(olgas, f"{CANDIDATES}{candidate.pk}/reject/")
    assert (response.status_code, response.json()["state"]) == (200, "rejected")


@pytest.mark.usefixtures("approval")
def test_proposing_and_approving(ada: User, olgas: APIClient) -> None:
    path = f"{CANDIDATES}{make_candidate().pk}/"
    early = post(api_of(ada), f"{path}promote/")
    assert (early.status_code, early.json()["code"]) == (409, "proposal_needed")
    proposed = post(olgas, f"{path}propose/").json()
    assert (proposed["state"], proposed["proposed_by"]) == ("proposed", "olga")
    assert post(api_of(ada), f"{path}promote/").status_code == 201


@pytest.mark.usefixtures("approval")
def test_one_person_is_not_two(db: None) -> None:
    client = api_of(person("max", "operators", "approvers"))
    path = f"{CANDIDATES}{make_candidate().pk}/"
    post(client, f"{path}propose/")
    problem = post(client, f"{path}promote/")
    assert (problem.status_code, problem.json()["code"]) == (403, "second_person_needed")
    assert problem.headers["Content-Type"] == "application/problem+json"
    assert not Configuration.objects.exists()


def test_a_refused_candidate_is_a_conflict(operator: User) -> None:
    candidate = make_candidate(reasons=REFUSED)
    response = post(api_of(operator), f"{CANDIDATES}{candidate.pk}/promote/")
    body = response.json()
    assert (response.status_code, body["code"]) == (409, "candidate_refused")
    assert body["failed_gates"] == ["max_time_ratio"]
    assert body["next_step"]


@pytest.mark.parametrize("reason", ["", " ", None])
@pytest.mark.parametrize(
    "path",
    [
        "candidates/{}/promote/",
        "candidates/{}/reject/",
        "candidates/{}/propose/",
        "configurations/roll-back/",
    ],
)
def test_without_a_reason_nothing_happens(olgas: APIClient, path: str, reason: str | None) -> None:
    address = f"/api/v1/{path.format(make_candidate().pk)}"
    before = everything()
    response = olgas.post(address, {"reason": reason}, format="json")
    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert list(response.json()["errors"]) == ["reason"]
    assert everything() == before


@pytest.mark.parametrize("version", [-1, "x", 1.5])
def test_versions_are_numbers(olgas: APIClient, version: Any) -> None:
    response = post(olgas, ROLL_BACK, version=version)
    assert list(response.json()["errors"]) == ["version"]


def test_a_version_that_is_not_there(olgas: APIClient) -> None:
    response = post(olgas, ROLL_BACK, version=7)
    assert (response.status_code, response.json()["code"]) == (404, "version_unknown")
    assert olgas.get(f"{CONFIGURATIONS}7/").status_code == 404
    assert post(olgas, f"{CANDIDATES}7/promote/").json()["code"] == "not_found"


PATHS = [
    ("get", CANDIDATES),
    ("get", f"{CANDIDATES}{{}}/"),
    ("post", f"{CANDIDATES}{{}}/promote/"),
    ("post", f"{CANDIDATES}{{}}/propose/"),
    ("post", f"{CANDIDATES}{{}}/reject/"),
    ("get", CONFIGURATIONS),
    ("get", f"{CONFIGURATIONS}1/"),
    ("post", ROLL_BACK),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_others_do_not_get_in(
    api: APIClient, alice: User, eve: User, olga: User, method: str, path: str
) -> None:
    services.promote(make_candidate(seed=9), olga, WHY)
    address = path.format(make_candidate().pk)
    before = everything()
    clients = {"stranger": api, "alice": api_of(alice), "eve": api_of(eve)}
    answers = {
        name: getattr(client, method)(address, {"reason": WHY}).status_code
        for name, client in clients.items()
    }
    assert answers == {"stranger": 401, "alice": 404, "eve": 403}
    assert everything() == before


def test_permissions_alone_do_not_make_staff(db: None) -> None:
    client = api_of(person("olga", "operators", is_staff=False))
    assert client.get(CANDIDATES).status_code == 404
    assert post(client, f"{CANDIDATES}{make_candidate().pk}/promote/").status_code == 404


@pytest.mark.parametrize("path", ["candidates/{}/promote/", "configurations/roll-back/"])
def test_looking_is_not_acting(ada: User, olga: User, path: str) -> None:
    services.promote(make_candidate(seed=9), olga, WHY)
    candidate = make_candidate()
    assert api_of(ada).get(f"{CANDIDATES}{candidate.pk}/").status_code == 200
    response = post(api_of(ada), f"/api/v1/{path.format(candidate.pk)}")
    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert Candidate.objects.get(pk=candidate.pk).state == "waiting"


def test_a_new_server_has_no_configurations(olgas: APIClient) -> None:
    assert olgas.get(CONFIGURATIONS).json()["results"] == []
    problem = post(olgas, ROLL_BACK)
    assert (problem.status_code, problem.json()["code"]) == (409, "nothing_to_restore")
