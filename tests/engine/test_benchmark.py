"""Measures that are known by hand, and a contest on rendered photos."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scene3d.engine.benchmark.contest import Contestant, run_contest
from scene3d.engine.benchmark.growth import (
    fitted_exponent,
    growth_markdown,
    measure_growth,
)
from scene3d.engine.benchmark.measure import run_measured
from scene3d.engine.benchmark.scenes import BenchmarkScene, find_scenes
from scene3d.engine.benchmark.table import markdown
from scene3d.engine.evaluation import (
    ChallengeDataset,
    PairError,
    Pose,
    center_errors,
    mean_average_accuracy,
)
from scene3d.engine.selftest import true_poses
from scene3d.engine.synthetic import TINY, describe_scene


def pose(center: tuple[float, float, float]) -> Pose:
    return Pose(
        rotation_cam_from_world=np.eye(3), translation_cam_from_world=-np.array(center, float)
    )


@pytest.mark.parametrize(
    ("errors_deg", "num_photos", "expected"),
    [
        ([0.05, 0.05, 0.05], 3, 1.0),
        ([0.05, 0.55, 5.0], 3, (1.0 + 0.5) / 3),
        ([0.05], 3, 1 / 3),
        ([], 3, 0.0),
        ([], 1, 0.0),
    ],
)
def test_accuracy_counts_pairs_that_are_missing_as_wrong(
    errors_deg: list[float], num_photos: int, expected: float
) -> None:
    errors = {
        (str(i), str(i + 1)): PairError(rotation_deg=deg, translation_direction_deg=deg / 2)
        for i, deg in enumerate(errors_deg)
    }
    assert mean_average_accuracy(errors, num_photos, 1.0) == pytest.approx(expected)


def test_centers_are_compared_after_the_best_similarity() -> None:
    true = {"a": pose((0, 0, 0)), "b": pose((2, 0, 0)), "c": pose((0, 4, 0)), "d": pose((0, 0, 6))}
    turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    moved = {
        name: pose(tuple(3 * turn @ -p.translation_cam_from_world + np.array([5, 6, 7])))
        for name, p in true.items()
    }
    assert center_errors(moved, true) == pytest.approx(dict.fromkeys(true, 0.0), abs=1e-9)
    moved["d"] = pose((0, 0, 100))
    assert max(center_errors(moved, true).values()) > 0.5
    assert center_errors({"a": true["a"], "b": true["b"]}, true) == {}


def test_a_mirrored_model_is_not_right() -> None:
    true = {"a": pose((0, 0, 0)), "b": pose((2, 0, 0)), "c": pose((0, 4, 0)), "d": pose((0, 0, 6))}
    mirrored = {name: pose(tuple(p.translation_cam_from_world)) for name, p in true.items()}
    assert max(center_errors(mirrored, true).values()) > 0.5


def test_a_process_is_measured_as_a_whole(tmp_path: Path) -> None:
    parents_memory = bytearray(600 << 20)
    parents_memory[:: 1 << 12] = b"x" * len(parents_memory[:: 1 << 12])
    program = "import time; kept = bytearray(200 << 20); time.sleep(0.3); print('said'); exit(3)"
    measured = run_measured([sys.executable, "-c", program], tmp_path / "log")
    assert measured.exit_code == 3
    assert 0.3 < measured.seconds < 10
    assert 200 < measured.peak_mib < 400
    assert 0.0 < measured.cpu_seconds < measured.seconds + 1
    assert (tmp_path / "log").read_text() == "said\n"


def test_scenes_are_found_with_and_without_surveyed_poses(shared_data: Path) -> None:
    scenes = {scene.name: scene for scene in find_scenes(shared_data)}
    assert len(scenes["fountain_p11"].photos) == len(scenes["fountain_p11"].poses) == 11
    assert len(scenes["sceaux"].photos) == 11
    assert scenes["sceaux"].poses == {}
    assert all(path.is_file() for scene in scenes.values() for path in scene.photos)


def test_datasets_of_several_scenes_are_one_upload_with_a_score(shared_data: Path) -> None:
    uploads = {scene.name: scene for scene in find_scenes(shared_data) if scene.challenge}
    assert list(uploads) == ["facades"]
    challenge = uploads["facades"].challenge
    assert challenge is not None
    assert list(challenge.scenes) == ["fountain_p11", "herz_jesus_p8", "outliers"]
    assert len(uploads["facades"].photos) == 11 + 8 + 3
    assert uploads["facades"].poses == {}


def test_without_thresholds_there_is_no_score(tmp_path: Path) -> None:
    pose = "1;0;0;0;1;0;0;0;1,0;0;0"
    labels = "dataset,scene,image,rotation_matrix,translation_vector\n"
    labels += f"town,gate,a.jpg,{pose}\ntown,wall,b.jpg,{pose}\n"
    (tmp_path / "train_labels.csv").write_text(labels)
    assert [scene.name for scene in find_scenes(tmp_path)] == ["gate", "wall"]


def test_colmaps_defaults_are_run_and_scored(tiny_photos: Path) -> None:
    poses = true_poses(describe_scene(TINY))
    challenge = ChallengeDataset(
        name="tiny", scenes={"plaza": poses}, thresholds={"plaza": (0.01, 0.02, 0.05, 0.1, 0.2)}
    )
    scene = BenchmarkScene(
        name="tiny",
        photos=tuple(sorted(tiny_photos.iterdir())),
        poses=poses,
        challenge=challenge,
    )
    module = [sys.executable, "-m", "scene3d.engine.colmap.defaults"]
    contestants = [
        Contestant(
            name="colmap", command=lambda photos, result, _seed: [*module, str(photos), str(result)]
        ),
        Contestant(name="broken", command=lambda *_: [sys.executable, "-c", "1/0"]),
    ]
    rows = list(run_contest([scene], contestants, num_repeats=1))
    assert [row.num_registered for row in rows] == [len(scene.photos), 0]
    assert 0.5 < rows[0].maa[1.0] <= 1.0
    assert rows[0].maa[0.5] <= rows[0].maa[1.0] <= rows[0].maa[10.0]
    assert rows[1].maa == dict.fromkeys(rows[0].maa, 0.0)
    [right, nothing] = [row.challenge for row in rows]
    assert right is not None
    assert nothing is not None
    assert right.clusterness_percent == 100.0
    assert 50 < right.score_percent <= 100
    assert nothing.score_percent == 0.0
    table = markdown(rows, "colmap")
    assert f"| tiny | colmap | {len(scene.photos)} of {len(scene.photos)} |" in table
    assert f"| tiny | broken | 0 of {len(scene.photos)} |" in table
    assert f"| {right.score_percent:.2f} |" in table


def test_exponents_are_slopes_between_logarithms() -> None:
    sizes = [50, 100, 200, 400]
    assert fitted_exponent(sizes, [3 * size**1.25 for size in sizes]) == pytest.approx(1.25)
    assert fitted_exponent(sizes, [7.0] * 4) == pytest.approx(0.0)


@pytest.mark.long
def test_growth_is_measured_up_to_mapping_and_pairs_stop_growing_with_the_square() -> None:
    """61 photos are the first that are not all compared with each other."""
    [small, large] = measure_growth([6, 61], num_threads=2)
    assert (small.num_photos, small.num_pairs) == (6, 15)
    assert large.num_photos == 61
    assert 20 * 61 / 2 <= large.num_pairs < 61 * 60 / 2 * 0.9
    assert 0 < large.num_matched_pairs <= large.num_pairs
    assert 0 < small.seconds < large.seconds
    assert 50 < large.peak_mib < 1000
    table = growth_markdown([small, large, replace(large, num_photos=122)])
    assert len(table.splitlines()) == 7
    assert "From 61 to 122 photos" in table
