"""DVC, as a program: it knows what has changed, keeps what stages made, and runs the rest."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from scene3d.commandline import EXIT_INPUT, EXIT_OURS
from scene3d.engine.public import HostProblem, PhotoProblem, StorageFull, looks_full

STAGES = (
    "validate", "eda_baselines", "preprocess", "prepare", "run_pipeline", "evaluate", "decide",
)  # fmt: skip
"""Of dvc.yaml, in the order of the loop."""

RUNNER_PID = "SCENE3D_RUNNER_PID"
"""Environment variable that stages read: they end with this process."""

_CONFIG = """[core]
    analytics = false
    check_update = false
    no_scm = true
[cache]
    dir = {cache}
    type = reflink,hardlink,copy
"""
_UNCHANGED = re.compile(r"didn't change, skipping|is cached - skipping run")
_NOT_KEPT = re.compile(
    r"^ERROR: failed to transfer .*?(?:-> '(.+/\.[\w-]{22}\.tmp)')?$", re.MULTILINE
)
"""DVC says so, and succeeds; what it has written so far stays in the cache."""
_EXIT_CODE = re.compile(r"exited with (\d+)")
_PROBLEM = re.compile(r"^([a-z][a-z0-9_]*): (.+)$")
_BUG = "internal_error"
_TRACEBACK = "Traceback (most recent call last)"
_POLL_S = 0.5
_TAIL_LINES = 30


class StageFailed(PhotoProblem):
    """A stage says that its data, its spec or its environment is at fault."""

    code = "stage_failed"
    next_step = "Correct what the message names and run the experiment again: it goes on there."


class StageStopped(HostProblem):
    """A stage says that this machine is at fault, or DVC has no room for what it made."""

    code = "stage_stopped"
    next_step = "Put that right and run the experiment again: it goes on where it stopped."


class StageBroke(Exception):  # noqa: N818  # like an exit code, it is not an error of the caller
    """A stage ended in a way that nobody foresaw; the message is the end of its output."""


@dataclass(frozen=True)
class DvcFolder:
    """One experiment's own folder: the pipeline, its parameters, and what the stages make."""

    root: Path

    @property
    def params_path(self) -> Path:
        return self.root / "params.yaml"

    def output(self, name: str) -> Path:
        """Of a stage, such as "evaluation"."""
        return self.root / "out" / name

    def outputs_of(self, stage: str) -> Sequence[Path]:
        """As dvc.yaml declares them, once the folder is prepared."""
        pipeline = yaml.safe_load((self.root / "dvc.yaml").read_text(encoding="utf-8"))
        return [self.root / place for place in pipeline["stages"][stage]["outs"]]

    def prepare(self, params: str, project: Path, cache: Path) -> None:
        """Fill the folder, or bring it up to date; what stages made stays.

        Args:
            project: where manage.py and dvc.yaml are.
            cache: what all experiments share, so that equal work is done once.
        """
        (self.root / ".dvc").mkdir(parents=True, exist_ok=True)
        (self.root / ".dvc" / "config").write_text(_CONFIG.format(cache=cache))
        shutil.copy(project / "dvc.yaml", self.root)
        self.params_path.write_text(params, encoding="utf-8")
        command = self.root / "manage.py"
        command.unlink(missing_ok=True)
        command.symlink_to(project / "manage.py")

    def run(self, stage: str, is_wanted: Callable[[], bool]) -> bool:
        """Bring one stage up to date, those before it being so.

        Args:
            is_wanted: asked twice a second; false ends the stage.
        Returns:
            Whether it was run; otherwise what an earlier run made is there.
        Raises:
            StageFailed, StageStopped, StageBroke; InterruptedError, when it is not wanted any more.
        """
        log = self.root / f"{stage}.log"
        with log.open("w", encoding="utf-8") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "dvc", "repro", "--single-item", stage],
                cwd=self.root,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                _wait(process, is_wanted)
            finally:
                _end(process)
        said = log.read_text(encoding="utf-8", errors="replace")
        not_kept = [match[1] for match in _NOT_KEPT.finditer(said)]
        for unfinished in filter(None, not_kept):
            Path(unfinished).unlink(missing_ok=True)
        if process.returncode != 0 or not_kept:
            raise _failure(stage, said, self.root)
        return not _UNCHANGED.search(said)


def _environment() -> dict[str, str]:
    """`python` is ours, and stages know whom they work for."""
    here = str(Path(sys.executable).parent)
    path = os.pathsep.join([here, os.environ.get("PATH", os.defpath)])
    return {**os.environ, "PATH": path, RUNNER_PID: str(os.getpid())}


def _wait(process: subprocess.Popen[bytes], is_wanted: Callable[[], bool]) -> None:
    while True:
        try:
            process.wait(_POLL_S)
        except subprocess.TimeoutExpired:
            if not is_wanted():
                raise InterruptedError from None
        else:
            return


def _end(process: subprocess.Popen[bytes]) -> None:
    """With everything that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _failure(stage: str, said: str, folder: Path) -> Exception:
    """What the stage's last line says, if it ended in one of its own ways."""
    lines = [line for line in said.splitlines() if line.strip()]
    code = _EXIT_CODE.search(said)
    own = [match for line in lines if (match := _PROBLEM.match(line))]
    if code and own:
        evidence = {"code": own[-1][1], "stage": stage}
        if int(code[1]) == EXIT_INPUT:
            return StageFailed(f"{stage}: {own[-1][2]}", evidence=evidence)
        if int(code[1]) == EXIT_OURS and own[-1][1] != _BUG and _TRACEBACK not in said:
            return StageStopped(f"{stage}: {own[-1][2]}", evidence=evidence)
    if looks_full(said, folder):
        evidence = {"code": StorageFull.code, "stage": stage}
        words = f"{stage}: there is no room for its results. {StorageFull.next_step}"
        return StageStopped(words, evidence=evidence)
    return StageBroke("\n".join(lines[-_TAIL_LINES:]))
