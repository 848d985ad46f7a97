"""Fifth stage: every trial on every dataset, by the engine."""

import csv
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from drift.documents import Document
from mlops.data import file_digest
from mlops.outputs import whole_output, write_document
from mlops.search import Searcher
from mlops.stage_progress import StageProgress
from mlops.stages.prepare import PATH_COLUMN, TABLE_NAME
from mlops.trials import Search, TrialPlan
from scene3d.engine.export.submission import COLUMNS, submission_rows
from scene3d.engine.host import Host
from scene3d.engine.pipeline import reconstruct
from scene3d.engine.progress import Silent
from scene3d.engine.public import PhotoProblem, PhotoSource, ReconstructionOptions
from scene3d.engine.report import Report
from scene3d.engine.workspace import Workspace

RUNS_NAME = "runs.json"
SUBMISSION_NAME = "submission.csv"

Photos = Mapping[str, Sequence[PhotoSource]]
"""By dataset."""
ScoreRun = Callable[["TrialRun", Path], float]
"""Percent, of a finished run whose files lie in the folder."""


class DatasetRun(Document):
    """One trial on one dataset with one seed."""

    dataset: str
    num_photos: int
    num_registered: int = 0
    num_models: int = 0
    num_points: int = 0
    seconds: float = 0.0
    """Wall time of the whole reconstruction."""
    stage_seconds: dict[str, float] = {}
    error_code: str | None = None
    """Why there is no model: a problem with these photos."""
    error_message: str | None = None


class TrialRun(Document):
    """One trial with one seed on all datasets; its files lie in `folder`."""

    trial: str
    preset: str
    options: dict[str, Any]
    options_fingerprint: str
    seed: int
    folder: str
    """Within the stage's output."""
    datasets: list[DatasetRun]


class Runs(Document):
    """All of an experiment."""

    runs: list[TrialRun]


@dataclass(frozen=True, kw_only=True)
class PipelinePlan:
    """What is to be run, and by which version of the code. Where there is a search, `score` tells
    it what its trials are worth."""

    trials: Sequence[TrialPlan]
    search: Search | None
    preset: str
    """Of the search's trials."""
    seeds: Sequence[int]
    code_version: str
    score: ScoreRun


def run_pipeline(
    prepared: Path, output: Path, units: Path, pipeline: PipelinePlan, host: Host
) -> Runs:
    """Write RUNS_NAME and, for each trial and seed, SUBMISSION_NAME and a folder per dataset with
    report.json and a PLY per model.

    Args:
        prepared: the output of `prepare`.
        units: keeps each dataset's result until all are there, so that a run that was killed goes
            on where it was.
    """
    photos, units = read_prepared(prepared.resolve()), units.resolve()
    num_trials = len(pipeline.trials) + (pipeline.search.num_trials if pipeline.search else 0)
    total = num_trials * len(pipeline.seeds) * len(photos)
    progress = StageProgress(total)
    bench = _Bench(photos, pipeline, units, host, progress)
    with whole_output(output) as folder:
        runs = bench.run_all(pipeline.trials, folder)
        if pipeline.search:
            runs += _searched(pipeline, bench, folder)
        document = Runs(runs=runs)
        write_document(document, folder / RUNS_NAME)
    return document


def read_prepared(prepared: Path) -> Photos:
    """What `prepare` wrote, by dataset."""
    photos: dict[str, list[PhotoSource]] = {}
    with (prepared / TABLE_NAME).open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            source = PhotoSource(name=row["image"], path=prepared / row[PATH_COLUMN])
            photos.setdefault(row["dataset"], []).append(source)
    return photos


def _searched(pipeline: PipelinePlan, bench: "_Bench", folder: Path) -> list[TrialRun]:
    assert pipeline.search is not None  # noqa: S101  # only called where there is one
    searcher, runs = Searcher(pipeline.search, pipeline.preset), []
    for position in range(pipeline.search.num_trials):
        asked, trial = searcher.ask(position)
        own = bench.run_all([trial], folder)
        scores = [pipeline.score(run, folder / run.folder) for run in own]
        searcher.tell(asked, sum(scores) / len(scores))
        runs += own
    return runs


class _Bench:
    """Where trials are run, one dataset after the other."""

    def __init__(
        self,
        photos: Photos,
        pipeline: PipelinePlan,
        units: Path,
        host: Host,
        progress: StageProgress,
    ) -> None:
        self._photos, self._seeds = photos, pipeline.seeds
        code = pipeline.code_version
        self._digests = {dataset: _digest(photos[dataset], code) for dataset in photos}
        self._units, self._host, self._progress = units, host, progress

    def run_all(self, trials: Sequence[TrialPlan], folder: Path) -> list[TrialRun]:
        """The trials take turns on each dataset, so that a busy minute hits all of them."""
        found: dict[tuple[str, int], list[DatasetRun]] = {}
        for dataset in self._photos:
            for seed in self._seeds:
                for trial in trials:
                    self._progress.tell(f"{trial.name} on {dataset}, seed {seed}")
                    place = folder / _folder_name(trial, seed)
                    found.setdefault((trial.name, seed), []).append(
                        self._unit(trial, seed, dataset, place / dataset)
                    )
                    self._progress.advance()
        return [
            self._gathered(trial, seed, found[trial.name, seed], folder)
            for trial in trials
            for seed in self._seeds
        ]

    def _unit(self, trial: TrialPlan, seed: int, dataset: str, target: Path) -> DatasetRun:
        """From an earlier attempt with the same code, if it got so far."""
        options = trial.options.merged({"seed": seed})
        kept = self._units / f"{options.fingerprint()}-{self._digests[dataset]}"
        if not (kept / "unit.json").is_file():
            self._run(options, dataset, kept)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(kept, target)
        (target / "unit.json").unlink()
        return DatasetRun.model_validate_json((kept / "unit.json").read_text())

    def _run(self, options: ReconstructionOptions, dataset: str, kept: Path) -> None:
        """unit.json comes last: without it there is no unit."""
        photos = self._photos[dataset]
        workspace = Workspace(self._units / "work")
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        unit = DatasetRun(dataset=dataset, num_photos=len(photos))
        poses_only = options.merged({"dense": {"enabled": False}})  # nothing scores surfaces
        started_s = monotonic()
        try:
            report = reconstruct(photos, poses_only, workspace, Silent(), self._host)
        except PhotoProblem as problem:
            found = {"error_code": problem.code, "error_message": problem.message}
        else:
            for name in ("report.json", "cameras.json", *_clouds(workspace.result_dir)):
                shutil.copy(workspace.result_dir / name, kept / name)
            found = _found(report)
        finally:
            shutil.rmtree(workspace.root, ignore_errors=True)
        unit = unit.model_copy(update={"seconds": monotonic() - started_s, **found})
        write_document(unit, kept / "unit.json")

    def _gathered(
        self, trial: TrialPlan, seed: int, units: Sequence[DatasetRun], folder: Path
    ) -> TrialRun:
        place = folder / _folder_name(trial, seed)
        with (place / SUBMISSION_NAME).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            for dataset, photos in self._photos.items():
                names = [photo.name for photo in photos]
                writer.writerows(submission_rows(names, _cameras(place / dataset), dataset))
        return TrialRun(
            trial=trial.name,
            preset=trial.preset,
            options=trial.options.to_dict(),
            options_fingerprint=trial.options.fingerprint(),
            seed=seed,
            folder=_folder_name(trial, seed),
            datasets=list(units),
        )


def _found(report: Report) -> dict[str, Any]:
    return {
        "num_registered": report.counts.num_registered,
        "num_models": report.counts.num_models,
        "num_points": report.counts.num_points,
        "stage_seconds": {row.stage: row.seconds for row in report.stages},
    }


def _digest(photos: Sequence[PhotoSource], code_version: str) -> str:
    """Of names and contents, and of what they are read by: 16 hex digits."""
    rows = [(photo.name, file_digest(photo.path)) for photo in photos]
    return hashlib.sha256(json.dumps([code_version, rows]).encode()).hexdigest()[:16]


def _folder_name(trial: TrialPlan, seed: int) -> str:
    return f"{trial.name}/seed-{seed}"


def _clouds(result: Path) -> Iterator[str]:
    return (path.name for path in sorted(result.glob("points*.ply")))


def _cameras(folder: Path) -> Mapping[str, Any]:
    path = folder / "cameras.json"
    if not path.is_file():
        return {"models": []}
    cameras: Mapping[str, Any] = json.loads(path.read_text())
    return cameras
