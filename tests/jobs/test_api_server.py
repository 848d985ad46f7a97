"""What the server tells of itself: capabilities, presets, and the description of the API."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.utils import timezone
from rest_framework.test import APIClient

from jobs.models import Preset
from jobs.worker_models import Worker

CAPABLE = {"device": "cpu", "presets": {"quick": True, "standard": True, "thorough": False}}
LICENCE = "BSD-3-Clause (COLMAP, ALIKED), Apache-2.0 (LightGlue)"
LIMITED = {"device": "cpu", "presets": {"quick": True, "standard": False, "thorough": False}}
NOW, LONG_AGO = timedelta(seconds=44), timedelta(seconds=46)


def add_worker(name: str, capabilities: dict[str, Any], since: timedelta = NOW) -> None:
    Worker.objects.create(name=name, capabilities=capabilities, heartbeat_at=timezone.now() - since)


def test_without_workers_nothing_can_be_run(alice_api: APIClient) -> None:
    assert alice_api.get("/api/v1/capabilities/").json() == {"workers": [], "presets": {}}


def test_one_worker_that_can_is_enough(alice_api: APIClient) -> None:
    add_worker("b", LIMITED)
    add_worker("a", CAPABLE)
    body = alice_api.get("/api/v1/capabilities/").json()
    assert body["workers"] == [{"name": "a", **CAPABLE}, {"name": "b", **LIMITED}]
    assert body["presets"] == {"quick": True, "standard": True, "thorough": False}


def test_a_worker_that_fell_silent_counts_no_more(alice_api: APIClient) -> None:
    add_worker("a", CAPABLE, LONG_AGO)
    assert alice_api.get("/api/v1/capabilities/").json() == {"workers": [], "presets": {}}


def test_presets_in_their_order_with_licences(alice_api: APIClient) -> None:
    add_worker("b", LIMITED)
    rows = alice_api.get("/api/v1/presets/").json()
    fields = ("name", "title", "is_default", "is_available", "licence")
    assert [tuple(row[field] for field in fields) for row in rows] == [
        ("quick", "Quick", False, True, "BSD-3-Clause (COLMAP)"),
        ("standard", "Standard", True, False, LICENCE),
        ("thorough", "Thorough", False, False,
         "BSD-3-Clause (COLMAP, ALIKED), Apache-2.0 (LightGlue)"),
    ]  # fmt: skip
    assert rows[0]["options"]["features"]["extractor"] == "sift"
    assert all(row["purpose"] and row["cost"] for row in rows)


def test_while_no_worker_runs_availability_is_unknown(alice_api: APIClient) -> None:
    rows = alice_api.get("/api/v1/presets/").json()
    assert [row["is_available"] for row in rows] == [None, None, None]


def test_what_the_operator_disabled_is_not_offered(alice_api: APIClient) -> None:
    Preset.objects.filter(name="quick").update(is_enabled=False)
    Preset.objects.filter(name="thorough").update(position=0, own_title="Slow but sure")
    rows = alice_api.get("/api/v1/presets/").json()
    assert [(row["name"], row["title"]) for row in rows] == [
        ("thorough", "Slow but sure"), ("standard", "Standard"),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def schema() -> Any:
    """Validated on the way; a warning is a failure."""
    written = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=written)
    return yaml.safe_load(written.getvalue())


def operations(schema: Any) -> list[tuple[str, str, Any]]:
    return [
        (method, path, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_operation_has_a_summary_and_a_tag(schema: Any) -> None:
    found = operations(schema)
    assert len(found) >= 14
    for method, path, operation in found:
        assert operation.get("summary"), f"{method} {path}"
        assert operation["tags"] in (
            ["jobs"],
            ["server"],
            ["uploads"],
            ["auth"],
            ["serving"],
            ["experiments"],
            ["drift"],
            ["alerts"],
        ), f"{method} {path}"
    summaries = [operation["summary"] for _, _, operation in found]
    assert len(set(summaries)) == len(summaries)


def test_the_schema_names_the_addresses_of_the_contract(schema: Any) -> None:
    described = {(method, path) for method, path, _ in operations(schema)}
    jobs = "/api/v1/jobs/"
    assert described >= {
        ("post", "/api/v1/auth/token/"), ("post", "/api/v1/auth/token/refresh/"),
        ("post", "/api/v1/auth/logout/"), ("get", jobs), ("post", jobs), ("get", f"{jobs}{{id}}/"),
        ("delete", f"{jobs}{{id}}/"), ("patch", f"{jobs}{{id}}/"),
        ("post", f"{jobs}{{id}}/exports/{{form}}/"), ("get", f"{jobs}{{id}}/events/"),
        ("get", f"{jobs}{{id}}/photos/"), ("post", f"{jobs}{{id}}/cancel/"),
        ("post", f"{jobs}{{id}}/retry/"), ("get", f"{jobs}{{id}}/artifacts/{{name}}"),
        ("get", "/api/v1/capabilities/"), ("get", "/api/v1/presets/"),
        ("get", "/api/v1/candidates/"), ("get", "/api/v1/candidates/{id}/"),
        ("post", "/api/v1/candidates/{id}/promote/"), ("post", "/api/v1/candidates/{id}/reject/"),
        ("post", "/api/v1/candidates/{id}/propose/"), ("get", "/api/v1/configurations/"),
        ("get", "/api/v1/configurations/{version}/"), ("post", "/api/v1/configurations/roll-back/"),
    }  # fmt: skip


def test_uploads_are_described_as_multipart(schema: Any) -> None:
    operation = schema["paths"]["/api/v1/jobs/"]["post"]
    assert list(operation["requestBody"]["content"]) == ["multipart/form-data"]
    assert list(operation["responses"]) == ["202"]
    assert "Idempotency-Key" in {parameter["name"] for parameter in operation["parameters"]}


def test_the_schema_is_open_to_all(api: APIClient, db: None) -> None:
    response = api.get("/api/v1/schema/")
    assert (response.status_code, response.headers["Content-Type"]) == (
        200, "application/vnd.oai.openapi; charset=utf-8",
    )  # fmt: skip
    assert yaml.safe_load(response.content)["info"]["title"] == "Scene3D"
