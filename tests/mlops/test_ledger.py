"""The ledger: never half written, never silently lost."""

import json
import multiprocessing
from pathlib import Path

import pytest

from mlops.ledger import Ledger, LedgerFile, PublishedRun
from mlops.tracker import LedgerInvalid, RunUnpublished, TrackerUnavailable

NUM_PROCESSES = 4
NUM_RUNS = 25


def test_it_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    ledger_file = LedgerFile(tmp_path / "deep" / "tracking.json")
    with ledger_file.locked() as ledger:
        ledger.runs["a"] = PublishedRun(run_id="1", experiment_id="2", artifacts={"x/ü": "sha"})
        ledger_file.save(ledger)
    assert ledger_file.read() == ledger
    assert (
        json.loads((tmp_path / "deep" / "tracking.json").read_text())["runs"]["a"]["run_id"] == "1"
    )


def test_its_id_is_kept_before_anything_is_published(tmp_path: Path) -> None:
    """Runs whose making was not noted are found by it."""
    ledger_file = LedgerFile(tmp_path / "tracking.json")
    with ledger_file.locked() as ledger:
        first = ledger.id
    with ledger_file.locked() as ledger:
        assert ledger.id == first
    assert LedgerFile(tmp_path / "other.json").read().id != first


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"format": 2}', '{"format": 1, "id": "x", "runs": {"a": {"run_id": 1}}}'],
)
def test_what_is_no_ledger_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "tracking.json"
    path.write_text(content)
    with pytest.raises(LedgerInvalid) as problem, LedgerFile(path).locked():
        pass
    assert problem.value.code == "tracker_ledger_invalid"
    assert str(path) in problem.value.message
    assert "delete it" in problem.value.next_step
    assert path.read_text() == content


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(TrackerUnavailable, match="file"),
        LedgerFile(tmp_path / "file" / "tracking.json").locked(),
    ):
        pass


def test_a_run_that_is_not_there_is_told() -> None:
    with pytest.raises(RunUnpublished, match=r"^The run parent is not published\.$"):
        Ledger().run_of("parent")


def _add_runs(path: Path, number: int) -> None:
    ledger_file = LedgerFile(path)
    for index in range(NUM_RUNS):
        with ledger_file.locked() as ledger:
            ledger.runs[f"{number}/{index}"] = PublishedRun(run_id="r", experiment_id="e")
            ledger_file.save(ledger)


def test_several_processes_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "tracking.json"
    context = multiprocessing.get_context("fork")
    processes = [
        context.Process(target=_add_runs, args=[path, number]) for number in range(NUM_PROCESSES)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * NUM_PROCESSES
    assert len(LedgerFile(path).read().runs) == NUM_PROCESSES * NUM_RUNS
