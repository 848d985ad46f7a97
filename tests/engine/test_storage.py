"""A full disk is told as one, by whoever meets it."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from scene3d.engine.errors import StorageFull
from scene3d.engine.native.run import NativeRequest, run_native
from scene3d.engine.storage import looks_full, telling_full_disk
from tests.small_disk import SmallDisk, fill, small_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "small", "1m") as disk:
        yield disk


def test_a_device_that_is_always_full() -> None:
    with (
        pytest.raises(StorageFull, match="No space left on device") as caught,
        telling_full_disk(),
        Path("/dev/full").open("wb", buffering=0) as file,
    ):
        file.write(b"x")
    assert caught.value.code == "storage_full"


def test_a_file_system_that_is_full(disk: SmallDisk) -> None:
    filler = fill(disk)
    assert looks_full("", disk.root)
    with pytest.raises(StorageFull), telling_full_disk():
        (disk.root / "more").write_bytes(bytes(100_000))
    filler.unlink()
    assert not looks_full("", disk.root)
    with telling_full_disk():
        (disk.root / "more").write_bytes(bytes(100_000))


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO, errno.EFBIG])
def test_other_problems_stay_what_they_are(code: int) -> None:
    with pytest.raises(OSError, match=os.strerror(code)) as caught, telling_full_disk():
        raise OSError(code, os.strerror(code))
    assert caught.value.errno == code


@pytest.mark.parametrize(
    ("words", "is_full"),
    [
        ("OSError: [Errno 28] No space left on device: 'x'", True),
        ("[Errno 122] Disk quota exceeded", True),
        ("SQLite error: database or disk is full", True),
        ("RuntimeError: the mapper is full of doubts", False),
        ("", False),
    ],
)
def test_whose_words_they_are(words: str, tmp_path: Path, *, is_full: bool) -> None:
    assert looks_full(words, tmp_path) is is_full


def test_a_native_stage_without_room_is_no_crash(disk: SmallDisk) -> None:
    """Its last words find no room either."""
    log = disk.root / "stage.log"
    request = NativeRequest(task="tests.engine.test_storage:write_much", payload={}, log=log)
    with pytest.raises(StorageFull, match="no room for the native stage write_much"):
        run_native([request], lambda *_: None, lambda: None)


def write_much(payload: object, tell: object) -> None:
    """As a native stage does that knows no better."""
    folder = next(path for path in Path("/proc/self/fd").iterdir() if path.name == "1").resolve()
    with (folder.parent / "much").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
