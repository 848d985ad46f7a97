"""The viewer's binary container: named columns behind a JSON header.

bytes 0-3 "S3DC", uint32 version, uint32 header length, header (JSON), columns. Little endian;
the header is padded with spaces so that columns start at a multiple of eight, and so does each
column. A browser maps every column as a typed array without a copy.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"S3DC"
VERSION = 1
_ALIGNMENT = 8


def write_columns(path: Path, columns: Mapping[str, NDArray[Any]], meta: Mapping[str, Any]) -> None:
    """Write (N,) or (N, components) arrays of any counts."""
    described, blocks, offset = [], [], 0
    for name, values in columns.items():
        block = np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()
        described.append(
            {
                "name": name,
                "type": values.dtype.name,
                "components": 1 if values.ndim == 1 else values.shape[1],
                "count": len(values),
                "offset": offset,
            }
        )
        blocks.append(block.ljust(_padded(len(block)), b"\0"))
        offset += len(blocks[-1])
    header = json.dumps({"columns": described, "meta": meta}, separators=(",", ":")).encode()
    prefix_size = len(MAGIC) + 8
    header = header.ljust(_padded(prefix_size + len(header)) - prefix_size)
    with path.open("wb") as file:
        file.write(MAGIC + np.array([VERSION, len(header)], "<u4").tobytes() + header)
        file.writelines(blocks)


def read_columns(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Columns and meta of a file that `write_columns` wrote.

    Raises: ValueError, when it is none.
    """
    content = path.read_bytes()
    if content[:4] != MAGIC:
        raise ValueError(f"{path.name} does not start with {MAGIC.decode()}")
    version, header_size = np.frombuffer(content, "<u4", 2, 4)
    if version != VERSION:
        raise ValueError(f"{path.name} has version {version}, not {VERSION}")
    start = 12 + int(header_size)
    header = json.loads(content[12:start])
    columns = {}
    for column in header["columns"]:
        count, components = column["count"], column["components"]
        values = np.frombuffer(
            content, np.dtype(column["type"]), count * components, start + column["offset"]
        )
        columns[column["name"]] = values.reshape(count, components) if components > 1 else values
    return columns, header["meta"]


def _padded(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT
