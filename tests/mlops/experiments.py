"""Experiments as their stages leave them: rows by the lifecycle, files by the stages' documents."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

from accounts.models import User
from drift.documents import BASELINE_NAME
from mlops import lifecycle
from mlops.dvc import STAGES
from mlops.experiment_folder import folder_of
from mlops.gates import Gates
from mlops.models import Experiment
from mlops.outputs import write_document
from mlops.spec import Spec, spec_from
from mlops.stages.decide import Decision, decide_all
from mlops.stages.evaluate import METRICS_NAME, Evaluation, Range, TrialMetrics
from mlops.stages.issues import issue
from mlops.stages.run_pipeline import RUNS_NAME, DatasetRun, Runs, TrialRun
from mlops.stages.validate import REPORT_NAME, Totals, Validation
from mlops.states import StageState
from mlops.trials import CHAMPION
from scene3d.engine.public import PRESETS
from tests.drift.builders import usual_baseline

DATA_HASH = "a1b2c3d4" * 8
DATASETS = ("plaza", "gate")
GOOD, BAD = "larger-photos", "fewer-keypoints"
"""Trials: one passes every gate, one does not."""
PLY = b"ply, or so it seems"

SPEC: dict[str, Any] = {
    "name": "Larger photos",
    "description": "Is quick better with larger photos?",
    "trials": {
        "preset": "quick",
        "fixed": [
            {"name": GOOD, "options": {"features": {"long_side_px": 1600}}},
            {"name": BAD, "options": {"features": {"max_keypoints": 512}}},
        ],
    },
}


def a_spec(data: Path | str = "/data/photos", **changes: Any) -> Spec:
    """As it is run."""
    options = PRESETS["quick"].options.to_dict()
    return spec_from({**SPEC, "data": str(data), **changes}).with_champion(options, "c0de" * 4)


def spec_text(**changes: Any) -> str:
    return yaml.safe_dump({**SPEC, **changes}, sort_keys=False)


def data_folder(root: Path) -> Path:
    """One that may be submitted; the first stage would find fault with it."""
    (root / "train").mkdir(parents=True)
    (root / "train_labels.csv").touch()
    (root / "train_thresholds.csv").touch()
    return root


def waiting(who: User | None = None, **changes: Any) -> Experiment:
    return lifecycle.create(a_spec(**changes).model_dump(mode="json"), STAGES, "button", who)


def running(experiment: Experiment, *, until: str) -> lifecycle.Lease:
    """All stages before `until` are done, and that one is at work."""
    lease = lifecycle.claim(experiment.pk)
    assert lease is not None
    for position, name in enumerate(STAGES):
        lifecycle.begin_stage(lease, name)
        if name == until:
            break
        state = StageState.UNCHANGED if name == "eda_baselines" else StageState.DONE
        lifecycle.end_stage(lease, name, state, seconds=1.5 + 20 * position)
    experiment.refresh_from_db()
    return lease


def done(
    who: User | None = None, *, score: float = 71.5, result: Path | None = None, **changes: Any
) -> Experiment:
    """With everything that a finished experiment has.

    Args:
        score: of the trial GOOD; the champion's is 70.
        result: folder with points.ply and cameras.json that all runs share.
    """
    experiment = waiting(who, **changes)
    lease = running(experiment, until="nothing")
    lifecycle.record_data_hash(lease, DATA_HASH)
    evaluation, decision = write_outputs(experiment, score=score, result=result)
    assert lifecycle.finish(
        lease,
        evaluation=evaluation.model_dump(mode="json"),
        decision=decision.model_dump(mode="json"),
    )
    experiment.refresh_from_db()
    return experiment


def write_outputs(
    experiment: Experiment, *, score: float, result: Path | None
) -> tuple[Evaluation, Decision]:
    folder = folder_of(experiment.pk)
    write_validation(experiment)
    for name in ("distributions.png", "similarity.png"):
        path = folder.output("baselines") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (640, 360), "#dde").save(path)
    write_document(usual_baseline(), folder.output("baselines") / BASELINE_NAME)
    write_runs(folder.output("runs"), result)
    evaluation = Evaluation(
        trials=[
            metrics(CHAMPION, 70.0, (0.0, 0.0)),
            metrics(GOOD, score, (0.4, 2.6)),
            metrics(BAD, 62.0, (-11.0, -5.0), registration=0.7),
        ]
    )
    folder.output("evaluation").mkdir(parents=True)
    write_document(evaluation, folder.output("evaluation") / METRICS_NAME)
    return evaluation, decide_all(folder.output("evaluation"), folder.output("decision"), Gates())


def metrics(
    trial: str, score: float, gain: tuple[float, float], *, registration: float = 0.95
) -> TrialMetrics:
    between = Range(mean=score, low=score - 3, high=score + 3)
    return TrialMetrics(
        trial=trial,
        preset="quick",
        options_fingerprint="0123456789abcdef",
        score=score,
        mAA=score + 1,
        clusterness=score - 1,
        registration=registration,
        seconds_per_photo=0.75,
        auc={"5": 0.8},
        per_dataset={"plaza": score + 2, "gate": score - 2},
        per_scene={"plaza/front": score + 4, "plaza/back": score, "gate/arch": 68.0},
        per_seed={"0": score},
        interval=between,
        gain=Range(mean=sum(gain) / 2, low=gain[0], high=gain[1]),
        errors=["gate, seed 0: no_model"] if trial == BAD else [],
    )


def write_validation(experiment: Experiment) -> None:
    issues = [issue("image_unlabelled", "plaza/extra.jpg", "No label names it, so it is not used.")]
    document = Validation(
        status="warn",
        data_hash=DATA_HASH,
        totals=Totals(
            num_rows=24, num_images=25, num_datasets=2, num_scenes=3, num_errors=0, num_warnings=1
        ),
        num_images={"plaza": {"front": 8, "back": 8}, "gate": {"arch": 8}},
        num_issues={"image_unlabelled": 1},
        issues=issues,
    )
    folder = folder_of(experiment.pk).output("validation")
    folder.mkdir(parents=True)
    write_document(document, folder / REPORT_NAME)


def write_runs(output: Path, result: Path | None) -> None:
    """BAD has no model of the gate."""
    runs = []
    for trial in (CHAMPION, GOOD, BAD):
        datasets = []
        for dataset in DATASETS:
            has_model = (trial, dataset) != (BAD, "gate")
            found: Mapping[str, Any] = {"num_registered": 11, "num_models": 1, "num_points": 4321}
            datasets.append(
                DatasetRun(
                    dataset=dataset,
                    num_photos=12,
                    **(found if has_model else {"error_code": "no_model"}),
                )
            )
            if has_model:
                place = output / trial / "seed-0" / dataset
                place.mkdir(parents=True)
                _write_result(place, result)
        runs.append(
            TrialRun(
                trial=trial,
                preset="quick",
                options=PRESETS["quick"].options.to_dict(),
                options_fingerprint="0123456789abcdef",
                seed=0,
                folder=f"{trial}/seed-0",
                datasets=datasets,
            )
        )
    write_document(Runs(runs=runs), output / RUNS_NAME)


def _write_result(place: Path, result: Path | None) -> None:
    if result is None:
        (place / "points.ply").write_bytes(PLY)
        (place / "cameras.json").write_text('{"models": []}')
        return
    for name in ("points.ply", "cameras.json"):
        shutil.copy(result / name, place / name)
