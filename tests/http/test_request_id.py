"""One id for a request, in its answer and its error."""

import re

import pytest
from django.test import Client
from rest_framework.test import APIClient


@pytest.mark.parametrize("given", ["r-1", "a.b_c-D9", "x" * 64])
def test_a_usable_id_is_kept(client: Client, given: str) -> None:
    response = client.get("/healthz", headers={"X-Request-ID": given})
    assert response.headers["X-Request-ID"] == given


@pytest.mark.parametrize(
    "given", ["", "x" * 65, "a b", "a\tb", "<script>", "a/b", "a;b", "r-1\n"],
    ids=["none", "long", "space", "tab", "tag", "slash", "semicolon", "newline"],
)  # fmt: skip
def test_another_is_replaced(client: Client, given: str) -> None:
    response = client.get("/healthz", headers={"X-Request-ID": given})
    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["X-Request-ID"])


def test_every_request_gets_its_own(client: Client) -> None:
    ids = {client.get("/healthz").headers["X-Request-ID"] for _ in range(3)}
    assert len(ids) == 3


def test_a_problem_names_it(api: APIClient, db: None) -> None:
    response = api.get("/api/v1/jobs/")
    assert response.status_code == 401
    assert response.json()["request_id"] == response.headers["X-Request-ID"]
