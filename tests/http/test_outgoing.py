"""Requests that leave this server: where they may go, and how long they may take."""

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from scene3d.http.outgoing import RequestFailed, is_public, post
from tests.receiver import Receiver, receiving, signed

BODY = b'{"type": "test"}'
QUICK_S = 0.4


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def send(url: str, *, timeout_s: float = QUICK_S, allow_private: bool = True) -> int:
    return post(url, BODY, signed(BODY), timeout_s=timeout_s, allow_private=allow_private)


def test_the_answer_s_status_is_told_and_redirects_are_not_followed(receiver: Receiver) -> None:
    receiver.answers = [204, 500, 302]
    assert [send(receiver.url) for _ in range(3)] == [204, 500, 302]
    assert receiver.paths == ["/hooks?to=scene3d"] * 3


def test_nothing_is_sent_to_private_addresses(receiver: Receiver) -> None:
    for host in ("127.0.0.1", "localhost", "[::1]", "0", "2130706433", "[::ffff:127.0.0.1]"):
        with pytest.raises(RequestFailed, match="private address, where nothing is sent"):
            send(f"http://{host}:{receiver.port}/", allow_private=False)
    assert receiver.ids == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:0a00:0001::", False),
        ("64:ff9b::a00:1", False),
        ("ff0e::1", False),
    ],
)
def test_what_is_public(address: str, *, public: bool) -> None:
    assert is_public(ip_address(address)) is public


def test_a_silent_server_is_left(receiver: Receiver) -> None:
    receiver.silence_s = 1.0
    started_s = time.monotonic()
    with pytest.raises(RequestFailed, match=r"^127\.0\.0\.1 did not answer within 0\.4 s\.$"):
        send(receiver.url)
    assert QUICK_S <= time.monotonic() - started_s < 0.95


def test_a_server_that_answers_a_byte_at_a_time_is_left_too(receiver: Receiver) -> None:
    receiver.drips = True
    started_s = time.monotonic()
    with pytest.raises(RequestFailed, match="did not answer within"):
        send(receiver.url)
    assert QUICK_S <= time.monotonic() - started_s < 2.0


def test_a_dead_server_and_an_unknown_name() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # and does not listen
        with pytest.raises(RequestFailed, match="Connection refused"):
            send(f"http://127.0.0.1:{held.getsockname()[1]}/")
    with pytest.raises(RequestFailed, match=r"^nowhere\.invalid: "):
        send("http://nowhere.invalid/")


def test_what_is_no_http_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
        with pytest.raises(RequestFailed, match="did not answer within"):
            send(f"https://{host}:{port}/")  # nobody shakes hands


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Of "localhost", signed by itself."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    path = tmp_path / "both.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    command += (
        f" -addext subjectAltName=DNS:localhost -keyout {path} -out {path.with_suffix('.crt')}"
    )
    subprocess.run(command.split(), check=True, capture_output=True)
    with path.open("a") as file:
        file.write(path.with_suffix(".crt").read_text())
    return path


def test_https_is_verified(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with receiving(context) as receiver:
        with pytest.raises(RequestFailed, match="CERTIFICATE_VERIFY_FAILED"):
            send(f"https://localhost:{receiver.port}/", timeout_s=5)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_suffix(".crt")))
        assert send(f"https://localhost:{receiver.port}/", timeout_s=5) == 200
        with pytest.raises(RequestFailed, match="CERTIFICATE_VERIFY_FAILED"):
            send(f"https://127.0.0.1:{receiver.port}/", timeout_s=5)
    assert len(receiver.ids) == 1
