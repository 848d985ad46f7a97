"""Probes: alive, and able to serve."""

from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from rq import Queue


def test_alive_without_looking_at_anything(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.django_db
def test_ready_with_database_and_broker(client: Client, broker: Queue) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ready",
        "checks": {"database": True, "broker": True},
        "num_workers": 0,
    }
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.django_db
def test_workers_are_counted(client: Client, broker: Queue) -> None:
    broker.connection.sadd("rq:workers:reconstruction", "rq:worker:a", "rq:worker:b")
    assert client.get("/readyz").json()["num_workers"] == 2


@pytest.mark.django_db
def test_not_ready_without_a_broker(client: Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {
        "status": "unavailable",
        "checks": {"database": True, "broker": False},
        "num_workers": 0,
    }


@pytest.mark.django_db
def test_not_ready_without_a_database(client: Client, broker: Queue) -> None:
    def away(*_: Any) -> Any:
        raise DatabaseError("the database is away")

    with connection.execute_wrapper(away):
        response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"] == {"database": False, "broker": True}
