"""Bundles, and runs repeated from them."""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scene3d.engine.delivery import Order, deliver
from scene3d.engine.export.bundle import BundleInvalid, read_provenance, sha256_of
from scene3d.engine.host import Host
from scene3d.engine.progress import Silent
from scene3d.engine.replay import compare_models, replay
from scene3d.engine.report import Report
from scene3d.engine.seeding import generator
from scene3d.engine.sources import find_photos
from scene3d.engine.workspace import Workspace

from .builders import random_rotations

Cameras = list[dict[str, Any]]


@pytest.fixture
def bundle_of(
    tiny_result: Path, tiny_photos: Path, tmp_path: Path, bare_host: Host
) -> Callable[..., Path]:
    def make(**wishes: Any) -> Path:
        order = Order(result=tiny_result, photos=find_photos(tiny_photos), **wishes)
        target = tmp_path / "bundle.zip"
        deliver("bundle", order, target, Workspace(tmp_path / "making"), Silent(), bare_host)
        return target

    return make


def changed(bundle: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """The same archive with one member's content changed."""
    target = bundle.with_name("changed.zip")
    with zipfile.ZipFile(bundle) as source, zipfile.ZipFile(target, "w") as archive:
        for member in source.namelist():
            content = source.read(member)
            archive.writestr(member, change(content) if member == name else content)
    return target


def test_a_bundle_says_what_a_result_was_made_of(
    bundle_of: Callable[..., Path], tiny_result: Path, tiny_photos: Path
) -> None:
    bundle = bundle_of(metres_per_unit=0.5)
    report = Report.read(tiny_result / "report.json")
    provenance = read_provenance(bundle)
    assert provenance.options == report.options
    assert (provenance.fingerprint, provenance.seed) == (report.fingerprint, report.seed)
    assert provenance.versions == report.versions
    assert provenance.metres_per_unit == 0.5
    photos = sorted(tiny_photos.iterdir())
    assert [(p.name, p.sha256, p.num_bytes) for p in provenance.photos] == [
        (path.name, sha256_of(path), path.stat().st_size) for path in photos
    ]
    with zipfile.ZipFile(bundle) as archive:
        for photo, path in zip(provenance.photos, photos, strict=True):
            assert archive.read(photo.file or "") == path.read_bytes()
        for file in provenance.files:
            assert archive.read(f"result/{file.name}") == (tiny_result / file.name).read_bytes()
    assert {"report.json", "cameras.json", "points.ply", "models/0/images.bin"} <= {
        file.name for file in provenance.files
    }


def test_a_replay_gives_the_same_model(
    bundle_of: Callable[..., Path], tiny_photos: Path, tmp_path: Path, bare_host: Host
) -> None:
    """From the names alone: the photos are found by content, whatever they are called now."""
    bundle = bundle_of(with_photos=False)
    with zipfile.ZipFile(bundle) as archive:
        assert not [name for name in archive.namelist() if name.startswith("photos/")]
    renamed = tmp_path / "renamed"
    renamed.mkdir()
    for number, path in enumerate(sorted(tiny_photos.iterdir(), reverse=True)):
        shutil.copy(path, renamed / f"{number}.jpg")
    workspace = Workspace(tmp_path / "replay")
    outcome = replay(bundle, find_photos(renamed), workspace, Silent(), bare_host)
    assert outcome.is_same
    assert outcome.fingerprint == outcome.expected_fingerprint
    assert outcome.other_versions == {}
    [model] = outcome.models
    assert model.num_cameras == 7
    assert model.max_position_error < 1e-4
    assert model.max_rotation_error_deg < 1e-2
    assert (workspace.result_dir / "points.ply").is_file()


def test_a_replay_with_other_options_is_not_the_same(
    bundle_of: Callable[..., Path], tmp_path: Path, bare_host: Host
) -> None:
    def other_features(content: bytes) -> bytes:
        document = json.loads(content)
        document["options"]["features"]["max_keypoints"] = 600
        return json.dumps(document).encode()

    bundle = changed(bundle_of(), "provenance.json", other_features)
    outcome = replay(bundle, [], Workspace(tmp_path / "replay"), Silent(), bare_host)
    assert outcome.fingerprint != outcome.expected_fingerprint
    assert not outcome.is_same


@pytest.mark.parametrize(
    ("member", "words"),
    [
        ("photos/000002.jpg", "has been changed"),
        ("result/cameras.json", "cameras.json in changed.zip has been changed"),
        ("provenance.json", "is not a bundle"),
    ],
)
def test_a_changed_bundle_is_refused(
    member: str,
    words: str,
    bundle_of: Callable[..., Path],
    workspace: Workspace,
    bare_host: Host,
) -> None:
    bundle = changed(bundle_of(), member, lambda content: content[:-1] + b"?")
    with pytest.raises(BundleInvalid, match=words):
        replay(bundle, [], workspace, Silent(), bare_host)


def test_missing_photos_are_named(
    bundle_of: Callable[..., Path], tiny_photos: Path, workspace: Workspace, bare_host: Host
) -> None:
    photos = find_photos(tiny_photos)
    with pytest.raises(BundleInvalid, match="1 of the photos are not there") as caught:
        replay(bundle_of(with_photos=False), photos[1:], workspace, Silent(), bare_host)
    assert caught.value.evidence == {"missing": [photos[0].name]}


def cameras(seed: int, count: int) -> Cameras:
    rng = generator(seed, "cameras")
    return [
        camera(f"{index}.jpg", rotation, rng.normal(0, 4, 3))
        for index, rotation in enumerate(random_rotations(rng, count))
    ]


def camera(name: str, rotation: np.ndarray, center: np.ndarray) -> dict[str, Any]:
    return {
        "photo": name,
        "center_in_world": center.tolist(),
        "cam_from_world": {"rotation": rotation.ravel().tolist()},
    }


def moved(model: Cameras, seed: int) -> Cameras:
    """In another world of another scale."""
    [turn] = random_rotations(generator(seed, "turn"), 1)
    return [
        camera(
            entry["photo"],
            np.reshape(entry["cam_from_world"]["rotation"], (3, 3)) @ turn.T,
            2.5 * turn @ entry["center_in_world"] + [3, -1, 9],
        )
        for entry in model
    ]


@pytest.mark.parametrize("count", [1, 2, 12])
def test_models_are_compared_whatever_their_world(count: int) -> None:
    model = cameras(1, count)
    difference = compare_models(model, moved(model, 2))
    assert difference.max_position_error < 1e-9
    assert difference.max_rotation_error_deg < 1e-5
    assert difference.is_within(1e-6)


def test_a_camera_that_moved_or_turned_or_went_is_noticed() -> None:
    model = cameras(3, 12)
    extent = np.std([entry["center_in_world"] for entry in model], axis=0)
    shifted = moved(model, 4)
    shifted[5]["center_in_world"][0] += 2.5 * 0.1 * np.linalg.norm(extent)
    difference = compare_models(model, shifted)
    assert 0.08 < difference.max_position_error < 0.11
    assert not difference.is_within(0.01)
    fewer = compare_models(model, model[1:])
    assert (fewer.missing, fewer.extra) == (("0.jpg",), ())
    assert not fewer.is_within(1)
    assert compare_models(model[1:], model).extra == ("0.jpg",)
