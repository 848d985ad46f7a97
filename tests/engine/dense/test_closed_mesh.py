"""A closed mesh has no edge that only one triangle has."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree

from scene3d.engine.delivery import Order, deliver
from scene3d.engine.dense.patches import Mesh
from scene3d.engine.export.closed_mesh import closed
from scene3d.engine.export.ply import read_mesh_ply, read_ply, write_mesh_ply
from scene3d.engine.progress import Silent
from scene3d.engine.workspace import Workspace
from tests.engine.dense.conftest import DenseRun

OCTAHEDRON = np.array([
    (0, 2, 4), (2, 1, 4), (1, 3, 4), (3, 0, 4), (2, 0, 5), (1, 2, 5), (3, 1, 5), (0, 3, 5),
])  # fmt: skip
CORNERS = np.array([(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)])


def num_open_edges(mesh: Mesh) -> int:
    """Directed edges whose opposite is not there exactly as often."""
    edges = mesh.triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2).astype(np.int64)
    low, high = edges.min(axis=1), edges.max(axis=1)
    undirected, row = np.unique(low * len(mesh.xyz) + high, return_inverse=True)
    balance = np.bincount(row, np.where(edges[:, 0] == low, 1, -1), len(undirected))
    return int(np.count_nonzero(balance))


def volume(mesh: Mesh) -> float:
    """Positive where triangles are counter-clockwise from outside."""
    corners = mesh.xyz[mesh.triangles].astype(np.float64)
    return float(np.linalg.det(corners).sum() / 6)


def without(*faces: int) -> Mesh:
    rows = np.setdiff1d(np.arange(len(OCTAHEDRON)), faces)
    return Mesh(
        xyz=CORNERS.astype(np.float32),
        rgb=np.full((6, 3), 90, np.uint8),
        triangles=OCTAHEDRON[rows].astype(np.uint32),
    )


@pytest.mark.parametrize(("faces", "num_new"), [((), 0), ((2,), 1), ((0, 1), 1), ((0, 6), 2)])
def test_openings_are_covered(faces: tuple[int, ...], num_new: int) -> None:
    opened = without(*faces)
    whole = closed(opened)
    assert (num_open_edges(opened) > 0) == bool(faces)
    assert num_open_edges(whole) == 0
    assert len(whole.xyz) == 6 + num_new
    assert 0.6 < volume(whole) <= 4 / 3 + 1e-6
    assert (whole.rgb == 90).all()


def test_a_mesh_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_mesh_ply(without(3), tmp_path / "mesh.ply")
    read = read_mesh_ply(tmp_path / "mesh.ply")
    assert np.array_equal(read.xyz, CORNERS)
    assert np.array_equal(read.triangles, without(3).triangles)
    assert (read.rgb == 90).all()


def test_a_cloud_is_no_mesh(dense_run: DenseRun) -> None:
    with pytest.raises(ValueError, match="is not a mesh"):
        read_mesh_ply(dense_run.workspace.result_dir / "points.ply")


def test_the_closed_mesh_of_a_result(dense_run: DenseRun, tmp_path: Path) -> None:
    result, target = dense_run.workspace.result_dir, tmp_path / "closed.ply"
    order = Order(result=result, metres_per_unit=2.0)
    deliver("mesh_closed", order, target, Workspace(tmp_path / "work"), Silent(), dense_run.host)
    mesh = read_mesh_ply(target)
    assert len(mesh.triangles) > 5_000
    assert num_open_edges(mesh) == 0
    points = read_ply(result / "points.ply")
    cloud = 2.0 * np.stack([points[axis] for axis in "xyz"], axis=1)
    distance, _ = cKDTree(mesh.xyz).query(cloud[:5000])
    assert 0 < np.percentile(distance, 90) < 0.02 * np.ptp(cloud, axis=0).max()
