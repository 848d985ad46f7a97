"""Fixtures for all tests."""

import csv
import os
import shutil
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django.plugin import blocking_manager_key

from scene3d.engine.capabilities import open_host
from scene3d.engine.host import Host
from scene3d.engine.pipeline import reconstruct
from scene3d.engine.presets import PRESETS
from scene3d.engine.progress import Silent
from scene3d.engine.selftest import true_poses
from scene3d.engine.sources import find_photos
from scene3d.engine.synthetic import TINY, describe_scene, render_scene
from scene3d.engine.weights import MANIFEST, WeightStore
from scene3d.engine.workspace import Workspace
from tests.live import LiveStack, live_stack

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("SCENE3D_SHARED", ROOT.parent / "shared"))
MODEL_STORE = Path(os.environ.get("SCENE3D_MODEL_STORE", ROOT / "var" / "models"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    """Tests without a transaction of their own empty all tables: rows of migrations come back, so
    the order of tests does not matter."""
    yield
    marker = item.get_closest_marker("django_db")
    is_last = nextitem is None  # the database is gone by now
    if marker is not None and marker.kwargs.get("transaction") and not is_last:
        with item.config.stash[blocking_manager_key].unblock():
            call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=True)
            rows = connection._test_serialized_contents  # type: ignore[attr-defined]  # Django's own, for serialized_rollback
            connection.creation.deserialize_db_from_string(rows)


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
def labelled_photos(tmp_path_factory: pytest.TempPathFactory, tiny_photos: Path) -> Path:
    """The same as the offline loop's data: train/, labels, and thresholds that are met."""
    root = tmp_path_factory.mktemp("labelled")
    shutil.copytree(tiny_photos, root / "train" / "tiny")
    with (root / "train_labels.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["dataset", "scene", "image", "rotation_matrix", "translation_vector"])
        for name, pose in true_poses(describe_scene(TINY)).items():
            rotation = ";".join(map(str, pose.rotation_cam_from_world.ravel()))
            translation = ";".join(map(str, pose.translation_cam_from_world))
            writer.writerow(["tiny", "relief", name, rotation, translation])
    (root / "train_thresholds.csv").write_text(
        "dataset,scene,thresholds\ntiny,relief,0.001;0.002;0.01;0.05;0.1\n"
    )
    return root


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
