"""Requests to an address that an operator has named: no redirects, no private networks, no long
waits.

Proxies of the environment are not asked: the address that was checked is the one that is met.
"""

import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from threading import Event, Timer
from time import monotonic
from urllib.parse import SplitResult, urlsplit, urlunsplit

_PORTS = {"http": 80, "https": 443}
_NAT64 = ip_network("64:ff9b::/96")
"""IPv4 addresses, private ones among them, as IPv6 networks write them. Source: RFC 6052."""

IpAddress = IPv4Address | IPv6Address


class RequestFailed(Exception):  # noqa: N818  # the other side is at fault as often
    """There was no answer; the message says why, and names the host alone."""


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    timeout_s: float,
    allow_private: bool = False,
) -> int:
    """The status of the answer, whatever it is; its body is not read.

    Args:
        timeout_s: for the connection, and again for all that follows; looking up the name comes
            before, within the limits of this machine's resolver.
        allow_private: whether the address may be one that the internet does not have.
    Raises:
        RequestFailed.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    started_s = monotonic()
    try:
        addresses = _addresses(host, parts, allow_private=allow_private)
        connected = _connect(addresses, timeout_s)
        started_s = monotonic()
        with closing(connected), _ending_after(timeout_s, connected):
            return _exchange(connected, parts, body, headers)
    except (OSError, HTTPException) as error:
        if isinstance(error, TimeoutError) or monotonic() - started_s >= timeout_s:
            raise RequestFailed(f"{host} did not answer within {timeout_s:g} s.") from error
        raise RequestFailed(f"{host}: {str(error) or type(error).__name__}.") from error


def is_public(address: IpAddress) -> bool:
    """Whether it may be one machine's, somewhere on the internet."""
    written = [address]
    if isinstance(address, IPv6Address):
        written += [one for one in (address.ipv4_mapped, address.sixtofour) if one is not None]
    return all(one.is_global and not one.is_multicast and one not in _NAT64 for one in written)


def _addresses(host: str, parts: SplitResult, *, allow_private: bool) -> Sequence[tuple[str, int]]:
    """Looked up once: nobody can answer differently when we connect.

    Raises: RequestFailed, OSError.
    """
    port = parts.port or _PORTS[parts.scheme]
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [(str(place[0]), port) for *_, place in found]
    allowed = [one for one in addresses if allow_private or is_public(ip_address(one[0]))]
    if not allowed:
        raise RequestFailed(
            f"{host} has a private address, where nothing is sent"
            " (SCENE3D_WEBHOOK_ALLOW_PRIVATE=true allows it)."
        )
    return allowed


def _connect(addresses: Sequence[tuple[str, int]], timeout_s: float) -> socket.socket:
    """To the first that takes us. Raises: OSError."""
    ends_at_s = monotonic() + timeout_s
    for address in addresses[:-1]:
        with suppress(OSError):
            return socket.create_connection(address, max(0.01, ends_at_s - monotonic()))
    return socket.create_connection(addresses[-1], max(0.01, ends_at_s - monotonic()))


@contextmanager
def _ending_after(timeout_s: float, connected: socket.socket) -> Iterator[None]:
    """Whoever sends a byte now and then keeps each wait short, and would keep us for ever.

    Raises: TimeoutError.
    """
    has_ended = Event()

    def end() -> None:
        has_ended.set()
        with suppress(OSError):  # it has ended by itself
            twin.shutdown(socket.SHUT_RDWR)

    with closing(connected.dup()) as twin:  # TLS takes the connected one for itself
        timer = Timer(timeout_s, end)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
    if has_ended.is_set():  # half an answer looks like one
        raise TimeoutError


def _exchange(
    connected: socket.socket, parts: SplitResult, body: bytes, headers: Mapping[str, str]
) -> int:
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connected = context.wrap_socket(connected, server_hostname=parts.hostname)
    with closing(connected):
        request = HTTPConnection(parts.hostname or "", parts.port or _PORTS[parts.scheme])
        request.sock = connected
        target = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        request.request("POST", target, body, dict(headers))
        with closing(request.getresponse()) as answer:
            return answer.status
