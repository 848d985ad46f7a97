"""A small file system of one's own: what a full disk does, no mock can say."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class SmallDisk:
    root: Path

    def resize(self, size: str) -> None:
        """What lies on it stays."""
        _run("mount", "-o", f"remount,size={size}", str(self.root)).check_returncode()


@contextmanager
def small_disk(root: Path, size: str) -> Iterator[SmallDisk]:
    """A tmpfs, which root alone may mount; the test is skipped for others.

    Args:
        size: as mount takes it, such as "1m".
    """
    root.mkdir(parents=True)
    done = _run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(root))
    if done.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    try:
        yield SmallDisk(root)
    finally:
        _run("umount", "--lazy", str(root)).check_returncode()


def _run(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, check=False)


def fill(disk: SmallDisk) -> Path:
    """A file that takes all the room there is."""
    path = disk.root / "filler"
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            os.fsync(file.fileno())
    return path
