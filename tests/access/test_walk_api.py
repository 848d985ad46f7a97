"""Every operation of the published schema, asked by everybody who must not get an answer.

An operation without a rule fails, so a new one cannot escape; see ASVS 8.2 and 8.4.
"""

from collections.abc import Mapping
from http import HTTPMethod
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import get_resolver
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from accounts.models import User
from scene3d.http.scopes import AREAS, SCOPES
from tests.access.world import World, ask, build_world, leaks_of, patterns
from tests.accounts.people import api_of, key_of
from tests.jobs.test_transitions import everything_about
from tests.mlops.serving.builders import person

Statuses = Mapping[str, set[int]]
UNDESCRIBED = {"api:schema", "api:docs", "api:redoc"}
METHODS = {method.value.lower() for method in HTTPMethod}

OPEN: Statuses = {"anonymous": {400}, "other": {400}, "clerk": {400}}
OWNED: Statuses = {"anonymous": {401}, "other": {404}, "clerk": {404}}
LIST_OF_ONES_OWN: Statuses = {"anonymous": {401}, "other": {200}, "clerk": {200}}
TUS: Statuses = {"anonymous": {401}, "other": {412}, "clerk": {412}}
"""Whoever does not say which version of tus they speak hears nothing else."""
NEW: Statuses = {"anonymous": {401}, "other": {415}, "clerk": {415}}
MACHINE: Statuses = {"anonymous": {401}, "other": {401}, "clerk": {401}}
SERVER: Statuses = {"anonymous": {401}, "other": {200}, "clerk": {200}}
RIGHT: Statuses = {"anonymous": {401}, "other": {404}, "clerk": {403}}
STAFF: Statuses = {"anonymous": {401}, "other": {404}}
"""Experiments and alerts are for all staff, so the clerk may see them."""

RULES: Mapping[str, Statuses] = {
    **dict.fromkeys(
        ["post auth/token/", "post auth/token/refresh/", "post auth/logout/"], OPEN
    ),
    "get jobs/": LIST_OF_ONES_OWN,
    "post jobs/": NEW,
    "post uploads/": TUS,
    **dict.fromkeys(
        [
            "get jobs/{id}/", "patch jobs/{id}/", "delete jobs/{id}/",
            "get jobs/{id}/artifacts/{name}", "post jobs/{id}/cancel/", "get jobs/{id}/events/",
            "post jobs/{id}/exports/{form}/", "post jobs/{id}/feedback/",
            "delete jobs/{id}/feedback/", "get jobs/{id}/photos/",
            "get jobs/{id}/photos/{index}/{kind}/", "post jobs/{id}/retry/",
            "patch uploads/{id}/", "delete uploads/{id}/",
            "get jobs/{id}/shares/", "post jobs/{id}/shares/", "delete jobs/{id}/shares/{share}/",
        ],
        OWNED,
    ),
    **dict.fromkeys(["get capabilities/", "get presets/"], SERVER),
    **dict.fromkeys(
        [
            "get baselines/", "get baselines/{id}/", "post baselines/{id}/activate/",
            "get drift/", "get candidates/", "get candidates/{id}/",
            "post candidates/{id}/promote/", "post candidates/{id}/propose/",
            "post candidates/{id}/reject/", "get configurations/",
            "get configurations/{version}/", "post configurations/roll-back/",
        ],
        RIGHT,
    ),
    **dict.fromkeys(
        [
            "get experiments/", "post experiments/", "get experiments/{id}/",
            "post experiments/{id}/cancel/", "post experiments/{id}/run-again/", "get alerts/",
            "get alerts/{id}/", "post alerts/{id}/acknowledge/",
            "post alerts/{id}/lift-silence/", "post alerts/{id}/silence/",
            "post alerts/{id}/start/",
        ],
        STAFF,
    ),
    "post alerts/": MACHINE,
}  # fmt: skip


@pytest.fixture
def world(alice: User, settings: Any) -> World:
    settings.ALERTS_TOKEN = "what-alertmanager-knows"
    return build_world(alice)


def described() -> dict[str, tuple[str, str]]:
    """Method and path of every operation, by the name that its rule has."""
    generator: Any = SchemaGenerator
    schema = generator().get_schema(request=None, public=True)
    return {
        f"{method} {path.removeprefix('/api/v1/')}": (method, path)
        for path, item in schema["paths"].items()
        for method in METHODS & set(item)
    }


def address(world: World, path: str, **changes: Any) -> str:
    room = path.split("/")[3]
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return path.format(**world.arguments(room, names) | changes)


def stranger_for(who: str, bob: User) -> Client:
    if who == "clerk":
        return api_of(person("clerk"))
    return api_of(bob) if who == "other" else Client()


def test_every_operation_has_a_rule_and_every_rule_an_operation(db: None) -> None:
    assert set(described()) == set(RULES)


def test_every_address_of_the_api_is_in_the_schema(db: None) -> None:
    """One that is left out of the schema would escape the walk."""
    names = {name for name, _ in patterns(get_resolver()) if name.startswith("api:")}
    paths = {path for _, path in described().values()}
    assert len(paths) == len(names - UNDESCRIBED)


@pytest.mark.parametrize("who", ["anonymous", "other", "clerk"])
def test_nobody_gets_what_is_not_theirs(world: World, bob: User, who: str) -> None:
    client = stranger_for(who, bob)
    known = everything_about(world.job)
    wrong: dict[str, Any] = {}
    for name, (method, path) in described().items():
        expected = RULES[name].get(who)
        if expected is None:
            continue
        response = ask(client, method, address(world, path))
        if response.status_code not in expected or leaks_of(response):
            wrong[name] = response.status_code, leaks_of(response)
    assert wrong == {}
    assert everything_about(world.job) == known


def test_a_key_opens_nothing_outside_its_scopes(world: World, alice: User, operator: User) -> None:
    """Every operation by a key of who may do it, with all scopes but the one that it needs."""
    known = everything_about(world.job)
    wrong: dict[str, Any] = {}
    for name, (method, path) in described().items():
        owner = alice if path.startswith(("/api/v1/jobs/", "/api/v1/uploads/")) else operator
        kind = "read" if method == "get" else "write"
        needed = f"{AREAS.get(path.split('/')[3])}:{kind}"
        client = key_of(owner, *(set(SCOPES) - {needed}))
        response = ask(client, method, address(world, path))
        expected = {400} if RULES[name] is OPEN else {401} if RULES[name] is MACHINE else {403}
        if response.status_code not in expected or leaks_of(response):
            wrong[name] = response.status_code, leaks_of(response)
    assert wrong == {}
    assert everything_about(world.job) == known


@pytest.mark.parametrize("scheme", ["Bearer", "Api-Key", "Token", "query"])
def test_a_link_opens_nothing_of_the_api(world: World, scheme: str) -> None:
    """Whoever has it is a stranger here."""
    client = APIClient()
    query = f"?token={world.token}&share={world.token}" if scheme == "query" else ""
    if not query:
        client.credentials(HTTP_AUTHORIZATION=f"{scheme} {world.token}")
    wrong: dict[str, Any] = {}
    for name, (method, path) in described().items():
        response = ask(client, method, address(world, path) + query)
        if response.status_code not in RULES[name]["anonymous"] or leaks_of(response):
            wrong[name] = response.status_code, leaks_of(response)
    assert wrong == {}


def test_a_key_of_somebody_else_opens_nothing_either(world: World, bob: User) -> None:
    client = key_of(bob, *SCOPES)
    for name, (method, path) in described().items():
        if RULES[name] is OWNED:
            assert ask(client, method, address(world, path)).status_code == 404, name


def test_what_is_not_ones_own_looks_like_what_is_not_there(world: World, bob: User) -> None:
    client = api_of(bob)
    for name, (method, path) in described().items():
        if RULES[name] is OWNED:
            answers = [
                ask(client, method, address(world, path, **changes)).json() | {"request_id": ""}
                for changes in ({}, {"id": uuid4()})
            ]
            assert answers[0] == answers[1], name


def test_the_walk_arrives(world: World, alice: User, operator: User, broker: object) -> None:
    """Whoever has the right gets an answer at each of these addresses."""
    closed: dict[str, int] = {}

    def when(row: tuple[str, tuple[str, str]]) -> tuple[bool, bool]:
        return row[0].startswith("delete"), row[0] == "delete jobs/{id}/"

    for name, (method, path) in sorted(described().items(), key=when):
        client = api_of(alice if name.split()[1].startswith(("jobs/", "uploads/")) else operator)
        status = ask(client, method, address(world, path)).status_code
        if status in (401, 403, 404, 405) and RULES[name] is not MACHINE:
            closed[name] = status
    assert closed == {}
