"""What a run was made of: code, packages and machine, as files to attach to it.

Environment variables are not among them: they hold secrets.
"""

import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Literal, NamedTuple

MAX_TEXT_BYTES = 1 << 20
"""Of a status and of a diff; git.json tells when there was more."""

GitNote = Literal["", "git_is_not_installed", "not_a_repository", "no_commit_yet", "diff_failed"]


class _Output(NamedTuple):
    is_complete: bool
    text: bytes = b""
    is_cut: bool = False


def write_provenance(folder: Path, code: Path) -> list[Path]:
    """Write git.json, git_status.txt, git_diff.patch, environment.json and host.json.

    Args:
        code: a folder of the repository that the running code comes from. Where there is none,
            git.json says why, and status and diff are empty.
    """
    git, status, diff = describe_code(code)
    contents = {
        "environment.json": _json(describe_environment()),
        "git.json": _json(git),
        "git_diff.patch": diff,
        "git_status.txt": status,
        "host.json": _json(describe_host()),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]


def describe_code(code: Path) -> tuple[dict[str, Any], bytes, bytes]:
    """Commit and cleanness; `git status --porcelain`; the diff of tracked files to the commit."""
    status = _git(code, "status", "--porcelain")
    commit = _git(code, "rev-parse", "--verify", "HEAD")
    diff = _git(code, "diff", "--no-color", "--no-ext-diff", "--no-textconv", "HEAD")
    note: GitNote = ""
    if not status.is_complete:
        note = "not_a_repository" if shutil.which("git") else "git_is_not_installed"
    elif not commit.is_complete:
        note = "no_commit_yet"
    elif not diff.is_complete:
        note = "diff_failed"
    description = {
        "commit": commit.text.decode().strip(),
        "is_clean": status.is_complete and not status.text,
        "is_cut": status.is_cut or diff.is_cut,
        "note": note,
    }
    return description, status.text, diff.text


def describe_environment() -> dict[str, Any]:
    """Python, platform, and the version of every installed package by name."""
    installed = importlib.metadata.distributions()
    packages = {package.name: package.version for package in installed if package.name}
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
        "packages": dict(sorted(packages.items(), key=lambda item: item[0].lower())),
    }


def describe_host() -> dict[str, Any]:
    """Cores that we may use, memory, and GPUs, which only a process that has loaded torch knows."""
    torch: Any = sys.modules.get("torch")
    has_cuda = torch is not None and torch.cuda.is_available()
    return {
        "machine": platform.machine(),
        "num_cores": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "gpus": [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
        if has_cuda
        else [],
        "are_gpus_known": torch is not None,
    }


def _git(code: Path, *arguments: str) -> _Output:
    # A hook that runs us names its own repository in the environment.
    environment = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
    with tempfile.TemporaryFile() as output:
        try:
            result = subprocess.run(
                ["git", "-C", str(code), "-c", "core.quotePath=off", *arguments],  # noqa: S607  # the user's own git, wherever it is
                env={**environment, "GIT_OPTIONAL_LOCKS": "0"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.DEVNULL,
                check=False,
            )
        except FileNotFoundError:
            return _Output(is_complete=False)
        is_cut = output.tell() > MAX_TEXT_BYTES
        output.seek(0)
        return _Output(result.returncode == 0, output.read(MAX_TEXT_BYTES), is_cut)


def _json(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=1) + "\n").encode()
