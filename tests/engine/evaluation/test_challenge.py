"""The challenge's score: what the host returned, what is known by hand, what must always hold."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scene3d.engine.evaluation import (
    ChallengeDataset,
    DatasetScore,
    Pose,
    read_submission,
    read_truth,
    score_challenge,
    score_dataset,
)
from scene3d.engine.seeding import generator
from scene3d.engine.types import FloatArray
from tests.engine.builders import random_rotations

from .worlds import THRESHOLDS, Poses, at, dataset, moved, scene

NOWHERE = Pose(
    rotation_cam_from_world=np.full((3, 3), np.nan), translation_cam_from_world=np.full(3, np.nan)
)


@pytest.mark.parametrize("case", [f"case{number:02}" for number in range(12)])
def test_the_hosts_numbers(case: str, golden: Path) -> None:
    folder = golden / case
    truth = read_truth(folder / "train_labels.csv", folder / "train_thresholds.csv")
    found = score_challenge(truth, read_submission(folder / "submission.csv", truth))
    expected = json.loads((folder / "expected.json").read_text())
    assert percentages(found) == pytest.approx(without(expected, "per_dataset"), abs=1e-9, rel=0)
    assert {row.name for row in found.datasets} == set(expected["per_dataset"])
    for row in found.datasets:
        assert percentages(row) == pytest.approx(expected["per_dataset"][row.name], abs=1e-9, rel=0)


def percentages(score: object) -> dict[str, float]:
    return {
        name: getattr(score, f"{name.lower()}_percent") for name in ("score", "mAA", "clusterness")
    }


def without(values: dict[str, float], name: str) -> dict[str, float]:
    return {key: value for key, value in values.items() if key != name}


def random_centers(seed: int, count: int) -> FloatArray:
    centers: FloatArray = generator(seed, "centers").normal(0, 3, (count, 3))
    return centers


def only(poses: Poses, *indices: int) -> Poses:
    names = list(poses)
    return {names[index]: poses[names[index]] for index in indices}


def test_two_scenes_by_hand() -> None:
    """First scene: 8 photos, of which the cluster has 7, one without a pose and one misplaced, and
    an outlier beside them: 5 in their places. Second: all of 5 photos."""
    first, second = scene("first", random_centers(1, 8)), scene("second", random_centers(2, 5))
    outliers = scene("outlier", random_centers(3, 2))
    truth = dataset({"first": first, "second": second, "outliers": outliers})
    clusters = {
        "a": {
            **only(first, 0, 1, 2, 3, 4),
            "first_5": NOWHERE,
            "first_6": at([90, 90, 90]),
            **only(outliers, 0),
        },
        "b": second,
        "outliers": {**only(first, 7), **only(outliers, 1)},
    }
    score = score_dataset(truth, clusters)
    assert [row.cluster for row in score.scenes] == ["a", "b"]
    assert [row.num_registered for row in score.scenes] == [(5,) * 6, (5,) * 6]
    assert [(row.num_photos, row.num_in_cluster, row.cluster_size) for row in score.scenes] == [
        (8, 7, 8),
        (5, 5, 5),
    ]
    assert [row.maa_percent for row in score.scenes] == pytest.approx([40.0, 100.0])
    maa, clusterness = 100 * (2 + 2) / (5 + 2), 100 * 12 / 13
    assert score.maa_percent == pytest.approx(maa)
    assert score.clusterness_percent == pytest.approx(clusterness)
    assert score.score_percent == pytest.approx(2 * maa * clusterness / (maa + clusterness))


def test_the_two_tightest_thresholds_do_not_count() -> None:
    """One camera of twenty is 0.14 off, within two of the four thresholds that count."""
    centers = random_centers(4, 20)
    wrong = centers + [[0, 0, 0.14]] * np.eye(20)[:, :1]
    limits = {"place": (0.001, 0.002, 0.003, 0.004, 1.0, 2.0)}
    truth = replace(dataset({"place": scene("p", centers)}), thresholds=limits)
    [row] = score_dataset(truth, {"a": scene("p", wrong)}).scenes
    assert row.num_registered == (19, 19, 19, 19, 20, 20)
    assert row.maa_percent == pytest.approx(100 * (16 + 16 + 17 + 17) / (4 * 17))


def test_most_photos_decide_then_poses_then_order() -> None:
    place = scene("p", random_centers(5, 11))
    truth = dataset({"place": place})
    nothing = dict.fromkeys(place, NOWHERE)
    most, fewer = only(nothing, 0, 1, 2, 3, 4, 5), only(place, 6, 7, 8, 9, 10)
    assert chosen(truth, {"right": fewer, "large": most}) == ("large", 0.0)
    lost, posed = only(nothing, 0, 1, 2, 3, 4), only(place, 5, 6, 7, 8, 9)
    assert chosen(truth, {"lost": lost, "posed": posed}) == ("posed", 25.0)
    assert chosen(truth, {"b": only(place, 0), "a": only(place, 1)}) == ("b", 0.0)


def chosen(truth: ChallengeDataset, clusters: dict[str, Poses]) -> tuple[str, float]:
    [row] = score_dataset(truth, clusters).scenes
    return row.cluster, row.maa_percent


def test_one_cluster_serves_several_scenes() -> None:
    first, second = scene("first", random_centers(6, 6)), scene("second", random_centers(7, 4))
    score = score_dataset(dataset({"first": first, "second": second}), {"all": {**first, **second}})
    assert score.maa_percent == 100.0
    assert score.clusterness_percent == pytest.approx(100 * 10 / 20)


@pytest.mark.parametrize(
    ("clusters", "cluster"),
    [({}, ""), ({"outliers": scene("p", random_centers(8, 6))}, ""), ({"a": {}}, "a")],
)
def test_nothing_found_is_nothing(clusters: dict[str, Poses], cluster: str) -> None:
    score = score_dataset(dataset({"place": scene("p", random_centers(8, 6))}), clusters)
    assert score.scenes[0].cluster == cluster
    assert list(percentages(score).values()) == [0.0, 0.0, 0.0]


def test_a_dataset_of_outliers_and_one_that_is_missing_score_nothing() -> None:
    place = scene("p", random_centers(9, 6))
    truth = [dataset({"place": place}, "right"), dataset({"outliers": place}, "empty")]
    score = score_challenge([*truth, dataset({"place": place}, "missing")], {"right": {"a": place}})
    assert [row.score_percent for row in score.datasets] == [100.0, 0.0, 0.0]
    assert score.score_percent == pytest.approx(100 / 3)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_scenes_too_small_to_score_take_nothing_from_the_others(count: int) -> None:
    large, small = scene("large", random_centers(10, 7)), scene("small", random_centers(11, count))
    score = score_dataset(dataset({"large": large, "small": small}), {"a": large, "b": small})
    assert list(percentages(score).values()) == [100.0, 100.0, 100.0]
    assert score.scenes[1].maa_percent == 0.0


seeds = st.integers(0, 2**32)


@settings(max_examples=40, deadline=None)
@given(seed=seeds, shape=st.sampled_from([(1, 1, 1), (1, 1, 0), (0, 1, 0)]))
def test_exact_poses_are_everything(seed: int, shape: tuple[int, int, int]) -> None:
    """In any world and whichever way the cameras look."""
    rng = generator(seed, "exact")
    centers = [rng.normal(0, 3, (count, 3)) * shape for count in (4, 9)]
    truth = dataset(
        {f"s{index}": scene(f"s{index}", points) for index, points in enumerate(centers)}
    )
    clusters = {
        f"c{index}": turned(scene(f"s{index}", moved(points, rng)), rng)
        for index, points in enumerate(centers)
    }
    assert list(percentages(score_dataset(truth, clusters)).values()) == [100.0, 100.0, 100.0]


def turned(poses: Poses, rng: np.random.Generator) -> Poses:
    """The same centres, other directions."""
    return {
        name: Pose(
            rotation_cam_from_world=rotation,
            translation_cam_from_world=rotation @ pose.translation_cam_from_world,
        )
        for (name, pose), rotation in zip(
            poses.items(), random_rotations(rng, len(poses)), strict=True
        )
    }


@settings(max_examples=40, deadline=None)
@given(seed=seeds, noise=st.sampled_from([0.005, 0.03, 0.1]))
def test_the_submissions_worlds_do_not_matter(seed: int, noise: float) -> None:
    rng = generator(seed, "worlds")
    centers = {name: rng.normal(0, 3, (8, 3)) for name in ("s", "t")}
    found = {name: points + rng.normal(0, noise, (8, 3)) for name, points in centers.items()}
    truth = dataset({name: scene(name, points) for name, points in centers.items()})

    def score_of(worlds: dict[str, FloatArray]) -> DatasetScore:
        return score_dataset(truth, {name: scene(name, points) for name, points in worlds.items()})

    as_found = score_of(found)
    assert score_of({name: moved(points, rng) for name, points in found.items()}) == as_found
    renamed = {name + "\n;,ü ": scene(name, points) for name, points in found.items()}
    assert score_dataset(truth, renamed).score_percent == as_found.score_percent


numbers = st.floats() | st.sampled_from([0.0, 1.0, np.nan, np.inf, 1e200, -1e308])
poses = st.lists(numbers, min_size=12, max_size=12).map(
    lambda values: Pose(
        rotation_cam_from_world=np.array(values[:9]).reshape(3, 3),
        translation_cam_from_world=np.array(values[9:]),
    )
)


@settings(max_examples=150, deadline=None)
@given(
    sorting=st.dictionaries(
        st.sampled_from([f"{name}_{index}" for name in "st" for index in range(5)]),
        st.tuples(st.sampled_from(["a", "", "outliers", "💥"]), poses),
    )
)
def test_any_submission_has_a_score(sorting: dict[str, tuple[str, Pose]]) -> None:
    clusters: dict[str, Poses] = {}
    for photo, (cluster, pose) in sorting.items():
        clusters.setdefault(cluster, {})[photo] = pose
    truth = dataset(
        {"s": scene("s", random_centers(12, 5)), "t": scene("t", random_centers(13, 2))}
    )
    score = score_dataset(truth, clusters)
    assert all(0 <= percent <= 100 for percent in percentages(score).values())
    assert all(0 <= row.maa_percent <= 100 for row in score.scenes)
    low, high = sorted([score.maa_percent, score.clusterness_percent])
    assert low - 1e-9 <= score.score_percent <= high + 1e-9


def test_each_scene_has_thresholds_of_its_own() -> None:
    centers = random_centers(14, 6)
    wrong = centers + generator(14, "noise").normal(0, 0.3, (6, 3))
    truth = dataset({"place": scene("p", centers)})
    coarse = replace(truth, thresholds={"place": tuple(100 * limit for limit in THRESHOLDS)})
    clusters = {"a": scene("p", wrong)}
    assert score_dataset(truth, clusters).maa_percent == 0.0
    assert score_dataset(coarse, clusters).maa_percent == 100.0
