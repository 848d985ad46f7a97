from itertools import combinations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from scene3d.engine.evaluation import Pose, relative_pose_errors, rotation_angle_deg
from scene3d.engine.seeding import generator
from scene3d.engine.types import FloatArray
from tests.engine.builders import random_rotations

Poses = dict[str, Pose]


def pose(rotation_cam_from_world: FloatArray, center_in_world: FloatArray) -> Pose:
    return Pose(
        rotation_cam_from_world=rotation_cam_from_world,
        translation_cam_from_world=-rotation_cam_from_world @ center_in_world,
    )


def center(posed: Pose) -> FloatArray:
    found: FloatArray = -posed.rotation_cam_from_world.T @ posed.translation_cam_from_world
    return found


def random_poses(seed: int, names: str = "abcdef") -> Poses:
    rng = generator(seed, "poses")
    rotations = random_rotations(rng, len(names))
    return {
        name: pose(rotation, rng.normal(0, 5, 3))
        for name, rotation in zip(names, rotations, strict=True)
    }


def turn(axis: FloatArray, angle_deg: float) -> FloatArray:
    found: FloatArray = Rotation.from_rotvec(
        np.radians(angle_deg) * axis / np.linalg.norm(axis)
    ).as_matrix()
    return found


@pytest.mark.parametrize(
    "angle_deg", [1e-7, 1e-5, 1e-3, 0.1, 1, 45, 89.9, 90, 120, 179, 179.999, 180]
)
@pytest.mark.parametrize("axis", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, -2, 3)])
def test_angles_of_known_rotations(angle_deg: float, axis: tuple[int, int, int]) -> None:
    rotation = turn(np.array(axis, np.float64), angle_deg)
    tolerance_deg = 1e-6 * min(angle_deg, 1)
    assert rotation_angle_deg(rotation) == pytest.approx(angle_deg, abs=tolerance_deg)
    assert rotation_angle_deg(rotation.T) == pytest.approx(angle_deg, abs=tolerance_deg)


def test_no_rotation_is_exactly_zero() -> None:
    assert rotation_angle_deg(np.eye(3)) == 0.0


@pytest.mark.parametrize("seed", range(5))
def test_the_worlds_frame_and_scale_do_not_count(seed: int) -> None:
    true = random_poses(seed)
    rng = generator(seed, "similarity")
    [rotation] = random_rotations(rng, 1)
    scale, shift = rng.uniform(0.01, 100), rng.normal(0, 50, 3)
    moved = {
        name: pose(
            posed.rotation_cam_from_world @ rotation.T, scale * rotation @ center(posed) + shift
        )
        for name, posed in true.items()
    }
    errors = relative_pose_errors(moved, true)
    assert set(errors) == set(combinations("abcdef", 2))
    assert max(error.max_deg for error in errors.values()) < 1e-9


@pytest.mark.parametrize("angle_deg", [1e-6, 0.5, 30, 175])
def test_one_turned_camera_is_wrong_by_its_angle_in_all_of_its_pairs(angle_deg: float) -> None:
    true = random_poses(1)
    wrong = turn(np.array([3.0, -1, 2]), angle_deg) @ true["c"].rotation_cam_from_world
    errors = relative_pose_errors({**true, "c": pose(wrong, center(true["c"]))}, true)
    for pair, error in errors.items():
        if "c" in pair:
            assert error.rotation_deg == pytest.approx(angle_deg, rel=1e-5)
            # the other camera sees it in the right direction, it sees the other turned
            assert pair[1] != "c" or 0 < error.translation_direction_deg <= angle_deg * (1 + 1e-5)
            assert error.max_deg >= angle_deg * (1 - 1e-5)
        else:
            assert error.max_deg < 1e-9


@pytest.mark.parametrize("angle_deg", [1e-6, 10, 90, 180])
def test_a_camera_in_another_direction_is_wrong_by_the_angle_between(angle_deg: float) -> None:
    forward = np.array([1.0, 0, 0])
    true = {"a": pose(np.eye(3), np.zeros(3)), "b": pose(np.eye(3), forward)}
    aside = turn(np.array([0.0, 0, 1]), angle_deg) @ forward
    [error] = relative_pose_errors({**true, "b": pose(np.eye(3), 7 * aside)}, true).values()
    assert error.rotation_deg == 0.0
    assert error.translation_direction_deg == pytest.approx(angle_deg, rel=1e-6)
    assert error.max_deg == error.translation_direction_deg


def test_only_photos_that_both_know_are_compared() -> None:
    true = random_poses(2)
    estimated = {**{name: true[name] for name in "bda"}, "stranger": true["f"]}
    assert set(relative_pose_errors(estimated, true)) == {("a", "b"), ("a", "d"), ("b", "d")}


@pytest.mark.parametrize("known", ["", "a"])
def test_fewer_than_two_photos_have_no_pairs(known: str) -> None:
    true = random_poses(3)
    assert relative_pose_errors({name: true[name] for name in known}, true) == {}
