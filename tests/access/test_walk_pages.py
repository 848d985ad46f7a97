"""Every page, asked by everybody who must not see it; one without a rule fails."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse

from accounts.models import User
from tests.access.world import World, ask, build_world, leaks_of, patterns
from tests.jobs.test_transitions import everything_about
from tests.mlops.serving.builders import person

OPEN = "open to all"
PERSONAL = "everybody's own"
OWNED = "of one's own jobs alone"
LINK = "for whoever has its token; here it is a wrong one"
OPERATORS = "for staff and operators"
ADMIN = "for staff with the right"

RULES: Mapping[str, str] = {
    **dict.fromkeys(
        ["accounts:login", "accounts:signup", "accounts:logout", "healthz", "readyz", "metrics",
         "admin:login", "admin:logout"],
        OPEN,
    ),
    **dict.fromkeys(
        ["home", "jobs:list", "jobs:new", "accounts:password", "accounts:keys"], PERSONAL
    ),
    **dict.fromkeys(
        ["jobs:detail", "jobs:viewer", "jobs:export", "jobs:action", "jobs:share",
         "jobs:revoke-share", "accounts:revoke-key"],
        OWNED,
    ),
    **dict.fromkeys(["shares:page", "shares:file", "shares:picture"], LINK),
}  # fmt: skip
"""By name; rooms that are closed as a whole follow."""
ROOMS: Mapping[str, str] = {
    "mlops": OPERATORS,
    "monitoring": OPERATORS,
    "alerts": OPERATORS,
    "admin": ADMIN,
}
EVERY_CLERKS = {
    "admin:index", "admin:password_change", "admin:password_change_done", "admin:jsi18n",
}  # fmt: skip
"""What staff without any right see of the admin: an empty list, and their own password."""
STATUSES: Mapping[str, Mapping[str, set[int]]] = {
    OPEN: {"anonymous": {200, 302, 405, 503}, "other": {200, 302, 405, 503}},
    PERSONAL: {"anonymous": {302}, "other": {200, 302, 400, 405}},
    OWNED: {"anonymous": {302}, "other": {404, 405}, "clerk": {404, 405}},
    LINK: {"anonymous": {404, 405}, "other": {404, 405}, "clerk": {404, 405}},
    OPERATORS: {"anonymous": {302}, "other": {404, 405}},
    ADMIN: {"anonymous": {302, 404}, "other": {302, 404}, "clerk": {302, 403, 404, 405}},
}


def rule_of(name: str) -> str | None:
    return RULES.get(name) or ROOMS.get(name.partition(":")[0])


def pages() -> dict[str, list[str]]:
    """Names and arguments of everything outside the API."""
    return {
        name: list(entry.pattern.converters)
        for name, entry in patterns(get_resolver())
        if not name.startswith("api:")
    }


def address(world: World, name: str, arguments: list[str]) -> str | None:
    """None for the two patterns of the admin that have no address of their own."""
    room = name.partition(":")[0]
    try:
        return reverse(name, kwargs=world.arguments(room, arguments) | extra(name))
    except NoReverseMatch:
        return None


def extra(name: str) -> dict[str, Any]:
    if name.startswith("admin:"):
        known = {"pk": 1, "name": "promote", "id": 1, "version": 1, "app_label": "jobs"}
        wanted = next(entry for found, entry in patterns(get_resolver()) if found == name)
        names = {*wanted.pattern.converters, *getattr(wanted.pattern, "regex", None).groupindex}  # type: ignore[union-attr]  # every pattern has one
        return {key: value for key, value in known.items() if key in names}
    return {}


@pytest.fixture
def world(alice: User) -> World:
    return build_world(alice)


def test_every_page_has_a_rule() -> None:
    assert [name for name in pages() if rule_of(name) is None] == []
    assert set(RULES) <= set(pages())


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("who", ["anonymous", "other", "clerk", "link"])
def test_nobody_sees_what_is_not_theirs(
    world: World, bob: User, portal_of: Callable[[User], Client], who: str, method: str
) -> None:
    known = everything_about(world.job)
    wrong: dict[str, Any] = {}
    walked = 0
    for name, arguments in pages().items():
        expected = STATUSES[rule_of(name) or ""].get("anonymous" if who == "link" else who)
        path = address(world, name, arguments)
        if path is None or expected is None or (who == "clerk" and name in EVERY_CLERKS):
            continue
        client = Client() if who in ("anonymous", "link") else portal_of(bob)
        if who == "clerk":
            client = portal_of(User.objects.filter(username="clerk").first() or person("clerk"))
        if who == "link":
            path += f"?token={world.token}"
            client.cookies["token"] = world.token
        response = ask(client, method, path)
        walked += 1
        if response.status_code not in expected or leaks_of(response):
            wrong[name] = response.status_code, leaks_of(response)
    assert wrong == {}
    assert walked >= 60
    assert everything_about(world.job) == known
