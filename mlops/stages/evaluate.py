"""Sixth stage: what every trial is worth: by the challenge's score, in poses and in photos."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from drift.documents import Document
from mlops.data import DataFolder
from mlops.outputs import whole_output, write_document, write_table
from mlops.stages.run_pipeline import RUNS_NAME, SUBMISSION_NAME, Runs, TrialRun
from mlops.trials import CHAMPION
from scene3d.engine.evaluation import (
    ChallengeDataset,
    ChallengeScore,
    Interval,
    Pose,
    PoseAccuracy,
    SceneScore,
    bootstrap_difference,
    bootstrap_mean,
    pose_accuracy,
    read_submission,
    read_truth,
    registration_rate,
    score_challenge,
)
from scene3d.engine.export.submission import OUTLIERS

METRICS_NAME = "metrics.json"
SCENES_NAME = "scenes.csv"
_SCENE_COLUMNS = (
    "trial", "seed", "dataset", "scene", "cluster", "num_photos", "num_in_cluster", "cluster_size",
    "maa", "score", "auc_1", "auc_3", "auc_5", "auc_10", "median_center_error",
)  # fmt: skip

Clusters = Mapping[str, Mapping[str, Pose]]


class Range(Document):
    """A mean and its bootstrap interval, percent."""

    mean: float
    low: float
    high: float


class TrialMetrics(Document):
    """Means over seeds. Scores are percent, shares 0 to 1."""

    trial: str
    preset: str
    options_fingerprint: str
    score: float
    mAA: float  # noqa: N815  # the challenge's name
    clusterness: float
    registration: float
    seconds_per_photo: float
    auc: dict[str, float]
    """By largest angle in degrees: mean over scenes."""
    per_dataset: dict[str, float]
    """Score."""
    per_scene: dict[str, float]
    """By dataset/scene: harmonic mean of its mAA and its cluster's purity."""
    per_seed: dict[str, float]
    """Score; shows how much chance there is."""
    interval: Range
    """Of the mean over scenes and seeds."""
    gain: Range
    """Of the same over the champion's."""
    errors: list[str] = []
    """Datasets without a model, and why."""


class Evaluation(Document):
    """All trials, the champion first."""

    trials: list[TrialMetrics]


@dataclass(frozen=True)
class _Scored:
    """One trial with one seed."""

    run: TrialRun
    score: ChallengeScore
    registration: float
    scenes: Mapping[str, tuple[SceneScore, PoseAccuracy]]
    """By dataset/scene."""


def evaluate(data: DataFolder, runs_folder: Path, output: Path) -> Evaluation:
    """Write METRICS_NAME, and SCENES_NAME with a row per trial, seed and scene.

    Raises: InputNotFound, TableProblem.
    """
    truth = read_truth(data.labels_path, data.thresholds_path)
    runs = Runs.model_validate_json((runs_folder / RUNS_NAME).read_text()).runs
    scored = [_score(run, runs_folder / run.folder, truth) for run in runs]
    by_trial: dict[str, list[_Scored]] = {}
    for one in scored:
        by_trial.setdefault(one.run.trial, []).append(one)
    champion = by_trial[CHAMPION]
    document = Evaluation(trials=[_metrics(own, champion) for own in by_trial.values()])
    with whole_output(output) as folder:
        write_document(document, folder / METRICS_NAME)
        rows = [row for one in scored for row in _rows(one)]
        write_table(_SCENE_COLUMNS, rows, folder / SCENES_NAME)
    return document


def score_of(run_folder: Path, data: DataFolder) -> float:
    """Percent, of one trial with one seed: what a search goes by."""
    truth = read_truth(data.labels_path, data.thresholds_path)
    submission = read_submission(run_folder / SUBMISSION_NAME, truth)
    return score_challenge(truth, submission).score_percent


def _score(run: TrialRun, folder: Path, truth: Sequence[ChallengeDataset]) -> _Scored:
    submission = read_submission(folder / SUBMISSION_NAME, truth)
    score = score_challenge(truth, submission)
    datasets = {dataset.name: dataset for dataset in truth}
    num_photos = {name: sum(map(len, one.scenes.values())) for name, one in datasets.items()}
    right = sum(
        num_photos[name] * registration_rate(one.scenes, submission[name])
        for name, one in datasets.items()
    )
    return _Scored(
        run=run,
        score=score,
        registration=right / sum(num_photos.values()),
        scenes={
            f"{dataset.name}/{scene.name}": (
                scene,
                _accuracy(scene, datasets[dataset.name], submission[dataset.name]),
            )
            for dataset in score.datasets
            for scene in dataset.scenes
            if scene.name != OUTLIERS
        },
    )


def _accuracy(scene: SceneScore, truth: ChallengeDataset, clusters: Clusters) -> PoseAccuracy:
    """Of the scene's photos in the cluster that it is scored by."""
    placed = {
        photo: pose for photo, pose in clusters.get(scene.cluster, {}).items() if pose.is_finite
    }
    return pose_accuracy(placed, truth.scenes[scene.name])


def _metrics(own: Sequence[_Scored], champion: Sequence[_Scored]) -> TrialMetrics:
    first, table = own[0], _scene_table(own)
    scores = [one.score for one in own]
    return TrialMetrics(
        trial=first.run.trial,
        preset=first.run.preset,
        options_fingerprint=first.run.options_fingerprint,
        score=fmean(score.score_percent for score in scores),
        mAA=fmean(score.maa_percent for score in scores),
        clusterness=fmean(score.clusterness_percent for score in scores),
        registration=fmean(one.registration for one in own),
        seconds_per_photo=fmean(_seconds_per_photo(one.run) for one in own),
        auc={
            f"{max_deg:g}": fmean(
                accuracy.auc[max_deg] for one in own for _, accuracy in one.scenes.values()
            )
            for max_deg in next(iter(first.scenes.values()))[1].auc
        },
        per_dataset={
            dataset.name: fmean(score.datasets[position].score_percent for score in scores)
            for position, dataset in enumerate(first.score.datasets)
        },
        per_scene={name: fmean(values) for name, values in zip(first.scenes, table, strict=True)},
        per_seed={str(one.run.seed): one.score.score_percent for one in own},
        interval=_range(bootstrap_mean(table)),
        gain=_range(bootstrap_difference(_scene_table(champion), table)),
        errors=[
            f"{dataset.dataset}, seed {one.run.seed}: {dataset.error_code}"
            for one in own
            for dataset in one.run.datasets
            if dataset.error_code
        ],
    )


def _scene_table(own: Sequence[_Scored]) -> list[list[float]]:
    """Scores by scene, then seed."""
    return [[_scene_score(one.scenes[name][0]) for one in own] for name in own[0].scenes]


def _scene_score(scene: SceneScore) -> float:
    """Percent; for one scene what the challenge's score is for a dataset."""
    purity = 100 * scene.num_in_cluster / scene.cluster_size if scene.cluster_size else 0.0
    both = scene.maa_percent + purity
    return 2 * scene.maa_percent * purity / both if both else 0.0


def _seconds_per_photo(run: TrialRun) -> float:
    return sum(one.seconds for one in run.datasets) / sum(one.num_photos for one in run.datasets)


def _range(interval: Interval) -> Range:
    return Range(mean=interval.mean, low=interval.low, high=interval.high)


def _rows(one: _Scored) -> list[list[object]]:
    return [
        [
            one.run.trial, one.run.seed, *name.split("/", 1), scene.cluster, scene.num_photos,
            scene.num_in_cluster, scene.cluster_size, scene.maa_percent, _scene_score(scene),
            *accuracy.auc.values(), accuracy.median_center_error,
        ]
        for name, (scene, accuracy) in one.scenes.items()
    ]  # fmt: skip
