"""DVC itself, with a pipeline of two small stages."""

import os
import time
from pathlib import Path

import pytest

from mlops.dvc import DvcFolder, StageBroke, StageFailed, StageStopped, _failure

PIPELINE = """
stages:
  count:
    cmd: python stage.py count
    params: [limit]
    outs: [out/count]
  end:
    cmd: python stage.py end
    deps: [out/count]
    params: [manner]
    outs: [out/end]
"""
STAGE = """
import os, pathlib, sys, time, yaml
stage = sys.argv[1]
params = yaml.safe_load(open("params.yaml"))
target = pathlib.Path("out") / stage
target.mkdir(parents=True, exist_ok=True)
if stage == "count":
    (target / "n").write_text(str(params["limit"]))
elif params["manner"] == "well":
    (target / "n").write_text((pathlib.Path("out") / "count" / "n").read_text())
elif params["manner"] == "data":
    print("chatter", file=sys.stderr)
    print("no_photos: There are none. Bring some.", file=sys.stderr)
    sys.exit(2)
elif params["manner"] == "bug":
    raise ValueError("oh no")
else:
    pathlib.Path("pid").write_text(str(os.getpid()))
    time.sleep(60)
"""


def wanted() -> bool:
    return True


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "dvc.yaml").write_text(PIPELINE)
    (tmp_path / "project" / "manage.py").write_text("")
    return tmp_path / "project"


def make_folder(project: Path, name: str, *, limit: int = 3, manner: str = "well") -> DvcFolder:
    folder = DvcFolder(project.parent / name)
    params = f"limit: {limit}\nmanner: {manner}\n"
    folder.prepare(params, project, project.parent / "cache")
    (folder.root / "stage.py").write_text(STAGE)
    return folder


@pytest.mark.parametrize(
    ("said", "code", "kind", "words"),
    [
        ("no_photos: None. Bring some.", 2, StageFailed, "no_photos"),
        ("weights_missing: No network. Fetch it.", 1, StageStopped, "weights_missing"),
        ("storage_full: No room. Free some.", 1, StageStopped, "storage_full"),
        ("OSError: [Errno 28] No space left on device", 1, StageStopped, "storage_full"),
        ("internal_error: ValueError: oh no.", 1, StageBroke, "oh no"),
        ("plaza: 3 photos\nTraceback (most recent call last):\nE: x", 1, StageBroke, "plaza"),
        ("weights_missing: half a line", -9, StageBroke, "half a line"),
    ],
)
def test_how_a_stage_ended(
    said: str, code: int, kind: type[Exception], words: str, tmp_path: Path
) -> None:
    dvc = f"ERROR: failed to reproduce 'end': failed to run: python x, exited with {code}"
    error = _failure("end", f"{said}\n{dvc}\n", tmp_path)
    assert type(error) is kind
    if isinstance(error, StageFailed | StageStopped):
        assert error.evidence == {"code": words, "stage": "end"}
    else:
        assert words in str(error)


def test_the_pipeline_says_where_a_stage_writes(project: Path) -> None:
    folder = make_folder(project, "first")
    assert folder.outputs_of("end") == [folder.output("end")]


@pytest.mark.slow
def test_what_did_not_change_is_not_run_again_not_even_elsewhere(project: Path) -> None:
    first = make_folder(project, "first")
    assert [first.run(stage, wanted) for stage in ("count", "end")] == [True, True]
    assert [first.run(stage, wanted) for stage in ("count", "end")] == [False, False]
    second = make_folder(project, "second")
    assert [second.run(stage, wanted) for stage in ("count", "end")] == [False, False]
    assert (second.output("end") / "n").read_text() == "3"
    third = make_folder(project, "third", limit=4)
    assert [third.run(stage, wanted) for stage in ("count", "end")] == [True, True]
    assert (third.output("end") / "n").read_text() == "4"


@pytest.mark.long
def test_a_stages_own_words_are_the_failures(project: Path) -> None:
    folder = make_folder(project, "bad", manner="data")
    folder.run("count", wanted)
    with pytest.raises(StageFailed, match=r"end: There are none\. Bring some\.") as caught:
        folder.run("end", wanted)
    assert caught.value.evidence == {"code": "no_photos", "stage": "end"}
    make_folder(project, "bad")
    assert folder.run("end", wanted)


@pytest.mark.long
def test_a_bug_of_a_stage_keeps_its_traceback(project: Path) -> None:
    folder = make_folder(project, "bug", manner="bug")
    folder.run("count", wanted)
    with pytest.raises(StageBroke, match="ValueError: oh no"):
        folder.run("end", wanted)


@pytest.mark.slow
def test_a_stage_that_is_not_wanted_any_more_ends_with_all_its_processes(project: Path) -> None:
    folder = make_folder(project, "slow", manner="slow")
    folder.run("count", wanted)
    pid_path = folder.root / "pid"
    with pytest.raises(InterruptedError):
        folder.run("end", lambda: not pid_path.exists())
    deadline_s = time.monotonic() + 5
    while (is_there := _exists(int(pid_path.read_text()))) and time.monotonic() < deadline_s:
        time.sleep(0.1)
    assert not is_there
    make_folder(project, "slow")
    assert folder.run("end", wanted)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]
