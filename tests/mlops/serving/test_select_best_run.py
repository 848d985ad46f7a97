"""Only what was measured on the same data by the same code is compared."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import User
from mlops import services
from mlops.models import Candidate, Experiment
from mlops.selection import NothingMeasured, select
from mlops.states import ExperimentState
from tests.mlops.serving.builders import REFUSED, WHY, make_candidate, make_experiment

pytestmark = pytest.mark.django_db

HERE, THERE = "a" * 64, "b" * 64


def finished(name: str, *, data: str = HERE, code: str = "c0de", hours_ago: int = 1) -> Experiment:
    return make_experiment(
        name,
        data_hash=data,
        spec={"code_version": code},
        finished_at=timezone.now() - timedelta(hours=hours_ago),
    )


def ask(*arguments: str) -> str:
    out = StringIO()
    call_command("select_best_run", *arguments, stdout=out)
    return out.getvalue()


def answer(*arguments: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(ask("--json", *arguments))
    return content


def test_the_best_is_chosen_across_experiments(tmp_path: Path) -> None:
    old, new = finished("Old", hours_ago=9), finished("New")
    make_candidate(old, seed=1, score=63.0)
    best = make_candidate(old, seed=2, score=66.5)
    make_candidate(new, seed=3, score=64.0)
    make_candidate(new, seed=4, score=90.0, reasons=REFUSED)
    Candidate.objects.filter(pk=best.pk).update(tracked_run="run-2")
    path = tmp_path / "best_config.yaml"
    lines = ask("--output", str(path)).splitlines()
    assert lines[0] == f"data {HERE}, code c0de"
    assert [line.split()[0] for line in lines[2:]] == ["90.00", "*", "64.00", "63.00"]
    assert lines[3].split()[:6] == ["*", "66.50", "58.50", "91.0%", "2.20", "Waiting"]
    assert lines[3].endswith(f"Old: standard-2 ({best.pk})")
    record = yaml.safe_load(path.read_text())
    assert record["scores"]["score"] == 66.5
    assert (record["run"], record["data_hash"], record["trial"]) == ("run-2", HERE, "standard-2")
    assert record["options"] == {"seed": 2}
    assert (record["candidate"], record["code_version"]) == (best.pk, "c0de")
    assert record["experiment"] == f"Old ({old.pk})"


def test_data_and_code_are_never_mixed() -> None:
    make_candidate(finished("There", data=THERE, hours_ago=2), seed=1, score=99.0)
    make_candidate(finished("Older code", code="0ld", hours_ago=3), seed=2, score=95.0)
    make_candidate(finished("Here"), seed=3, score=60.0)
    newest = answer()
    assert (newest["data_hash"], newest["best"]["score"]) == (HERE, 60.0)
    assert [run["score"] for run in newest["runs"]] == [60.0]
    assert newest["not_compared"] == {"other_data": 1, "other_code": 1}
    assert "Not compared: 1 finished on other data, 1 by other code." in ask()
    there = answer("--data-hash", THERE)
    assert [run["score"] for run in there["runs"]] == [99.0]
    assert there["not_compared"] == {"other_data": 2, "other_code": 0}


def test_one_that_is_not_done_does_not_count() -> None:
    make_candidate(finished("Done", hours_ago=4), seed=1, score=60.0)
    failed = finished("Failed", data=THERE)
    make_candidate(failed, seed=2, score=90.0)
    Experiment.objects.filter(pk=failed.pk).update(state=ExperimentState.FAILED)
    assert answer()["best"]["score"] == 60.0


def test_what_somebody_rejected_is_not_chosen(olga: User) -> None:
    experiment = finished("Here")
    services.reject(make_candidate(experiment, seed=1, score=70.0), olga, WHY)
    make_candidate(experiment, seed=2, score=65.0)
    assert answer()["best"]["score"] == 65.0


def test_none_passed_has_a_code_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_candidate(finished("Here"), seed=1, reasons=REFUSED)
    path, out = tmp_path / "best_config.yaml", StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("select_best_run", "--json", "--output", str(path), stdout=out)
    assert ended.value.code == 3
    assert json.loads(out.getvalue())["best"] is None
    assert capsys.readouterr().err.startswith("none_passed: No trial on this data has passed")
    assert not path.exists()


@pytest.mark.parametrize("arguments", [[], ["--data-hash", THERE]])
def test_nothing_to_choose_from(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    if arguments:
        make_candidate(finished("Here"))
    with pytest.raises(SystemExit) as ended:
        ask(*arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("nothing_measured: No experiment")


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    make_candidate(finished("Here"))
    with pytest.raises(CommandError, match="No such file"):
        ask("--output", str(tmp_path / "gone" / "best_config.yaml"))


class TestAnyHistory(TestCase):
    """Hypothesis's own, for a clean database per example."""

    @given(
        st.lists(
            st.tuples(
                st.sampled_from([HERE, THERE]),
                st.sampled_from(["c0de", "0ld"]),
                st.floats(0, 100),
                st.booleans(),
            ),
            max_size=6,
        )
    )
    def test_the_best_is_comparable_and_unbeaten(
        self, rows: list[tuple[str, str, float, bool]]
    ) -> None:
        for position, (data, code, score, passed) in enumerate(rows):
            experiment = finished("Any", data=data, code=code, hours_ago=position)
            changes: dict[str, Any] = {} if passed else {"reasons": REFUSED}
            make_candidate(experiment, seed=position, score=score, **changes)
        if not rows:
            with pytest.raises(NothingMeasured):
                select(None)
            return
        data, code, _, _ = rows[0]
        expected = [row[2] for row in rows if row[:2] == (data, code) and row[3]]
        best = select(None).best
        assert (best.metrics["score"] if best else None) == max(expected, default=None)
