"""What one number says about the poses of a scene or the sorting of an upload."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

import numpy as np

from scene3d.engine.evaluation.challenge import Clusters
from scene3d.engine.evaluation.poses import (
    PairError,
    Pose,
    center_errors,
    relative_pose_errors,
)
from scene3d.engine.export.submission import OUTLIERS

AUC_DEG = (1.0, 3.0, 5.0, 10.0)


@dataclass(frozen=True, kw_only=True)
class PoseAccuracy:
    """Of one model, held against the surveyed poses of one scene."""

    num_photos: int
    """Surveyed."""
    num_estimated: int
    """Of these."""
    auc: Mapping[float, float]
    """0 to 1, by largest angle (degrees)."""
    median_center_error: float | None
    """In units of the survey; None where fewer than three photos can be compared."""


def pose_accuracy(estimated: Mapping[str, Pose], true: Mapping[str, Pose]) -> PoseAccuracy:
    """Poses by photo, all finite; photos that are not surveyed do not count."""
    errors = relative_pose_errors(estimated, true)
    distances = center_errors(estimated, true)
    return PoseAccuracy(
        num_photos=len(true),
        num_estimated=len(estimated.keys() & true.keys()),
        auc={max_deg: pose_auc(errors, len(true), max_deg) for max_deg in AUC_DEG},
        median_center_error=median(distances.values()) if distances else None,
    )


def pose_auc(errors: Mapping[tuple[str, str], PairError], num_photos: int, max_deg: float) -> float:
    """Area under the recall of pairs over the angle, up to `max_deg`, as a share of the whole.

    Recall is linear between the errors, the k-th smallest of which has recall k / number of pairs.

    Args:
        num_photos: all photos whose pose is known; a pair without an estimate is wrong.
    Source: Sarlin et al., "SuperGlue: Learning Feature Matching with Graph Neural Networks", 2020,
        with the larger of rotation and translation-direction error of Yi et al., "Learning to Find
        Good Correspondences", 2018.
    """
    num_pairs = num_photos * (num_photos - 1) // 2
    if num_pairs == 0:
        return 0.0
    angles_deg = np.sort([0.0, *(error.max_deg for error in errors.values())])
    recalls = np.arange(len(angles_deg)) / num_pairs
    within = angles_deg < max_deg
    angles_deg = np.append(angles_deg[within], max_deg)
    recalls = np.append(recalls[within], recalls[within][-1])
    return float(np.trapezoid(recalls, angles_deg)) / max_deg


def registration_rate(scenes: Clusters, clusters: Clusters) -> float:
    """Share of the photos that are where they belong: those of a scene have a pose in some cluster,
    outliers have none in any. 0 to 1; 0 without photos.

    Args:
        scenes: the truth, with the outliers.
        clusters: poses that are not finite are none.
    """
    placed = {
        photo
        for cluster, poses in clusters.items()
        if cluster != OUTLIERS
        for photo, pose in poses.items()
        if pose.is_finite
    }
    photos = {photo: scene for scene, poses in scenes.items() for photo in poses}
    right = sum((photo in placed) == (scene != OUTLIERS) for photo, scene in photos.items())
    return right / len(photos) if photos else 0.0
