"""What is the same is known by hand; the measurement runs on small copies."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from scene3d.engine.benchmark import networks
from scene3d.engine.benchmark.networks import (
    FEATURES,
    NetworkOptions,
    NetworkRow,
    measure_networks,
    networks_markdown,
    publish,
    same,
)
from scene3d.engine.host import Host

ROW = NetworkRow(
    work="LightGlue",
    way="kornia, one at a time",
    num_items=30,
    seconds=[3.0, 9.0, 2.0],
    peak_gpu_mib=400.0,
    same_share=1.0,
    max_shift_px=0.0,
)


def test_positions_within_a_pixel_are_the_same() -> None:
    kornias = [np.array([[1.0, 2], [30, 40], [60, 70]]), np.empty((0, 2)), np.array([[5.0, 5]])]
    ours = [np.array([[60.0, 70.25], [1, 2], [80, 90]]), np.array([[3.0, 3]]), np.empty((0, 2))]
    assert same(kornias, kornias) == (1.0, 0.0)
    assert same(kornias, ours) == (2 / 6, 0.25)
    assert same([np.empty((0, 4))], [np.empty((0, 4))]) == (1.0, 0.0)


def test_speeds_are_medians_beside_kornias() -> None:
    ours = replace(ROW, way="ours", seconds=[0.5], same_share=0.995, max_shift_px=0.03)
    [_, _, first, second] = networks_markdown([ROW, ours]).splitlines()
    assert "| 10.00 | 3.00 (2.00 to 9.00) | 1.00 | 100.00% | 0.0000 | 400 |" in first
    assert "| ours | 60.00 | 0.50 (0.50 to 0.50) | 6.00 | 99.50% | 0.0300 | 400 |" in second


@pytest.mark.weights
@pytest.mark.long
def test_every_way_is_measured_and_finds_the_same(
    tiny_photos: Path, tmp_path: Path, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = FEATURES.model_copy(update={"max_keypoints": 200, "long_side_px": 240})
    monkeypatch.setattr(networks, "FEATURES", small)
    options = NetworkOptions(num_photos=3, num_pairs=2, batch_sizes=(1, 3), num_repeats=2)
    rows = list(measure_networks(tiny_photos, options, host))
    ways = ["kornia, one at a time", "ours, batches of 1", "ours, batches of 3"]
    assert [row.way for row in rows] == 4 * ways
    assert [row.num_items for row in rows] == 6 * [3] + 6 * [2]
    assert all(len(row.seconds) == 2 and min(row.seconds) > 0 for row in rows)
    assert all(0.99 < row.same_share <= 1 for row in rows)
    assert all(0 <= row.max_shift_px < 1e-2 for row in rows)
    table = publish(rows, host, tmp_path)
    assert (tmp_path / "networks.md").read_text() == table + "\n"
    assert table.startswith(f"On {host.num_threads} processor cores:")
    content = json.loads((tmp_path / "networks.json").read_text())
    assert [row["way"] for row in content["rows"]] == 4 * ways


def test_the_command_needs_photos(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    output = tmp_path / "output"
    with pytest.raises(SystemExit) as left:
        call_command("benchmark_networks", tmp_path / "empty", output=output)
    assert left.value.code == 2
    assert capsys.readouterr().err.startswith("no_images: ")
    assert not output.exists()
    with pytest.raises(CommandError, match="no positive number"):
        call_command("benchmark_networks", "--output", str(output), "--photos", "0")
