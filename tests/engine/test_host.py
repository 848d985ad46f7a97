import hashlib
from collections import Counter
from pathlib import Path

import pytest

from scene3d.engine import weights
from scene3d.engine.errors import WeightsMissing
from scene3d.engine.host import Device, Host
from scene3d.engine.weights import WeightsEntry, WeightStore, WheelMember


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """Two small networks in the store, a third in the manifest alone."""
    entries = {
        name: WeightsEntry(
            name=name,
            sha256=hashlib.sha256(name.encode()).hexdigest(),
            num_bytes=len(name),
            licence="MIT",
            credit="nobody",
            source=WheelMember(package="p", version="1", member=name),
        )
        for name in ("first", "second", "absent")
    }
    monkeypatch.setattr(weights, "MANIFEST", entries)
    for name in ("first", "second"):
        (tmp_path / entries[name].filename).write_bytes(name.encode())
    return Host(weights=WeightStore(tmp_path), num_threads=1)


def build(content: bytes, device: Device) -> list[object]:
    return [content, device]


def test_a_network_is_built_once_and_kept(host: Host) -> None:
    first = host.network("first", build)
    assert first == [b"first", "cpu"]
    assert host.network("first", build) is first
    assert host.network("second", build) == [b"second", "cpu"]
    assert host.network("first", build) is first
    assert host.network_loads == Counter({"first": 1, "second": 1})


def test_a_network_that_could_not_be_built_is_tried_again(host: Host) -> None:
    def fail(_content: bytes, _device: Device) -> None:
        raise RuntimeError("wrong shape")

    with pytest.raises(RuntimeError, match="wrong shape"):
        host.network("first", fail)
    assert host.network_loads == Counter()
    assert host.network("first", build) == [b"first", "cpu"]


def test_missing_weights_are_not_built(host: Host) -> None:
    with pytest.raises(WeightsMissing):
        host.network("absent", build)
    assert host.network_loads == Counter()


def test_hosts_share_nothing(host: Host) -> None:
    other = Host(weights=host.weights, num_threads=1)
    assert other.network("first", build) is not host.network("first", build)
    assert other.network_loads == host.network_loads == Counter({"first": 1})
