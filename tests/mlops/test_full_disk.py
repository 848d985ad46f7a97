"""A stage or DVC without room ends an experiment with a clear error, and it goes on later."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mlops import experiment
from mlops.dvc import DvcFolder, StageStopped
from mlops.experiment_folder import folder_of
from mlops.models import Candidate
from mlops.states import ExperimentState
from mlops.tracking import Tracking
from tests.mlops import experiments
from tests.mlops.people import own_data_dir
from tests.small_disk import SmallDisk, fill, small_disk

__all__ = ["own_data_dir"]

NUM_BYTES = 3_000_000
PIPELINE = """
stages:
  make:
    cmd: python stage.py
    params: [num_bytes]
    outs: [out/make]
"""
STAGE = """
import pathlib, random, yaml
target = pathlib.Path("out/make")
target.mkdir(parents=True, exist_ok=True)
num_bytes = yaml.safe_load(open("params.yaml"))["num_bytes"]
with (target / "n").open("wb", buffering=0) as file:
    for start in range(0, num_bytes, 4096):
        file.write(random.Random(start).randbytes(4096))
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "small", "1m") as disk:
        yield disk


def make_folder(root: Path, cache: Path, project: Path) -> DvcFolder:
    project.mkdir()
    (project / "dvc.yaml").write_text(PIPELINE)
    (project / "manage.py").touch()
    folder = DvcFolder(root)
    folder.prepare(f"num_bytes: {NUM_BYTES}\n", project, cache)
    (root / "stage.py").write_text(STAGE)
    return folder


def wanted() -> bool:
    return True


@pytest.mark.slow
@pytest.mark.parametrize("who", [pytest.param("the stage", marks=pytest.mark.long), "dvc"])
def test_without_room_it_stops_and_with_room_it_goes_on(
    disk: SmallDisk, tmp_path: Path, who: str
) -> None:
    own, small = tmp_path / "own", disk.root / "own"
    root, cache = (small, tmp_path / "cache") if who == "the stage" else (own, disk.root / "cache")
    folder = make_folder(root, cache, tmp_path / "project")
    with pytest.raises(StageStopped, match="there is no room for its results") as caught:
        folder.run("make", wanted)
    assert caught.value.evidence == {"code": "storage_full", "stage": "make"}
    assert not list(cache.rglob(".*.tmp"))
    disk.resize("16m")
    assert folder.run("make", wanted)
    assert (folder.output("make") / "n").stat().st_size >= NUM_BYTES
    assert not folder.run("make", wanted)


@pytest.mark.django_db
def test_an_experiment_without_room_for_its_own_files_says_so(
    disk: SmallDisk, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_DIR = disk.root  # type: ignore[attr-defined]
    monkeypatch.setattr(experiment, "_tell_of_end", lambda _: None)
    monkeypatch.setattr(Tracking, "stage_ended", lambda *_: None)
    row = experiments.waiting()
    folder_of(row.pk).root.mkdir(parents=True)
    filler = fill(disk)
    assert experiment.run_experiment(row.pk)
    row.refresh_from_db()
    assert (row.state, row.error_code) == (ExperimentState.ERRORED, "storage_full")
    assert row.error_message.endswith("could not be written: No space left on device.")
    assert row.error_next_step == "Free disk space and try again."
    assert row.traceback == ""
    filler.unlink()
    disk.resize("16m")
    experiments.write_outputs(row, score=71.5, result=None)
    monkeypatch.setattr(DvcFolder, "run", lambda *_: False)
    assert experiment.run_experiment(row.pk)
    row.refresh_from_db()
    assert (row.state, row.error_code) == (ExperimentState.DONE, "")
    assert Candidate.objects.count() == 2
