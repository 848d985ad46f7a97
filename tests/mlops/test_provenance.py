"""Provenance of real repositories, and of places that are none."""

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mlops.provenance import MAX_TEXT_BYTES, describe_host, write_provenance

FILES = ["environment.json", "git.json", "git_diff.patch", "git_status.txt", "host.json"]


def git(repository: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    return subprocess.run(
        ["/usr/bin/git", "-C", str(repository), *identity, *arguments],
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One commit of a.txt, from a room below the top."""
    folder = tmp_path / "repository"
    (folder / "room").mkdir(parents=True)
    git(folder, "init", "--quiet")
    (folder / "a.txt").write_text("old\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "First")
    return folder


def written(target: Path, code: Path) -> dict[str, Any]:
    paths = write_provenance(target, code)
    assert [path.name for path in paths] == sorted(path.name for path in target.iterdir()) == FILES
    return dict(json.loads((target / "git.json").read_text()))


def test_a_clean_repository(repository: Path, tmp_path: Path) -> None:
    described = written(tmp_path / "out", repository / "room")
    commit = git(repository, "rev-parse", "HEAD").strip()
    assert described == {"commit": commit, "is_clean": True, "is_cut": False, "note": ""}
    assert (tmp_path / "out" / "git_status.txt").read_bytes() == b""
    assert (tmp_path / "out" / "git_diff.patch").read_bytes() == b""


def test_the_diff_makes_the_code_from_the_commit(repository: Path, tmp_path: Path) -> None:
    """Staged and unstaged changes, in bytes as they are."""
    (repository / "a.txt").write_bytes(b"new \xff\n")
    (repository / "b ü.txt").write_text("staged\n")
    git(repository, "add", "b ü.txt")
    (repository / "untracked.txt").touch()
    described = written(tmp_path / "out", repository / "room")
    assert (described["is_clean"], described["is_cut"], described["note"]) == (False, False, "")
    status = (tmp_path / "out" / "git_status.txt").read_text().splitlines()
    assert status == [" M a.txt", 'A  "b ü.txt"', "?? untracked.txt"]
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(repository), str(clone))
    git(clone, "apply", str(tmp_path / "out" / "git_diff.patch"))
    assert (clone / "a.txt").read_bytes() == b"new \xff\n"
    assert (clone / "b ü.txt").read_text() == "staged\n"


def test_a_large_diff_is_cut(repository: Path, tmp_path: Path) -> None:
    (repository / "a.txt").write_text("line\n" * 1_000_000)
    assert written(tmp_path / "out", repository)["is_cut"] is True
    assert (tmp_path / "out" / "git_diff.patch").stat().st_size == MAX_TEXT_BYTES


def test_another_repository_in_the_environment_is_not_ours(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a hook."""
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert len(written(tmp_path / "out", repository)["commit"]) == 40


def test_without_a_repository_there_is_a_note(tmp_path: Path) -> None:
    described = written(tmp_path / "out", tmp_path)
    assert (described["note"], described["commit"]) == ("not_a_repository", "")
    assert described["is_clean"] is False


def test_without_a_commit_there_is_a_note(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    described = written(tmp_path / "out", tmp_path)
    assert (described["note"], described["commit"]) == ("no_commit_yet", "")


def test_without_git_there_is_a_note(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("git") is None
    assert written(tmp_path / "out", repository)["note"] == "git_is_not_installed"


def test_packages_have_their_versions_and_secrets_stay_out(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "only-in-the-environment")
    written(tmp_path / "out", repository)
    environment = json.loads((tmp_path / "out" / "environment.json").read_text())
    assert environment["python"] == sys.version.split(maxsplit=1)[0]
    assert environment["packages"]["mlflow"] == importlib.metadata.version("mlflow")
    everything = b"".join((tmp_path / "out" / name).read_bytes() for name in FILES)
    assert b"only-in-the-environment" not in everything


def test_the_host_is_this_one() -> None:
    host = describe_host()
    assert host["num_cores"] == len(os.sched_getaffinity(0))
    memory_kib = Path("/proc/meminfo").read_text().split(maxsplit=2)[1]
    assert host["memory_bytes"] == int(memory_kib) * 1024
    assert host["are_gpus_known"] == ("torch" in sys.modules)


@pytest.mark.parametrize("first", ["", pytest.param("import torch; ", marks=pytest.mark.long)])
def test_gpus_are_known_to_those_who_loaded_torch(first: str) -> None:
    script = (
        f"{first}from mlops.provenance import describe_host; import sys, json;"
        "print(json.dumps([describe_host()['are_gpus_known'], 'torch' in sys.modules]))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(result.stdout) == [bool(first), bool(first)]
