"""One generated case of each kind; `make test-diagnosis` runs a hundred."""

from pathlib import Path

import pytest

from scene3d.engine.host import Host

from .diagnosis_cases import BAD_NAME, DiagnosisCase, Scenes, cases, is_right
from .diagnosis_score import examine

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Scenes:
    return Scenes(tmp_path_factory.mktemp("scenes"))


@pytest.mark.parametrize("case", list(cases(8)), ids=str)
def test_the_bad_photo_is_named_and_the_good_ones_are_silent(
    case: DiagnosisCase, scenes: Scenes, tmp_path: Path, bare_host: Host
) -> None:
    rows = examine(case, scenes, tmp_path, bare_host)
    [bad] = [row for row in rows if row.name == BAD_NAME]
    assert is_right(case, bad.model_dump()), (bad.status, bad.reason, bad.evidence)
    assert [row.name for row in rows if row.name != BAD_NAME and row.reason] == []
