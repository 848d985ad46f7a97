"""Both kinds of tracker: a store that is made once and copied, and one server."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlops.embedded_store import prepare_store, store_uri
from tests.mlops.live_mlflow import LiveServer, Wire, live_server
from tests.mlops.workplace import Workplace


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of an embedded store without runs: to be copied, not opened."""
    database = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    prepare_store(store_uri(database))
    return database


def copy_store(database: Path, folder: Path) -> str:
    """A store of one's own in `folder`; its address."""
    folder.mkdir(parents=True)
    shutil.copy(database, folder / database.name)
    shutil.copy(f"{database}.version", folder)
    return store_uri(folder / database.name)


@pytest.fixture
def embedded_uri(empty_store: Path, tmp_path: Path) -> str:
    """A fresh embedded store."""
    return copy_store(empty_store, tmp_path / "mlflow")


@pytest.fixture(scope="session")
def server(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("server")
    with live_server(folder, copy_store(empty_store, folder / "store")) as running:
        yield running


@pytest.fixture
def wire(server: LiveServer) -> Iterator[Wire]:
    wire = Wire(server.port)
    yield wire
    wire.set("cut")


@pytest.fixture(params=["embedded", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Workplace:
    """Every test that takes it runs on both kinds of tracker."""
    if request.param == "embedded":
        uri = request.getfixturevalue("embedded_uri")
    else:
        uri = request.getfixturevalue("server").uri
    return Workplace(uri, tmp_path, experiment=tmp_path.name)


@pytest.fixture
def remote(server: LiveServer, tmp_path: Path) -> Workplace:
    return Workplace(server.uri, tmp_path, experiment=tmp_path.name)
