"""Contestants run one after the other on the same photos, as whole processes."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from scene3d.engine.benchmark.measure import Measured, run_measured
from scene3d.engine.benchmark.scenes import BenchmarkScene
from scene3d.engine.evaluation import (
    DatasetScore,
    Pose,
    center_errors,
    mean_average_accuracy,
    relative_pose_errors,
    score_dataset,
)
from scene3d.engine.report import Report
from scene3d.engine.selftest import read_models

MAA_DEG = (0.5, 1.0, 5.0, 10.0)


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """A way to reconstruct a folder of photos."""

    name: str
    command: Callable[[Path, Path, int], Sequence[str]]
    """Gets the folder of photos, the one for the result, where cameras.json is to lie, and a
    seed."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One run."""

    scene: str
    contestant: str
    seed: int
    num_photos: int
    num_registered: int
    """In the largest model, or in any where there are several places; 0 where the run failed."""
    measured: Measured
    stage_seconds: Mapping[str, float]
    """Empty for contestants that do not tell."""
    maa: Mapping[float, float]
    """By largest angle (degrees); empty without surveyed poses."""
    median_center_error: float | None
    """In units of the survey."""
    challenge: DatasetScore | None
    """Of several places as one upload; None elsewhere."""


def run_contest(
    scenes: Sequence[BenchmarkScene], contestants: Sequence[Contestant], num_repeats: int
) -> Iterator[Row]:
    """Rows as they come. Repeats go round all contestants, so that a busy minute hits each, and
    have seeds of their own, so that they show how much is chance."""
    with tempfile.TemporaryDirectory(prefix="scene3d-benchmark-") as folder:
        for scene in scenes:
            photos = Path(folder) / "photos" / scene.name
            photos.mkdir(parents=True)
            for path in scene.photos:
                shutil.copy(path, photos)
            for seed in range(num_repeats):
                for contestant in contestants:
                    yield _run(scene, contestant, photos, Path(folder) / "result", seed)
            shutil.rmtree(photos)


def _run(
    scene: BenchmarkScene, contestant: Contestant, photos: Path, result: Path, seed: int
) -> Row:
    shutil.rmtree(result, ignore_errors=True)
    result.mkdir()
    log = result.with_suffix(".log")
    measured = run_measured(contestant.command(photos, result, seed), log)
    models = read_models(result / "cameras.json") if measured.exit_code == 0 else []
    clusters = _as_clusters(models)
    poses = models[0] if models else {}
    errors = relative_pose_errors(poses, scene.poses)
    distances = center_errors(poses, scene.poses)
    return Row(
        scene=scene.name,
        contestant=contestant.name,
        seed=seed,
        num_photos=len(scene.photos),
        num_registered=sum(map(len, clusters.values())) if scene.challenge else len(poses),
        measured=measured,
        stage_seconds=_stage_seconds(result / "report.json"),
        maa={
            max_deg: mean_average_accuracy(errors, len(scene.poses), max_deg)
            for max_deg in MAA_DEG
            if scene.poses
        },
        median_center_error=median(distances.values()) if distances else None,
        challenge=score_dataset(scene.challenge, clusters) if scene.challenge else None,
    )


def _as_clusters(models: Sequence[Mapping[str, Pose]]) -> dict[str, dict[str, Pose]]:
    """A photo that several models share is the largest one's, as in our submission."""
    clusters: dict[str, dict[str, Pose]] = {}
    placed: set[str] = set()
    for index, poses in enumerate(models):
        clusters[f"cluster{index}"] = {name: poses[name] for name in poses if name not in placed}
        placed |= poses.keys()
    return clusters


def _stage_seconds(report: Path) -> dict[str, float]:
    if not report.is_file():
        return {}
    return {row.stage: row.seconds for row in Report.read(report).stages}
