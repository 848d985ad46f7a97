"""Mapping that ends early leaves what it has placed, and says so."""

import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import pycolmap
import pytest

from scene3d.engine.colmap import stages
from scene3d.engine.errors import Cancelled, NativeCrash, TimeLimitReached
from scene3d.engine.evaluation import relative_pose_errors
from scene3d.engine.export.columns import read_columns
from scene3d.engine.export.preview import write_preview
from scene3d.engine.geometry.upright import UP_IN_WORLD, find_up
from scene3d.engine.host import Host
from scene3d.engine.model import Model
from scene3d.engine.options import ReconstructionOptions
from scene3d.engine.pipeline import reconstruct
from scene3d.engine.presets import PRESETS
from scene3d.engine.progress import Silent
from scene3d.engine.report import Report
from scene3d.engine.selftest import read_poses, true_poses
from scene3d.engine.sources import find_photos
from scene3d.engine.synthetic import TINY, TrueScene, describe_scene
from scene3d.engine.workspace import Workspace

QUICK = PRESETS["quick"].options
INCREMENTAL = QUICK.merged({"mapping": {"mapper": "incremental"}})
FEW_AT_FIRST = 4
"""Photos that are placed when the tests below end the mapping; TINY has seven."""


@dataclass(frozen=True)
class Scene:
    photos: Path
    truth: TrueScene


@pytest.fixture(scope="module")
def tiny(tiny_photos: Path) -> Scene:
    return Scene(tiny_photos, describe_scene(TINY))


@pytest.fixture
def at_every_photo(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scene is mapped in a second: take a snapshot whenever a photo is placed."""
    monkeypatch.setattr(stages, "SNAPSHOT_EVERY_S", 0.0)
    monkeypatch.setattr(stages, "SNAPSHOT_MAX_SHARE", 1e9)


class Watcher(Silent):
    """Keeps what it is told; once enough photos are placed, `act` happens."""

    def __init__(self, act: Callable[[], None] = lambda: None) -> None:
        self.seen: list[Sequence[Model]] = []
        self._act = act

    def grown(self, models: Sequence[Model]) -> None:
        self.seen.append(models)
        if models[0].num_registered >= FEW_AT_FIRST:
            self._act()


class Stopper(Watcher):
    """Stops the run with `error` once enough photos are placed."""

    def __init__(self, error: Exception) -> None:
        super().__init__(self._stop)
        self._error = error
        self._is_stopping = False

    def _stop(self) -> None:
        self._is_stopping = True

    def check(self) -> None:
        if self._is_stopping:
            raise self._error


def kill_the_mapper() -> None:
    found = subprocess.run(
        ["/usr/bin/pgrep", "--parent", str(os.getpid()), "--full", "native.child .*map.json"],
        capture_output=True,
        text=True,
        check=True,
    )
    [pid] = found.stdout.split()
    os.kill(int(pid), signal.SIGKILL)


def run(
    scene: Scene,
    watcher: Watcher,
    folder: Path,
    host: Host,
    options: ReconstructionOptions = INCREMENTAL,
) -> tuple[Report, Workspace]:
    workspace = Workspace(folder / "work")
    return reconstruct(find_photos(scene.photos), options, workspace, watcher, host), workspace


STOPS: dict[str, Callable[[], Watcher]] = {
    "cancelled": lambda: Stopper(Cancelled()),
    "time_limit": lambda: Stopper(TimeLimitReached("Too long.")),
    "native_crash": lambda: Watcher(kill_the_mapper),
}


@pytest.mark.usefixtures("at_every_photo")
@pytest.mark.parametrize("reason", STOPS)
def test_an_early_end_leaves_a_partial_model(
    tiny: Scene, reason: str, tmp_path: Path, host: Host
) -> None:
    report, workspace = run(tiny, STOPS[reason](), tmp_path, host)
    num_registered = report.counts.num_registered
    assert (report.is_partial, report.partial_reason) == (True, reason)
    assert FEW_AT_FIRST <= num_registered < TINY.num_photos
    left_out = [photo for photo in report.photos if photo.status == "not_registered"]
    assert {photo.reason for photo in left_out} == {"stopped_early"}
    assert len(left_out) == TINY.num_photos - num_registered
    assert Report.read(workspace.result_dir / "report.json") == report
    model = pycolmap.Reconstruction(workspace.result_dir / "models" / "0")
    placed = {photo.name for photo in report.photos if photo.status == "registered"}
    assert {image.name for image in model.images.values()} == placed
    assert model.num_points3D() == report.counts.num_points > 50
    assert 0.05 < model.compute_mean_reprojection_error() < 1.5
    cameras = workspace.result_dir / "cameras.json"
    errors = relative_pose_errors(read_poses(cameras), true_poses(tiny.truth))
    assert len(errors) == num_registered * (num_registered - 1) // 2
    assert 0 < median(error.max_deg for error in errors.values()) < 1
    up = find_up(np.array([pose.rotation_cam_from_world for pose in read_poses(cameras).values()]))
    assert up.direction @ UP_IN_WORLD > 0.9999


@dataclass(frozen=True)
class Whole:
    report: Report
    workspace: Workspace
    seen: list[Sequence[Model]]


@pytest.fixture(scope="module")
def whole(tiny: Scene, tmp_path_factory: pytest.TempPathFactory, host: Host) -> Whole:
    """A run that nobody stops, with a snapshot for every photo."""
    watcher = Watcher()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stages, "SNAPSHOT_EVERY_S", 0.0)
        patch.setattr(stages, "SNAPSHOT_MAX_SHARE", 1e9)
        report, workspace = run(tiny, watcher, tmp_path_factory.mktemp("whole"), host)
    return Whole(report, workspace, watcher.seen)


def test_a_run_that_nobody_stops_tells_of_growth_and_is_whole(whole: Whole) -> None:
    counts = [models[0].num_registered for models in whole.seen]
    assert (whole.report.is_partial, whole.report.partial_reason) == (False, None)
    assert counts[0] <= FEW_AT_FIRST
    assert counts == sorted(counts)
    assert counts[-1] == whole.report.counts.num_registered == TINY.num_photos
    for [model] in whole.seen:
        assert np.isfinite(model.error_px).all()
        assert find_up(model.rotation_cam_from_world).direction @ UP_IN_WORLD > 0.9999
        assert np.abs(np.median(model.xyz, axis=0)).max() < 0.05  # of some ten units


@pytest.mark.long
def test_snapshots_do_not_change_the_model(
    tiny: Scene, whole: Whole, tmp_path: Path, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "SNAPSHOT_EVERY_S", 1e9)
    watcher = Watcher()
    _, with_one = run(tiny, watcher, tmp_path, host)
    assert len(watcher.seen) == 1
    for name in ("points_full.ply", "cameras.json"):
        first, second = (w.result_dir / name for w in (with_one, whole.workspace))
        assert first.read_bytes() == second.read_bytes(), name


@pytest.mark.usefixtures("at_every_photo")
@pytest.mark.long
def test_the_global_mapper_has_snapshots_too(tiny: Scene, tmp_path: Path, host: Host) -> None:
    watcher = Watcher()
    options = QUICK.merged({"mapping": {"mapper": "global"}})
    report, _ = run(tiny, watcher, tmp_path, host, options)
    assert watcher.seen
    assert watcher.seen[-1][0].num_registered == report.counts.num_registered


class StopsAtOnce(Silent):
    """Cancels when mapping begins: before there is any model."""

    def __init__(self) -> None:
        self._is_mapping = False

    def begin(self, stage: str, total: int) -> None:
        self._is_mapping = stage == "mapping"

    def check(self) -> None:
        if self._is_mapping:
            raise Cancelled


def test_cancel_before_any_model_leaves_nothing(tiny: Scene, tmp_path: Path, host: Host) -> None:
    workspace = Workspace(tmp_path / "work")
    with pytest.raises(Cancelled):
        reconstruct(find_photos(tiny.photos), INCREMENTAL, workspace, StopsAtOnce(), host)
    assert list(workspace.result_dir.iterdir()) == []


def test_a_crash_before_any_model_is_a_crash(
    tiny: Scene, tmp_path: Path, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "SNAPSHOT_EVERY_S", 1e9)

    class Killer(Silent):
        """Kills the mapper as soon as it says anything."""

        is_mapping = False

        def begin(self, stage: str, total: int) -> None:
            self.is_mapping = stage == "mapping"

        def update(self, done: int, **counts: int) -> None:
            if self.is_mapping:
                self.is_mapping = False
                kill_the_mapper()

    workspace = Workspace(tmp_path / "work")
    with pytest.raises(NativeCrash, match="SIGKILL"):
        reconstruct(find_photos(tiny.photos), INCREMENTAL, workspace, Killer(), host)


def test_a_preview_holds_points_and_cameras_of_one_moment(whole: Whole, tmp_path: Path) -> None:
    [model] = whole.seen[-1]
    names = {index: f"{index}.jpg" for index in range(TINY.num_photos)}
    write_preview(model, names, tmp_path / "live.bin")
    columns, meta = read_columns(tmp_path / "live.bin")
    assert 0 < len(columns["xyz"]) == meta["num_points"] <= model.num_points
    assert [camera["photo"] for camera in meta["cameras"]] == list(names.values())
    assert columns["rgb"].std() > 10  # coloured while mapping goes on, by thumbnails
