"""/api/v1/experiments/, for programs."""

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from mlops.models import Experiment
from tests.accounts.people import api_of
from tests.mlops import experiments
from tests.mlops.experiments import GOOD, SPEC, data_folder, spec_text
from tests.mlops.people import operator, own_data_dir, staff, stranger

__all__ = ["operator", "own_data_dir", "staff", "stranger"]
pytestmark = pytest.mark.django_db

ROOT = "/api/v1/experiments/"


def test_for_others_there_is_nothing(stranger: User) -> None:
    experiment = experiments.done()
    for method, path in (
        ("get", ROOT), ("post", ROOT), ("get", f"{ROOT}{experiment.pk}/"),
        ("post", f"{ROOT}{experiment.pk}/cancel/"), ("post", f"{ROOT}{experiment.pk}/run-again/"),
    ):  # fmt: skip
        assert getattr(APIClient(), method)(path).status_code == 401, path
        answer = getattr(api_of(stranger), method)(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path


def test_list(staff: User, operator: User) -> None:
    finished = experiments.done(staff)
    waiting = experiments.waiting(name="Waits")
    body = api_of(operator).get(ROOT).json()
    assert [row["id"] for row in body["results"]] == [str(waiting.pk), str(finished.pk)]
    assert body["next"] is None
    first, second = body["results"]
    assert (first["best"], first["error"], first["started_by"]) == (None, None, None)
    assert second["best"] == {"trial": GOOD, "score": 71.5, "gain": 1.5, "passed": True}
    assert (second["started_by"], second["state"]) == ("sara", "done")
    assert second["url"].endswith(f"{ROOT}{finished.pk}/")
    only = api_of(staff).get(ROOT, {"state": "queued"}).json()["results"]
    assert [row["id"] for row in only] == [str(waiting.pk)]


def test_pages_follow_a_cursor(staff: User) -> None:
    for number in range(3):
        experiments.waiting(name=f"E{number}")
    first = api_of(staff).get(ROOT, {"page_size": 2}).json()
    assert [row["name"] for row in first["results"]] == ["E2", "E1"]
    second = api_of(staff).get(first["next"]).json()
    assert [row["name"] for row in second["results"]] == ["E0"]


def test_one(staff: User) -> None:
    experiment = experiments.done(staff)
    body = api_of(staff).get(f"{ROOT}{experiment.pk}/").json()
    assert [stage["name"] for stage in body["stages"]][:2] == ["validate", "eda_baselines"]
    assert body["stages"][1]["state"] == "unchanged"
    assert body["evaluation"] == experiment.evaluation
    assert body["decision"]["best"] == GOOD
    assert body["spec"]["name"] == "Larger photos"
    assert api_of(staff).get(f"{ROOT}00000000-0000-0000-0000-000000000000/").status_code == 404


@pytest.mark.parametrize("form", ["spec", "spec_yaml"])
def test_start(staff: User, tmp_path: Path, form: str) -> None:
    data = data_folder(tmp_path / "photos")
    spec: Any = SPEC if form == "spec" else spec_text()
    answer = api_of(staff).post(ROOT, {form: spec, "data": str(data)}, format="json")
    assert answer.status_code == 202, answer.json()
    [experiment] = Experiment.objects.all()
    assert answer["Location"].endswith(f"{ROOT}{experiment.pk}/")
    assert (experiment.trigger, experiment.started_by) == ("api", staff)
    assert (experiment.data, answer.json()["state"]) == (str(data), "queued")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid"),
        ({"spec": SPEC, "spec_yaml": "a: 1"}, 400, "invalid"),
        ({"spec": {}}, 422, "spec_invalid"),
        ({"spec": {"name": "x"}}, 422, "spec_invalid"),
        ({"spec_yaml": "a: ["}, 422, "spec_invalid"),
        ({"spec_yaml": "- a"}, 422, "spec_invalid"),
        ({"spec": {**SPEC, "data": "/nowhere"}}, 422, "data_missing"),
    ],
)
def test_start_refused(staff: User, body: dict[str, Any], status: int, code: str) -> None:
    answer = api_of(staff).post(ROOT, body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["next_step"]
    assert not Experiment.objects.exists()


def test_every_problem_of_a_spec_is_listed(staff: User) -> None:
    body = {"spec": {**SPEC, "seeds": [-1], "sedes": [1]}}
    problems = api_of(staff).post(ROOT, body, format="json").json()["problems"]
    assert len(problems) == 2


def test_cancel_and_run_again(staff: User) -> None:
    experiment = experiments.waiting()
    path, api = f"{ROOT}{experiment.pk}/", api_of(staff)
    assert api.post(f"{path}run-again/").json()["code"] == "experiment_active"
    cancelled = api.post(f"{path}cancel/")
    assert (cancelled.status_code, cancelled.json()["state"]) == (202, "cancelled")
    refused = api.post(f"{path}cancel/")
    assert (refused.status_code, refused.json()["code"]) == (409, "experiment_over")
    again = api.post(f"{path}run-again/")
    assert (again.status_code, again.json()["state"]) == (202, "queued")
    experiments.running(experiment, until="validate")
    refused = api.post(f"{path}run-again/")
    assert (refused.status_code, refused.json()["code"]) == (409, "experiment_active")
