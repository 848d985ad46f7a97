"""Fixtures for the engine's units."""

from pathlib import Path

import pytest

from scene3d.engine.host import Host
from scene3d.engine.weights import WeightStore
from scene3d.engine.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    prepared = Workspace(tmp_path / "workspace")
    prepared.prepare()
    return prepared


@pytest.fixture
def bare_host(tmp_path: Path) -> Host:
    """Two threads, no weights."""
    return Host(weights=WeightStore(tmp_path / "no-models"), num_threads=2)
