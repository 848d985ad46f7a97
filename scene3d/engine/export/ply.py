"""Point clouds as binary PLY."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scene3d.engine.dense.fusion import Cloud
from scene3d.engine.dense.patches import Mesh
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
_DENSE_VERTEX = np.dtype(
    [
        *((axis, "<f4") for axis in ("x", "y", "z", "nx", "ny", "nz")),
        *((channel, "u1") for channel in ("red", "green", "blue")),
        ("views", "u1"),
    ]
)
_MESH_VERTEX = np.dtype(
    [*((axis, "<f4") for axis in "xyz"), *((c, "u1") for c in ("red", "green", "blue"))]
)
_FACE = np.dtype([("count", "u1"), ("rows", "<i4", 3)])
_NUMPY_TYPES = {"float": "<f4", "uchar": "u1", "ushort": "<u2", "int": "<i4"}
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


def dense_rows(cloud: Cloud) -> np.ndarray:
    """(N,) structured array: x, y, z and the normal nx, ny, nz in world, red, green, blue, and
    views (how many photos agree)."""
    vertices = np.zeros(len(cloud), _DENSE_VERTEX)
    for column, axis in enumerate("xyz"):
        vertices[axis] = cloud.xyz[:, column]
        vertices[f"n{axis}"] = cloud.normals[:, column]
    for column, channel in enumerate(("red", "green", "blue")):
        vertices[channel] = cloud.rgb[:, column]
    vertices["views"] = cloud.num_views
    return vertices


def write_ply(vertices: np.ndarray, path: Path) -> None:
    """`point_rows` or `dense_rows` as a file."""
    with path.open("wb") as file:
        file.write(_header(len(vertices), vertices.dtype))
        file.write(vertices.tobytes())


def write_mesh_ply(mesh: Mesh, path: Path) -> None:
    """Vertices with colours, and triangles."""
    vertices = np.zeros(len(mesh.xyz), _MESH_VERTEX)
    for column, (axis, channel) in enumerate(zip("xyz", ("red", "green", "blue"), strict=True)):
        vertices[axis], vertices[channel] = mesh.xyz[:, column], mesh.rgb[:, column]
    faces = np.zeros(len(mesh.triangles), _FACE)
    faces["count"], faces["rows"] = 3, mesh.triangles
    lists = f"element face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    header = _header(len(vertices), _MESH_VERTEX).replace(b"end_header\n", lists.encode())
    with path.open("wb") as file:
        file.write(header)
        file.write(vertices.tobytes())
        file.write(faces.tobytes())


def read_mesh_ply(path: Path) -> Mesh:
    """A file as `write_mesh_ply` or COLMAP writes it.

    Raises: ValueError, when it has no triangles, or their corners are not in front of them.
    """
    header, _, body = path.read_bytes().partition(b"end_header\n")
    lines = [line.split() for line in header.decode().split("\n")]
    counts = {words[1]: int(words[2]) for words in lines if words[:1] == ["element"]}
    properties = [words for words in lines if words[:1] == ["property"]]
    columns = [(words[2], _NUMPY_TYPES[words[1]]) for words in properties if len(words) == 3]
    lists = [words for words in properties if words[1] == "list"]
    if not {"vertex", "face"} <= counts.keys() or len(lists) != 1:
        raise ValueError(f"{path.name} is not a mesh")
    vertices = np.frombuffer(body, np.dtype(columns), counts["vertex"])
    face = np.dtype([("count", _NUMPY_TYPES[lists[0][2]]), ("rows", "<i4", 3)])
    faces = np.frombuffer(body, face, counts["face"], offset=vertices.nbytes)
    if np.any(faces["count"] != 3):
        raise ValueError(f"{path.name} has faces that are no triangles")
    return Mesh(
        xyz=np.stack([vertices[axis] for axis in "xyz"], axis=1),
        rgb=np.stack([vertices[channel] for channel in ("red", "green", "blue")], axis=1),
        triangles=faces["rows"].astype(np.uint32),
    )


def read_ply(path: Path) -> np.ndarray:
    """(P,) structured array of a file that `write_ply` wrote.

    Raises: ValueError, when the header is another.
    """
    content = path.read_bytes()
    header, separator, body = content.partition(b"end_header\n")
    for vertex in (_VERTEX, _DENSE_VERTEX):
        num_points = len(body) // vertex.itemsize
        if header + separator == _header(num_points, vertex) and not len(body) % vertex.itemsize:
            return np.frombuffer(body, vertex)
    raise ValueError(f"{path.name} is not one of our PLY files")


def _header(num_points: int, vertex: np.dtype[np.void]) -> bytes:
    properties = "".join(
        f"property {_PLY_TYPES[vertex[name].str]} {name}\n" for name in vertex.names or ()
    )
    return (
        "ply\nformat binary_little_endian 1.0\ncomment Scene3D; error in pixels\n"
        f"element vertex {num_points}\n{properties}end_header\n"
    ).encode()
