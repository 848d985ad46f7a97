"""A small part of `make test-fuzz`."""

from pathlib import Path

import pytest

from tests.jobs.fuzzing import KINDS, fuzz


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("kind", KINDS)
def test_mutants_are_accepted_or_refused_and_leave_nothing(tmp_path: Path, kind: str) -> None:
    outcome = fuzz(kind, 200, tmp_path)
    assert outcome.codes.total() == 200
    assert (outcome.codes["accepted"] >= 10) == (kind == "images")  # archives have checksums
    assert len(outcome.codes) >= 4
    assert outcome.growth_mb < 64
    assert outcome.num_files_left == 0
