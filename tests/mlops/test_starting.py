"""What an experiment's trials are compared with."""

from pathlib import Path

import pytest

from mlops.data import DataFolder, hash_data
from mlops.models import Experiment
from mlops.services import JudgedTrial, after_experiment, record_candidates
from mlops.spec import Spec, spec_from
from mlops.starting import as_run
from mlops.states import ExperimentState
from scene3d.engine.public import PRESETS, ReconstructionOptions
from tests.mlops import experiments
from tests.mlops.serving.builders import METRICS, PASSED

pytestmark = pytest.mark.django_db

QUICK = PRESETS["quick"].options.to_dict()


def won(spec: Spec, data: Path) -> ReconstructionOptions:
    """Its first trial has passed every gate, and the policy has promoted it."""
    experiment = Experiment.objects.create(
        name=spec.name,
        spec=spec.model_dump(mode="json"),
        spec_fingerprint="0" * 16,
        data=str(data),
        data_hash=hash_data(DataFolder(data), num_threads=1),
        state=ExperimentState.DONE,
    )
    options = ReconstructionOptions.from_dict(spec.trials.plans()[0].options.to_dict())
    trial = JudgedTrial(
        trial="winner", preset="quick", options=options, metrics=METRICS, reasons=PASSED
    )
    record_candidates(experiment, [trial])
    assert len(after_experiment(experiment)) == 1
    return options


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    (folder / "train" / "plaza").mkdir(parents=True)
    (folder / "train" / "plaza" / "a.jpg").write_bytes(b"one")
    (folder / "train_labels.csv").write_text(
        "dataset,scene,image,rotation_matrix,translation_vector\n"
    )
    (folder / "train_thresholds.csv").write_text("dataset,scene,thresholds\n")
    return folder


def spec(**changes: object) -> Spec:
    return spec_from({**experiments.SPEC, **changes})


def test_what_has_won_these_very_trials_is_compared_with_what_it_beat(data: Path) -> None:
    first = as_run(spec(), data)
    assert first.champion == QUICK
    options = won(first, data).to_dict()
    assert as_run(spec(), data) == first
    other_gate = as_run(spec(gates={"min_gain": 50}), data)
    assert other_gate.champion == QUICK
    assert as_run(spec(), data, anew=True).champion == options
    assert as_run(spec(seeds=[1]), data).champion == options


def test_other_photos_are_a_new_comparison(data: Path) -> None:
    options = won(as_run(spec(), data), data).to_dict()
    (data / "train" / "plaza" / "a.jpg").write_bytes(b"two")
    assert as_run(spec(), data).champion == options
