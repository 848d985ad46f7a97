"""Real photos: what the engine must reach on them, with learned and with classic features."""

import shutil
from pathlib import Path
from statistics import median

import pytest

from scene3d.engine.evaluation import center_errors, read_labels, relative_pose_errors
from scene3d.engine.host import Host
from scene3d.engine.pipeline import reconstruct
from scene3d.engine.presets import PRESETS, with_extractor
from scene3d.engine.progress import Silent
from scene3d.engine.selftest import read_poses
from scene3d.engine.sources import find_photos
from scene3d.engine.workspace import Workspace

pytestmark = [pytest.mark.slow, pytest.mark.weights]


@pytest.mark.parametrize(
    ("name", "num_photos", "features"),
    [
        pytest.param("sceaux", 11, "sift", marks=pytest.mark.long),
        pytest.param("sceaux", 11, "aliked", marks=pytest.mark.long),
        pytest.param("sacre_coeur", 10, "sift", marks=pytest.mark.long),
        pytest.param("sacre_coeur", 10, "aliked", marks=pytest.mark.long),
    ],
)
def test_all_photos_register(
    name: str, num_photos: int, features: str, shared_data: Path, tmp_path: Path, host: Host
) -> None:
    options = with_extractor(PRESETS["standard"].options, features)
    photos = find_photos(shared_data / "photos" / name)
    report = reconstruct(photos, options, Workspace(tmp_path), Silent(), host)
    assert len(photos) == num_photos
    assert report.models[0].num_registered == num_photos
    assert 0.2 < report.models[0].mean_error_px < 1.5


@pytest.mark.long
def test_the_same_photos_give_the_same_model(shared_data: Path, tmp_path: Path, host: Host) -> None:
    """Strangers' photos of one place are where several threads in the mapper first show."""
    cameras = []
    for run in ("first", "second"):
        workspace = Workspace(tmp_path / run)
        photos = find_photos(shared_data / "photos" / "sacre_coeur")
        reconstruct(photos, PRESETS["quick"].options, workspace, Silent(), host)
        cameras.append((workspace.result_dir / "cameras.json").read_bytes())
    assert cameras[0] == cameras[1]


@pytest.mark.parametrize("preset", ["quick", pytest.param("standard", marks=pytest.mark.long)])
def test_fountain_is_accurate(preset: str, shared_data: Path, tmp_path: Path, host: Host) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for path in sorted((shared_data / "train" / "facades").glob("fountain_p11_*.jpg")):
        shutil.copy(path, photos)
    workspace = Workspace(tmp_path / "work")
    options = PRESETS[preset].options
    report = reconstruct(find_photos(photos), options, workspace, Silent(), host)
    errors = relative_pose_errors(
        read_poses(workspace.result_dir / "cameras.json"),
        read_labels(shared_data / "train_labels.csv")["facades"]["fountain_p11"],
    )
    assert report.models[0].num_registered == 11
    assert report.models[0].num_cameras == 1
    assert len(errors) == 55
    assert 0.01 < median(error.max_deg for error in errors.values()) <= 0.25


@pytest.mark.long
@pytest.mark.parametrize("preset", PRESETS)
def test_two_places_and_strangers_in_one_upload(
    preset: str, shared_data: Path, tmp_path: Path, host: Host
) -> None:
    """Every photo of both places, in two models, and none of the three others."""
    workspace = Workspace(tmp_path)
    photos = find_photos(shared_data / "train" / "facades")
    report = reconstruct(photos, PRESETS[preset].options, workspace, Silent(), host)
    placed = {row.name: row.model for row in report.photos if row.status == "registered"}
    assert placed == {
        photo.name: 0 if photo.name.startswith("fountain") else 1
        for photo in photos
        if not photo.name.startswith("outliers")
    }
    assert [model.num_registered for model in report.models] == [11, 8]
    assert all(row.reason and row.action for row in report.photos if row.status != "registered")
    labels = read_labels(shared_data / "train_labels.csv")["facades"]
    for true in (labels["fountain_p11"], labels["herz_jesus_p8"]):
        poses = read_poses(workspace.result_dir / "cameras.json", placed[min(true)] or 0)
        distances_m = center_errors(poses, true)
        assert len(distances_m) == len(true)
        assert sum(distance < 0.01 for distance in distances_m.values()) >= 0.8 * len(poses)
