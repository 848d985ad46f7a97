"""Point clouds as binary PLY."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scene3d.engine.model import Model

_VERTEX = np.dtype(
    [
        ("x", "<f4"),
        ("y", "<f4"),
        ("z", "<f4"),
        ("red", "u1"),
        ("green", "u1"),
        ("blue", "u1"),
        ("error", "<f4"),
        ("track_length", "<u2"),
    ]
)
_PLY_TYPES = {"<f4": "float", "|u1": "uchar", "<u2": "ushort"}


def point_rows(model: Model, indices: NDArray[np.intp]) -> np.ndarray:
    """(P,) structured array of the points `indices`: x, y, z in world, red, green, blue, error
    (mean reprojection error, px) and track_length."""
    vertices = np.zeros(len(indices), _VERTEX)
    for column, axis in enumerate("xyz"):
        vertices[axis] = model.xyz[indices, column]
    for column, channel in enumerate(("red", "green", "blue")):
        vertices[channel] = model.rgb[indices, column]
    vertices["error"] = model.error_px[indices]
    vertices["track_length"] = np.minimum(model.track_lengths[indices], np.iinfo(np.uint16).max)
    return vertices


def write_ply(model: Model, indices: NDArray[np.intp], path: Path) -> None:
    """`point_rows` as a file."""
    vertices = point_rows(model, indices)
    with path.open("wb") as file:
        file.write(_header(len(indices)))
        file.write(vertices.tobytes())


def read_ply(path: Path) -> np.ndarray:
    """(P,) structured array of a file that `write_ply` wrote.

    Raises: ValueError, when the header is another.
    """
    content = path.read_bytes()
    header, separator, body = content.partition(b"end_header\n")
    num_points = len(body) // _VERTEX.itemsize
    if header + separator != _header(num_points) or len(body) % _VERTEX.itemsize:
        raise ValueError(f"{path.name} is not one of our PLY files")
    return np.frombuffer(body, _VERTEX)


def _header(num_points: int) -> bytes:
    properties = "".join(
        f"property {_PLY_TYPES[_VERTEX[name].str]} {name}\n" for name in _VERTEX.names or ()
    )
    return (
        "ply\nformat binary_little_endian 1.0\ncomment Scene3D; error in pixels\n"
        f"element vertex {num_points}\n{properties}end_header\n"
    ).encode()
