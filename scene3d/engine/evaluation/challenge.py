"""The score of the Image Matching Challenge 2025, as its host's code computes it.

A scene is scored by the cluster that holds most of its photos (the competition's text says: the one
with the best poses), and by camera centres alone. One difference: scenes of three photos or fewer
cannot score and count for nothing here; in the host's formula those of one or two would lower what
the others have to reach.

Source: the competition's scorer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from scene3d.engine.evaluation.poses import Pose
from scene3d.engine.evaluation.registration import register_centers
from scene3d.engine.export.submission import OUTLIERS
from scene3d.engine.types import FloatArray

NUM_SKIPPED_THRESHOLDS = 2
"""The tightest ones help to find similarities, but do not count."""
NUM_FREE_CAMERAS = 3
"""A similarity brings so many to their places by itself."""

Poses = Mapping[str, Pose]
"""By file name of the photo."""
Clusters = Mapping[str, Poses]
"""By cluster; the one that is called "outliers" is none."""


@dataclass(frozen=True, kw_only=True)
class ChallengeDataset:
    """Photos of several scenes, as one upload."""

    name: str
    scenes: Mapping[str, Poses]
    """By scene; the one that is called "outliers" holds photos of none, and their poses are not
    read."""
    thresholds: Mapping[str, Sequence[float]]
    """By scene, ascending, in its unit; all scenes have equally many, three or more."""


@dataclass(frozen=True, kw_only=True)
class SceneScore:
    """How well the chosen cluster shows one scene."""

    name: str
    cluster: str
    """"" where the submission has no cluster."""
    num_photos: int
    num_in_cluster: int
    """Photos of the scene that the cluster holds, with a pose or without."""
    cluster_size: int
    """Photos that the cluster holds."""
    num_registered: tuple[int, ...]
    """Cameras within each threshold, the skipped ones included."""
    maa_percent: float


@dataclass(frozen=True, kw_only=True)
class DatasetScore:
    """Of one upload; all zero where it has no scene."""

    name: str
    score_percent: float
    """Harmonic mean of the other two."""
    maa_percent: float
    """Cameras in their places, over thresholds and scenes."""
    clusterness_percent: float
    """Photos of the chosen clusters that belong there."""
    scenes: tuple[SceneScore, ...]


@dataclass(frozen=True, kw_only=True)
class ChallengeScore:
    """Means over the datasets."""

    score_percent: float
    maa_percent: float
    clusterness_percent: float
    datasets: tuple[DatasetScore, ...]


def score_challenge(
    truth: Sequence[ChallengeDataset], submission: Mapping[str, Clusters]
) -> ChallengeScore:
    """Score every dataset of the truth, of which there is at least one.

    Args:
        submission: clusters by dataset; see `score_dataset`.
    """
    datasets = tuple(score_dataset(dataset, submission.get(dataset.name, {})) for dataset in truth)
    return ChallengeScore(
        score_percent=fmean(dataset.score_percent for dataset in datasets),
        maa_percent=fmean(dataset.maa_percent for dataset in datasets),
        clusterness_percent=fmean(dataset.clusterness_percent for dataset in datasets),
        datasets=datasets,
    )


def score_dataset(dataset: ChallengeDataset, clusters: Clusters) -> DatasetScore:
    """Score one upload.

    Args:
        clusters: every photo in one at most; poses that are not finite are none.
    """
    scenes = tuple(
        _score_scene(name, poses, dataset.thresholds[name], clusters)
        for name, poses in dataset.scenes.items()
        if name != OUTLIERS
    )
    maa = _percent(
        sum(_num_counted(scene.num_registered) for scene in scenes),
        sum(_num_countable(scene.num_photos, len(scene.num_registered)) for scene in scenes),
    )
    clusterness = _percent(
        sum(scene.num_in_cluster for scene in scenes), sum(scene.cluster_size for scene in scenes)
    )
    return DatasetScore(
        name=dataset.name,
        score_percent=2 * maa * clusterness / (maa + clusterness) if maa + clusterness else 0.0,
        maa_percent=maa,
        clusterness_percent=clusterness,
        scenes=scenes,
    )


def _score_scene(
    name: str, true: Poses, thresholds: Sequence[float], clusters: Clusters
) -> SceneScore:
    """By the cluster with most of the scene's photos, of several the one with the best poses, of
    several the first."""
    found = {cluster: poses for cluster, poses in clusters.items() if cluster != OUTLIERS}
    overlaps = {cluster: len(true.keys() & poses.keys()) for cluster, poses in found.items()}
    most = max(overlaps.values(), default=0)
    candidates = [cluster for cluster, overlap in overlaps.items() if overlap == most]
    registered = {
        cluster: _num_registered(found[cluster], true, thresholds) for cluster in candidates
    }
    nothing = (0,) * len(thresholds)
    chosen = max(candidates, key=lambda cluster: _num_counted(registered[cluster]), default="")
    num_registered = registered.get(chosen, nothing)
    return SceneScore(
        name=name,
        cluster=chosen,
        num_photos=len(true),
        num_in_cluster=most,
        cluster_size=len(found.get(chosen, ())),
        num_registered=num_registered,
        maa_percent=_percent(
            _num_counted(num_registered), _num_countable(len(true), len(thresholds))
        ),
    )


def _num_registered(estimated: Poses, true: Poses, thresholds: Sequence[float]) -> tuple[int, ...]:
    common = [photo for photo in true if photo in estimated]
    found, wanted = (_centers([poses[photo] for photo in common]) for poses in (estimated, true))
    return register_centers(found, wanted, thresholds).num_registered


def _centers(poses: Sequence[Pose]) -> FloatArray:
    """(N, 3); not finite where the pose is not."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.array([pose.center_in_world for pose in poses]).reshape(-1, 3)


def _num_counted(num_registered: Sequence[int]) -> int:
    """Cameras in their places, over all thresholds that count."""
    return sum(
        max(number - NUM_FREE_CAMERAS, 0) for number in num_registered[NUM_SKIPPED_THRESHOLDS:]
    )


def _num_countable(num_photos: int, num_thresholds: int) -> int:
    """What `_num_counted` gives where every camera is in its place."""
    return max(num_photos - NUM_FREE_CAMERAS, 0) * (num_thresholds - NUM_SKIPPED_THRESHOLDS)


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0
