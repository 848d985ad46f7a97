import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from scene3d.engine.export.columns import read_columns, write_columns

TYPES = ["uint8", "uint16", "uint32", "float32"]
SHAPES = st.one_of(
    st.tuples(st.integers(0, 9)), st.tuples(st.integers(0, 9), st.sampled_from([2, 3, 4]))
)
ARRAYS = st.sampled_from(TYPES).flatmap(lambda kind: npst.arrays(kind, SHAPES))


@settings(max_examples=40, derandomize=True)
@given(
    columns=st.dictionaries(st.text(min_size=1, max_size=5), ARRAYS, max_size=3),
    meta=st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=3),
)
def test_columns_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, columns: dict[str, NDArray[Any]], meta: dict[str, Any]
) -> None:
    path = tmp_path_factory.getbasetemp() / "columns.bin"
    write_columns(path, columns, meta)
    found, found_meta = read_columns(path)
    assert found_meta == meta
    assert list(found) == list(columns)
    for name, values in columns.items():
        assert found[name].dtype == values.dtype
        assert found[name].shape == values.shape
        assert found[name].tobytes() == values.tobytes()


def test_a_browser_can_map_every_column(tmp_path: Path) -> None:
    """By the words of the format, as static/viewer/container.js reads it."""
    path = tmp_path / "columns.bin"
    columns: dict[str, NDArray[Any]] = {
        "odd": np.arange(5, dtype=np.uint8),
        "xyz": np.arange(9, dtype=np.float32).reshape(3, 3),
        "none": np.empty((0, 2), np.uint16),
        "last": np.array([1, 2**32 - 1], np.uint32),
    }
    write_columns(path, columns, {"up": [0, 0, 1]})
    content = path.read_bytes()
    magic, version, header_size = struct.unpack_from("<4sII", content)
    assert (magic, version) == (b"S3DC", 1)
    start = 12 + header_size
    header = json.loads(content[12:start].decode())
    assert start % 8 == 0
    assert header["meta"] == {"up": [0, 0, 1]}
    by_name = {column["name"]: column for column in header["columns"]}
    assert list(by_name) == list(columns)
    for name, values in columns.items():
        column = by_name[name]
        assert column["type"] == values.dtype.name
        assert column["count"] == len(values)
        assert column["components"] == (values.shape[1] if values.ndim == 2 else 1)
        assert column["offset"] % 8 == 0
        at = start + column["offset"]
        assert content[at : at + values.nbytes] == values.tobytes()
    assert len(content) == start + 8 + 40 + 0 + 8


def test_bytes_are_little_endian_and_in_rows_whatever_they_were(tmp_path: Path) -> None:
    path = tmp_path / "columns.bin"
    values = np.arange(12, dtype=">u4").reshape(3, 4).T
    write_columns(path, {"values": values}, {})
    found, _ = read_columns(path)
    assert np.array_equal(found["values"], values)
    assert path.read_bytes().endswith(np.ascontiguousarray(values).astype("<u4").tobytes())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "does not start with S3DC"),
        (b"PK\3\4" + bytes(20), "does not start with S3DC"),
        (b"S3DC" + struct.pack("<II", 2, 8) + b"{}      ", "has version 2, not 1"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "columns.bin"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"columns\.bin {message}"):
        read_columns(path)


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "columns.bin"
    write_columns(path, {"values": np.arange(100, dtype=np.uint32)}, {})
    content = path.read_bytes()
    for size in (4, 10, 20, len(content) - 8):
        path.write_bytes(content[:size])
        with pytest.raises(ValueError, match=r"."):
            read_columns(path)
