"""Accuracies and rates that are known by hand."""

import numpy as np
import pytest

from scene3d.engine.evaluation import (
    AUC_DEG,
    PairError,
    Pose,
    pose_accuracy,
    pose_auc,
    registration_rate,
)

from .worlds import Poses, at, scene


@pytest.mark.parametrize(
    ("angles_deg", "num_photos", "max_deg", "expected"),
    [
        # recall is a third at 1 degree, two thirds at 2, all from 4 on
        ([4.0, 1.0, 2.0], 3, 5.0, (1 / 6 + 1 / 2 + 5 / 3 + 1) / 5),
        # the last error is beyond the end, where recall stays as it was
        ([4.0, 1.0, 2.0], 3, 3.0, (1 / 6 + 1 / 2 + 2 / 3) / 3),
        # two of three pairs are missing
        ([1.0], 3, 5.0, (1 / 6 + 4 / 3) / 5),
        ([0.0, 0.0, 0.0], 3, 1.0, 1.0),
        ([5.0, 7.0, 180.0], 3, 5.0, 0.0),
        ([], 3, 5.0, 0.0),
        ([], 1, 5.0, 0.0),
        ([], 0, 5.0, 0.0),
    ],
)
def test_area_under_the_recall(
    angles_deg: list[float], num_photos: int, max_deg: float, expected: float
) -> None:
    """The larger of both errors counts, whichever it is."""
    errors = {
        (str(index), "x"): PairError(
            rotation_deg=angle if index % 2 else angle / 2,
            translation_direction_deg=angle / 3 if index % 2 else angle,
        )
        for index, angle in enumerate(angles_deg)
    }
    assert pose_auc(errors, num_photos, max_deg) == pytest.approx(expected)


def test_a_scene_that_is_half_there() -> None:
    """Three of four photos are exact: three of six pairs, and no centre is off."""
    true = scene("p", np.diag([1.0, 2, 3, 0])[:, :3])
    accuracy = pose_accuracy({**dict(list(true.items())[:3]), "stranger": at([0, 0, 0])}, true)
    assert (accuracy.num_photos, accuracy.num_estimated) == (4, 3)
    assert accuracy.auc == pytest.approx(dict.fromkeys(AUC_DEG, 0.5), abs=1e-6)
    assert accuracy.median_center_error == pytest.approx(0.0, abs=1e-12)


def test_nothing_found_has_no_centres() -> None:
    accuracy = pose_accuracy({}, scene("p", np.eye(3)))
    assert accuracy.auc == dict.fromkeys(AUC_DEG, 0.0)
    assert accuracy.median_center_error is None


def test_rejected_outliers_are_right() -> None:
    """Right: two placed photos and one rejected outlier. Wrong: a photo called an outlier, one
    without a pose, one that nobody mentions, and an outlier that was placed."""
    nowhere = Pose(
        rotation_cam_from_world=np.full((3, 3), np.nan), translation_cam_from_world=np.zeros(3)
    )
    truth = {"place": scene("p", np.ones((5, 3))), "outliers": scene("o", np.ones((2, 3)))}
    here = at([0, 0, 0])
    clusters: dict[str, Poses] = {
        "a": {"p_0": here, "p_1": nowhere, "o_0": here},
        "b": {"p_2": here},
        "outliers": {"p_3": here, "o_1": here},
    }
    assert registration_rate(truth, clusters) == pytest.approx(3 / 7)
    assert registration_rate(truth, {}) == pytest.approx(2 / 7)
    assert registration_rate(truth, {"all": truth["place"]}) == 1.0
    assert registration_rate({}, {}) == 0.0
