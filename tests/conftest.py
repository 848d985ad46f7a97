"""Fixtures for all tests."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scene3d.engine.capabilities import open_host
from scene3d.engine.host import Host
from scene3d.engine.pipeline import reconstruct
from scene3d.engine.presets import PRESETS
from scene3d.engine.progress import Silent
from scene3d.engine.sources import find_photos
from scene3d.engine.synthetic import TINY, render_scene
from scene3d.engine.weights import MANIFEST, WeightStore
from scene3d.engine.workspace import Workspace
from tests.live import LiveStack, live_stack

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("SCENE3D_SHARED", ROOT.parent / "shared"))
MODEL_STORE = Path(os.environ.get("SCENE3D_MODEL_STORE", ROOT / "var" / "models"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real photos; tests that need them are skipped, and counted, without."""
    data = SHARED / "data"
    if not data.is_dir():
        pytest.skip("the real photos (../shared/data) are not here")
    return data


@pytest.fixture(scope="session")
def host() -> Host:
    """This machine with the model store that `make setup` filled."""
    store = WeightStore(MODEL_STORE)
    missing = [name for name in MANIFEST if not store.has(name)]
    if missing:
        pytest.skip(f"the model store lacks {', '.join(missing)}; run `make setup`")
    return open_host(MODEL_STORE, device="cpu")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, host: Host) -> Iterator[LiveStack]:
    """The real service with users alice and bob; one for all tests that need it."""
    with live_stack(tmp_path_factory.mktemp("stack"), MODEL_STORE) as running:
        yield running


@pytest.fixture(scope="session")
def tiny_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven rendered photos that reconstruct in seconds."""
    folder = tmp_path_factory.mktemp("tiny") / "photos"
    render_scene(TINY, folder, num_workers=2)
    return folder


@pytest.fixture(scope="session")
def tiny_result(tmp_path_factory: pytest.TempPathFactory, tiny_photos: Path) -> Path:
    """What `quick` makes of them: every file of a result, to be read only."""
    workspace = Workspace(tmp_path_factory.mktemp("tiny-result") / "work")
    host = Host(weights=WeightStore(MODEL_STORE), num_threads=2)
    reconstruct(find_photos(tiny_photos), PRESETS["quick"].options, workspace, Silent(), host)
    return workspace.result_dir


@pytest.fixture(scope="session")
def slow_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve rendered photos, whose mapping takes long enough to be watched and stopped."""
    folder = tmp_path_factory.mktemp("slow") / "photos"
    render_scene(replace(TINY, num_photos=12), folder, num_workers=2)
    return folder
