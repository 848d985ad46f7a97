"""How a command of the offline loop ends."""

import pytest

from scene3d.commandline import telling_problems
from scene3d.engine.public import HostProblem, NoPhotos, StorageFull


@pytest.mark.parametrize(
    ("problem", "code", "line"),
    [
        (NoPhotos("None at all.", next_step="Add\nsome."), 2, "no_images: None at all. Add some."),
        (StorageFull("Full."), 1, "storage_full: Full. Free disk space and try again."),
        (KeyboardInterrupt(), 130, "cancelled: Nothing was written."),
        (
            ValueError("odd"),
            1,
            "internal_error: ValueError: odd. Run it again with --traceback and report what it"
            " prints.",
        ),
    ],
)
def test_a_problem_is_one_line_and_a_code(
    capsys: pytest.CaptureFixture[str], problem: BaseException, code: int, line: str
) -> None:
    with pytest.raises(SystemExit) as ended, telling_problems(traceback=False):
        raise problem
    assert ended.value.code == code
    assert capsys.readouterr().err == f"{line}\n"


def test_a_traceback_is_for_our_faults_alone() -> None:
    with pytest.raises(ValueError, match="odd"), telling_problems(traceback=True):
        raise ValueError("odd")
    with pytest.raises(SystemExit), telling_problems(traceback=True):
        raise StorageFull("Full.")


def test_nothing_is_said_of_success(capsys: pytest.CaptureFixture[str]) -> None:
    with telling_problems(traceback=False):
        pass
    assert capsys.readouterr() == ("", "")
    assert issubclass(StorageFull, HostProblem)
