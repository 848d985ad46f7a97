"""What of an experiment's folder pages show. Everything else in it stays where it is."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage

from mlops.experiment_folder import folder_of
from mlops.models import Experiment
from scene3d.http.files import ServedFile

FIGURES = {
    "distributions.png": "How the photos' features are distributed",
    "similarity.png": "How alike the photos are, grouped by scene",
}
"""Of the second stage, and what they show."""

_RESULT_TYPES = {"points.ply": "application/octet-stream", "cameras.json": "application/json"}


@dataclass(frozen=True, kw_only=True)
class DatasetResult:
    """A trial's model of one dataset."""

    dataset: str
    seed: int
    num_points: int
    num_registered: int
    num_photos: int


def validation_of(experiment: Experiment) -> dict[str, Any] | None:
    """The first stage's report; None before there is one."""
    return _read(folder_of(experiment.pk).output("validation") / "validation.json")


def figures_of(experiment: Experiment) -> dict[str, str]:
    """FIGURES that are there."""
    folder = folder_of(experiment.pk).output("baselines")
    return {name: words for name, words in FIGURES.items() if (folder / name).is_file()}


def figure_file(experiment: Experiment, name: str) -> ServedFile | None:
    """None where there is no such figure."""
    if name not in FIGURES:
        return None
    return _served(folder_of(experiment.pk).output("baselines"), name, "image/png")


def results_of(experiment: Experiment, trial: str) -> dict[str, DatasetResult]:
    """By dataset, of the first seed; those without a model are not there."""
    results: dict[str, DatasetResult] = {}
    for run, dataset in _runs(experiment):
        if run["trial"] == trial and dataset["error_code"] is None:
            result = DatasetResult(
                dataset=dataset["dataset"],
                seed=run["seed"],
                num_points=dataset["num_points"],
                num_registered=dataset["num_registered"],
                num_photos=dataset["num_photos"],
            )
            results.setdefault(result.dataset, result)
    return results


def result_file(
    experiment: Experiment, trial: str, seed: int, dataset: str, name: str
) -> ServedFile | None:
    """points.ply or cameras.json of a result that the experiment lists; None otherwise."""
    if name not in _RESULT_TYPES:
        return None
    for run, row in _runs(experiment):
        if (run["trial"], run["seed"], row["dataset"]) == (trial, seed, dataset):
            place = f"{run['folder']}/{dataset}/{name}"
            return _served(folder_of(experiment.pk).output("runs"), place, _RESULT_TYPES[name])
    return None


def _runs(experiment: Experiment) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each run with each of its datasets."""
    listed = _read(folder_of(experiment.pk).output("runs") / "runs.json") or {"runs": []}
    return [(run, row) for run in listed["runs"] for row in run["datasets"]]


def _served(folder: Path, place: str, media_type: str) -> ServedFile | None:
    storage = FileSystemStorage(location=folder)
    path = Path(storage.path(place))  # refuses what lies outside
    if not path.is_file():
        return None
    facts = path.stat()
    return ServedFile(
        storage=storage,
        path=place,
        num_bytes=facts.st_size,
        sha256=f"{facts.st_mtime_ns:x}-{facts.st_size:x}",
        media_type=media_type,
    )


def _read(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
