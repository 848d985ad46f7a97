import os
from pathlib import Path

import pytest

from scene3d.engine.capabilities import open_host, probe_host, warm_up
from scene3d.engine.errors import WeightsMissing
from scene3d.engine.host import Host
from scene3d.engine.presets import QUICK, THOROUGH
from scene3d.engine.weights import MANIFEST


def test_a_bare_host_offers_what_needs_no_weights(bare_host: Host) -> None:
    found = probe_host(bare_host)
    assert found["presets"] == {"quick": True, "standard": False, "thorough": False}
    assert {row["name"]: row["is_available"] for row in found["weights"]} == dict.fromkeys(
        MANIFEST, False
    )
    assert found["colmap"]["works"] is True
    assert found["colmap"]["pycolmap"] == found["versions"]["pycolmap"]
    assert (found["device"], found["num_threads"]) == ("cpu", 2)


@pytest.mark.weights
def test_a_host_with_all_weights_offers_every_preset(host: Host) -> None:
    found = probe_host(host)
    assert set(found["presets"].values()) == {True}
    assert all(row["is_available"] for row in found["weights"])


def test_a_host_takes_the_cores_it_may_use(tmp_path: Path) -> None:
    assert open_host(tmp_path, device="cpu").num_threads == len(os.sched_getaffinity(0))
    assert open_host(tmp_path, device="cpu", num_threads=7).num_threads == 7


def test_warming_up_asks_for_the_weights_that_a_run_needs(bare_host: Host) -> None:
    warm_up(QUICK.options, bare_host)
    assert not bare_host.network_loads
    with pytest.raises(WeightsMissing, match="aliked-n16"):
        warm_up(THOROUGH.options, bare_host)


@pytest.mark.weights
def test_warming_up_loads_what_a_run_needs(host: Host) -> None:
    warm_up(THOROUGH.options, host)
    assert {"aliked-n16", "aliked-lightglue"} <= set(host.network_loads)
