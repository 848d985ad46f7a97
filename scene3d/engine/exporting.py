"""From models to the files that people download and the viewer loads."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scene3d.engine.cloud import clean_points, thin_points
from scene3d.engine.dense.stage import Dense
from scene3d.engine.export.cameras import describe_cameras, write_cameras
from scene3d.engine.export.glb import write_glb
from scene3d.engine.export.laz import write_laz
from scene3d.engine.export.picture import write_picture
from scene3d.engine.export.ply import dense_rows, point_rows, write_mesh_ply, write_ply
from scene3d.engine.export.view import write_dense_view, write_mesh_view, write_view
from scene3d.engine.geometry.upright import UP_IN_WORLD, find_up
from scene3d.engine.model import Model
from scene3d.engine.options import ReconstructionOptions
from scene3d.engine.progress import Progress
from scene3d.engine.seeding import generator
from scene3d.engine.workspace import Workspace

MODEL_FILES = ("cameras.bin", "images.bin", "points3D.bin", "rigs.bin", "frames.bin")


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """How many of a model's points were left at each step."""

    num_points: int
    num_clean: int
    num_shown: int


def export_models(
    models: Sequence[Model],
    names: Mapping[int, str],
    options: ReconstructionOptions,
    workspace: Workspace,
    progress: Progress,
    dense: Dense | None = None,
) -> list[Cloud]:
    """Write everything but the report into `workspace.result_dir`; a Cloud per model.

    models/N            the COLMAP model
    points.ply          the largest model's cloud: the dense one, or the sparse one where there is
                        none
    points_sparse.ply   the sparse cloud, cleaned and thinned, beside a dense one
    points_full.ply     all of its sparse points
    points.laz          the cloud of points.ply, for surveying software
    preview.jpg         a picture of the cloud of points.ply
    model.glb           the mesh, or the cloud where there is none, with its cameras
    mesh.ply            the surfaces as triangles, where there are any
    cameras.json        every registered photo
    view/N.points.bin   for the viewer, every model's cloud
    view/N.tracks.bin   and which photos see its points
    view/0.preview.bin  the beginning of the dense cloud
    view/0.dense.bin    and all of it
    view/0.mesh.bin     the mesh
    """
    result = workspace.result_dir
    (result / "view").mkdir()
    clouds = []
    for position, model in enumerate(models):
        progress.check()
        cloud, shown = _export_model(model, position, options, workspace)
        if position == 0:
            _write_largest(model, shown, names, result, dense)
            if dense is not None:
                _write_dense_views(dense, result / "view", _up_in_world(model, options))
        clouds.append(cloud)
        progress.update(position + 1, num_points=cloud.num_shown)
    write_cameras(models, names, result / "cameras.json")
    return clouds


def _export_model(
    model: Model, position: int, options: ReconstructionOptions, workspace: Workspace
) -> tuple[Cloud, NDArray[np.intp]]:
    """What every model gets; which of its points are shown."""
    result = workspace.result_dir
    _copy_model(workspace.models_dir / str(position), result / "models" / str(position))
    clean = clean_points(model, options.cloud)
    shown = thin_points(model, clean, options.cloud, generator(options.seed, f"thin {position}"))
    view = result / "view" / f"{position}.points.bin"
    up = _up_in_world(model, options)
    write_view(model, shown, view, view.with_name(f"{position}.tracks.bin"), up_in_world=up)
    cloud = Cloud(num_points=model.num_points, num_clean=len(clean), num_shown=len(shown))
    return cloud, shown


def _copy_model(source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for name in MODEL_FILES:
        shutil.copyfile(source / name, target / name)


def _up_in_world(model: Model, options: ReconstructionOptions) -> Sequence[float]:
    if options.mapping.upright:
        return UP_IN_WORLD
    return tuple(find_up(model.rotation_cam_from_world).direction.tolist())


def _write_dense_views(dense: Dense, folder: Path, up: Sequence[float]) -> None:
    if dense.cloud is not None:
        preview, whole = folder / "0.preview.bin", folder / "0.dense.bin"
        write_dense_view(dense.cloud, preview, whole, up_in_world=up)
    if dense.mesh is not None:
        write_mesh_view(dense.mesh, folder / "0.mesh.bin", up_in_world=up)


def _write_largest(
    model: Model,
    shown: NDArray[np.intp],
    names: Mapping[int, str],
    result: Path,
    dense: Dense | None,
) -> None:
    points = sparse = point_rows(model, shown)
    if dense is not None and dense.cloud is not None:
        points = dense_rows(dense.cloud)
        write_ply(sparse, result / "points_sparse.ply")
    write_ply(points, result / "points.ply")
    write_ply(point_rows(model, np.arange(model.num_points)), result / "points_full.ply")
    cameras = describe_cameras([model], names)["models"][0]["cameras"]
    write_laz(points, result / "points.laz")
    mesh = dense.mesh if dense is not None else None
    write_glb(points, cameras, result / "model.glb", mesh)
    if mesh is not None:
        write_mesh_ply(mesh, result / "mesh.ply")
    write_picture(points, model, result / "preview.jpg")
