"""A stage leaves all of its output or none of it."""

import errno
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mlops.outputs import whole_output, write_table
from scene3d.commandline import OutputNotWritable
from scene3d.engine.public import StorageFull

ROOT = Path(__file__).resolve().parents[2]
KILLED = """
import os, signal, sys
from pathlib import Path
from mlops.outputs import whole_output
with whole_output(Path(sys.argv[1])) as folder:
    (folder / "report.json").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def fill(output: Path, text: str) -> None:
    with whole_output(output) as folder:
        (folder / "report.json").write_text(text)
        (folder / "images").mkdir()
        (folder / "images" / f"{text}.jpg").write_text(text)


def fail_half_way(output: Path) -> None:
    with whole_output(output) as folder:
        (folder / "report.json").write_text("second")
        raise RuntimeError("half-way")


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_second_output_replaces_the_first_and_nothing_else(tmp_path: Path) -> None:
    output = tmp_path / "deep" / "out"
    fill(output, "first")
    (output / ".gitignore").write_text("of somebody else")
    fill(output, "second")
    assert contents(output) == {
        ".gitignore": "of somebody else", "images/second.jpg": "second", "report.json": "second",
    }  # fmt: skip
    assert names(output.parent) == ["out"]


def test_a_failure_changes_nothing(tmp_path: Path) -> None:
    output = tmp_path / "out"
    for before in (None, "first"):
        if before:
            fill(output, before)
        known = contents(tmp_path)
        with pytest.raises(RuntimeError, match="half-way"):
            fail_half_way(output)
        assert contents(tmp_path) == known
    assert names(tmp_path) == ["out"]


def test_a_killed_stage_leaves_nothing_and_the_next_one_cleans_up(tmp_path: Path) -> None:
    output = tmp_path / "out"
    ended = subprocess.run([sys.executable, "-c", KILLED, str(output)], cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert not output.exists()
    fill(output, "whole")
    assert names(tmp_path) == ["out"]
    assert contents(output) == {"images/whole.jpg": "whole", "report.json": "whole"}


def test_a_full_disk_is_called_one(tmp_path: Path) -> None:
    with pytest.raises(StorageFull), whole_output(tmp_path / "out"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert names(tmp_path) == []


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_place_that_cannot_be_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("something")
    with pytest.raises(OutputNotWritable), whole_output(tmp_path / place):
        pytest.fail("there is no place")
    assert contents(tmp_path) == {"file": "something"}


def test_tables_are_plain_csv(tmp_path: Path) -> None:
    write_table(("a", "b"), [(1, None), ("x, y", 0.5)], tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_bytes() == b'a,b\n1,\n"x, y",0.5\n'
