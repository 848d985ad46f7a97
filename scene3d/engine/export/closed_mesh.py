"""A mesh without a hole, for printing and for volumes: what nobody photographed is made up."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.lib import recfunctions

from scene3d.engine.dense.patches import Mesh
from scene3d.engine.export.ply import read_mesh_ply, write_mesh_ply, write_ply

_MAX_POINTS = 400_000
_READ = ["x", "y", "z", "nx", "ny", "nz", "red", "green", "blue"]


def write_closed_mesh(
    points: np.ndarray, path: Path, reconstruct: Callable[[Path, Path], None]
) -> None:
    """A closed surface around `ply.dense_rows`, which are in random order, as a PLY file.

    Args:
        reconstruct: makes a mesh, as the second file, of the points in the first one.
    """
    cloud, surface = (path.with_name(f"{name}-{path.name}") for name in ("cloud", "surface"))
    write_ply(recfunctions.repack_fields(points[:_MAX_POINTS][_READ]), cloud)
    reconstruct(cloud, surface)
    write_mesh_ply(closed(read_mesh_ply(surface)), path)


def closed(mesh: Mesh) -> Mesh:
    """The mesh with a fan of triangles over each opening: where a surface leaves the box that it
    was looked for in, it ends."""
    edges = mesh.triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2).astype(np.int64)
    number = edges[:, 0] * len(mesh.xyz) + edges[:, 1]
    opposite = edges[:, 1] * len(mesh.xyz) + edges[:, 0]
    rim = edges[~np.isin(number, opposite)]
    following: dict[int, list[int]] = {}
    for start, end in rim.tolist():
        following.setdefault(start, []).append(end)
    xyz, rgb, triangles = [mesh.xyz], [mesh.rgb], [mesh.triangles]
    num_vertices = len(mesh.xyz)
    while following:
        loop = _loop(following)
        xyz.append(mesh.xyz[loop].mean(axis=0, keepdims=True))
        rgb.append(np.rint(mesh.rgb[loop].mean(axis=0, keepdims=True)).astype(np.uint8))
        fan = [
            (end, start, num_vertices) for start, end in zip(loop, loop[1:] + loop[:1], strict=True)
        ]
        triangles.append(np.array(fan, np.uint32))
        num_vertices += 1
    return Mesh(
        xyz=np.concatenate(xyz), rgb=np.concatenate(rgb), triangles=np.concatenate(triangles)
    )


def _loop(following: dict[int, list[int]]) -> list[int]:
    """Take the vertices of one way round out of `following`, vertex to the ends of its edges."""
    first = next(iter(following))
    loop, vertex = [first], first
    while True:
        ends = following[vertex]
        vertex_before, vertex = vertex, ends.pop()
        if not ends:
            del following[vertex_before]
        if vertex == first:
            return loop
        loop.append(vertex)
