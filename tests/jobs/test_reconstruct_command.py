"""`manage.py reconstruct` that is stopped half-way."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command

from jobs.console import ConsoleProgress
from scene3d.engine.colmap import stages

Act = Callable[[ConsoleProgress], None]


def press_ctrl_c(_progress: ConsoleProgress) -> None:
    os.kill(os.getpid(), signal.SIGINT)


def run_out_of_time(progress: ConsoleProgress) -> None:
    progress._ends_s = 0.0


@pytest.fixture
def at_first_model(monkeypatch: pytest.MonkeyPatch) -> Callable[[Act], None]:
    """Have something happen when the first cameras are placed; a snapshot for every photo."""

    def arrange(act: Act) -> None:
        monkeypatch.setattr(ConsoleProgress, "grown", lambda self, _models: act(self))

    monkeypatch.setattr(stages, "SNAPSHOT_EVERY_S", 0.0)
    monkeypatch.setattr(stages, "SNAPSHOT_MAX_SHARE", 1e9)
    return arrange


@pytest.mark.weights
@pytest.mark.usefixtures("host")
@pytest.mark.parametrize(
    ("act", "reason"), [(press_ctrl_c, "cancelled"), (run_out_of_time, "time_limit")]
)
def test_what_is_placed_is_written(
    tiny_photos: Path,
    tmp_path: Path,
    at_first_model: Callable[[Act], None],
    capfd: pytest.CaptureFixture[str],
    act: Act,
    reason: str,
) -> None:
    at_first_model(act)
    before = signal.getsignal(signal.SIGINT)
    output = tmp_path / "out"
    with pytest.raises(SystemExit) as ended:
        call_command("reconstruct", tiny_photos, output=output, preset="quick", time_limit_s=1e6)
    report = json.loads((output / "report.json").read_text())
    num_registered = report["counts"]["num_registered"]
    assert ended.value.code == 3
    assert (report["is_partial"], report["partial_reason"]) == (True, reason)
    assert 3 <= num_registered < 7
    last_line = capfd.readouterr().err.splitlines()[-1]
    assert last_line.startswith(f"partial: Stopped after {num_registered} of 7 photos ({reason}).")
    assert (output / "models" / "0" / "images.bin").is_file()
    assert signal.getsignal(signal.SIGINT) == before


@pytest.mark.weights
@pytest.mark.usefixtures("host")
def test_a_time_limit_before_any_model_writes_nothing(
    tiny_photos: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out"
    with pytest.raises(SystemExit) as ended:
        call_command("reconstruct", tiny_photos, output=output, preset="quick", time_limit_s=0.01)
    assert ended.value.code == 1
    assert "time_limit: The work took longer than 0.01 seconds." in capfd.readouterr().err
    assert not output.exists()
