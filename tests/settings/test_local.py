"""What an installation without configuration makes for itself."""

import os
import stat
import tempfile
import threading
from pathlib import Path

import pytest

from scene3d.settings.local import broker_socket, existing_folder, persistent_secret

NUM_PROCESSES = 8


def test_a_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "var" / "secret_key"
    secret = persistent_secret(path)
    assert len(secret) >= 50
    assert persistent_secret(path) == secret == path.read_text()
    assert persistent_secret(tmp_path / "other") != secret


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_its_owner_reads_the_secret(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        persistent_secret(tmp_path / "secret_key")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_who_comes_at_the_same_instant_gets_the_same_secret(tmp_path: Path) -> None:
    """Web and worker start together; one of them signing with half a secret would lock all out."""
    for round_ in range(20):
        path = tmp_path / str(round_)
        together = threading.Barrier(NUM_PROCESSES)
        secrets: list[str] = []

        def take(path: Path = path, together: threading.Barrier = together,
                 secrets: list[str] = secrets) -> None:  # fmt: skip
            together.wait()
            secrets.append(persistent_secret(path))

        threads = [threading.Thread(target=take) for _ in range(NUM_PROCESSES)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert secrets == [path.read_text()] * NUM_PROCESSES
        assert len(secrets[0]) >= 50


def test_a_file_that_was_left_empty_is_filled(tmp_path: Path) -> None:
    """As after a crash between making and writing it."""
    path = tmp_path / "secret_key"
    path.touch()
    assert len(persistent_secret(path)) >= 50


def test_what_the_operator_put_there_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    path.write_text("chosen")
    assert persistent_secret(path) == "chosen"


def test_a_folder_is_made_where_it_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    assert existing_folder(path) == path
    assert path.is_dir()
    assert existing_folder(path) == path


def test_the_brokers_socket_lies_with_the_data(tmp_path: Path) -> None:
    data = Path("/srv/scene3d")
    assert broker_socket(data) == data / "valkey" / "valkey.sock"


def test_a_deep_folder_gets_a_short_socket_of_its_own() -> None:
    deep = [Path("/srv") / ("x" * 100) / name for name in ("a", "b", "a")]
    first, second, again = (broker_socket(folder) for folder in deep)
    assert first == again != second
    for path in (first, second):
        assert len(os.fsencode(path)) <= 108
        assert path.is_relative_to(tempfile.gettempdir())
        assert str(os.getuid()) in path.parent.name


@pytest.mark.parametrize(("length", "is_with_the_data"), [(100, True), (101, False)])
def test_the_border_between_both(length: int, *, is_with_the_data: bool) -> None:
    tail = len("/valkey/valkey.sock")
    folder = Path("/" + "x" * (length - tail - 1))
    assert (broker_socket(folder) == folder / "valkey" / "valkey.sock") is is_with_the_data
