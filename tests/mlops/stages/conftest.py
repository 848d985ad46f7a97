"""Fixtures for the stages."""

import shutil
from pathlib import Path

import pytest

from mlops.data import DataFolder
from scene3d.engine.host import Host
from scene3d.engine.weights import WeightStore

from .folders import make_data


@pytest.fixture(scope="session")
def good_data(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    """To be read only."""
    return make_data(tmp_path_factory.mktemp("good") / "data")


@pytest.fixture
def data(tmp_path: Path, good_data: DataFolder) -> DataFolder:
    """To be spoilt."""
    copy = DataFolder(tmp_path / "data")
    shutil.copytree(good_data.root, copy.root)
    return copy


@pytest.fixture
def bare_host(tmp_path: Path) -> Host:
    """Two threads, no weights."""
    return Host(weights=WeightStore(tmp_path / "no-models"), num_threads=2)
