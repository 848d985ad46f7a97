"""The bundled broker, looked after: a real server that is killed, stopped, and starved."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from scene3d.background.embedded_broker import EmbeddedBroker

pytestmark = pytest.mark.flow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def broker(folder: Path) -> Iterator[EmbeddedBroker]:
    made = EmbeddedBroker(folder / "v.sock", folder / "valkey", silent_for_s=3.0)
    made.start()
    yield made
    made.stop(kill=True)


def client(folder: Path) -> Redis:
    return Redis(unix_socket_path=str(folder / "v.sock"))


def process_id(folder: Path) -> int:
    with client(folder) as redis:
        return int(redis.info("server")["process_id"])


def test_one_that_was_killed_comes_back_with_what_it_kept(
    broker: EmbeddedBroker, folder: Path
) -> None:
    client(folder).set("kept", "yes")
    time.sleep(1.5)  # it writes every second
    before = process_id(folder)
    os.kill(before, signal.SIGKILL)
    time.sleep(0.2)
    broker.revive()
    assert process_id(folder) != before
    assert client(folder).get("kept") == b"yes"


def test_one_that_is_starved_for_a_moment_is_left_alone(
    broker: EmbeddedBroker, folder: Path
) -> None:
    before = process_id(folder)
    os.kill(before, signal.SIGSTOP)
    broker.revive()  # its question is not answered within a second
    os.kill(before, signal.SIGCONT)
    broker.revive()
    assert process_id(folder) == before


def test_one_that_never_answers_is_replaced(broker: EmbeddedBroker, folder: Path) -> None:
    before = process_id(folder)
    os.kill(before, signal.SIGSTOP)
    deadline_s = time.monotonic() + 20
    while _is_there(before) and time.monotonic() < deadline_s:
        broker.revive()
    assert process_id(folder) != before


def test_one_that_cannot_start_is_tried_again(broker: EmbeddedBroker, folder: Path) -> None:
    """Somebody else listens there; when they have gone, it starts."""
    other = EmbeddedBroker(folder / "v.sock", folder / "other")
    broker.stop()
    other.start()
    broker.revive()
    assert client(folder).ping()
    other.stop(kill=True)
    broker.revive()
    assert client(folder).config_get("dir")["dir"] == str(folder / "valkey")


def test_ending_one_that_never_started_is_nothing(folder: Path) -> None:
    EmbeddedBroker(folder / "v.sock", folder / "valkey").stop()


def _is_there(pid: int) -> bool:
    listed = subprocess.run(
        ["/bin/ps", "-p", str(pid), "-o", "stat="], capture_output=True, text=True, check=False
    )
    return listed.stdout.strip() not in ("", "Z")
