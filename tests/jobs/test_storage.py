"""A stored file is whole or not there, whatever happens while it is written."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.base import ContentFile, File

from jobs.files import storage
from jobs.storage import DurableStorage


def test_what_is_stored_is_read_back() -> None:
    path = storage().save("a/b/c.bin", ContentFile(b"x" * 200_000))
    assert path == "a/b/c.bin"
    with storage().open(path) as file:
        assert file.read() == b"x" * 200_000


def test_the_service_uses_it() -> None:
    assert isinstance(storage(), DurableStorage)


def test_a_second_file_of_a_name_gets_another_one() -> None:
    first = storage().save("a/c.bin", ContentFile(b"first"))
    second = storage().save("a/c.bin", ContentFile(b"second"))
    assert first != second
    with storage().open(first) as file:
        assert file.read() == b"first"


class Breaking(File[bytes]):
    """Half a file, then a disk that is full."""

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        yield b"half"
        raise OSError(28, "No space left on device")


def test_half_a_file_leaves_nothing(tmp_path: Path) -> None:
    store = DurableStorage(location=tmp_path)
    with pytest.raises(OSError, match="No space"):
        store.save("a/c.bin", Breaking(None))
    assert not store.exists("a/c.bin")
    assert list((tmp_path / "a").iterdir()) == []
