"""Whose address a request has: proxies of our own are believed, and nobody else."""

import pytest
from django.test import Client, RequestFactory

from scene3d.http.client import address_of, current_request

CHAIN = "6.6.6.6, 203.0.113.7, 198.51.100.2"


@pytest.mark.parametrize(
    ("num_proxies", "forwarded", "address"),
    [
        (0, CHAIN, "10.0.0.1"),
        (1, CHAIN, "198.51.100.2"),
        (2, CHAIN, "203.0.113.7"),
        (3, CHAIN, "6.6.6.6"),
        (4, CHAIN, "6.6.6.6"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "", "10.0.0.1"),
        (1, "unknown", "10.0.0.1"),
        (1, "203.0.113.7, <script>", "10.0.0.1"),
        (1, "203.0.113.7,", "10.0.0.1"),
    ],
)
def test_as_many_proxies_as_are_ours(
    settings: object, num_proxies: int, forwarded: str, address: str
) -> None:
    settings.NUM_PROXIES = num_proxies  # type: ignore[attr-defined]  # pytest-django's wrapper
    request = RequestFactory(REMOTE_ADDR="10.0.0.1").get(
        "/", headers={"X-Forwarded-For": forwarded}
    )
    assert address_of(request) == address


def test_a_unix_socket_has_no_address() -> None:
    assert address_of(RequestFactory(REMOTE_ADDR="").get("/")) is None


def test_there_is_a_request_only_while_there_is_one(client: Client) -> None:
    assert current_request() is None
    client.get("/healthz")
    assert current_request() is None
