"""Forms of a finished result that are made when somebody asks for them."""

import json
import shutil
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scene3d.engine.archives import zip_folder
from scene3d.engine.checking import prepare_photos
from scene3d.engine.errors import InputNotFound, PhotoProblem
from scene3d.engine.export.bundle import write_bundle
from scene3d.engine.export.closed_mesh import write_closed_mesh
from scene3d.engine.export.glb import write_glb
from scene3d.engine.export.laz import write_laz
from scene3d.engine.export.nerfstudio import write_transforms
from scene3d.engine.export.ply import read_ply
from scene3d.engine.export.scaling import SCALABLE, scale_file
from scene3d.engine.export.submission import write_submission
from scene3d.engine.formats import FORMATS
from scene3d.engine.host import Host
from scene3d.engine.native.run import NativeRequest, run_native
from scene3d.engine.options import ReconstructionOptions
from scene3d.engine.progress import Progress
from scene3d.engine.sources import PhotoSource
from scene3d.engine.workspace import Workspace

_OCTREE_DEPTH = 9
"""Of a closed mesh: 512 cells along the cloud's longest side."""


class PhotosNeeded(PhotoProblem):
    """The export reads the photos, and they were not given or are others."""

    code = "photos_needed"
    next_step = "Name the folder or ZIP of the photos with --photos."


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is wanted of which result."""

    result: Path
    """The folder that `reconstruct` filled; view/ may be missing."""
    photos: Sequence[PhotoSource] = ()
    """The run's files in its order, where the form needs them."""
    metres_per_unit: float | None = None
    """None leaves model units."""
    dataset: str = "scene3d"
    """What a submission calls this set of photos."""
    with_photos: bool = True
    """Whether a bundle brings the photos along, and not only their names and SHA-256."""

    def read_json(self, name: str) -> Any:
        """Raises: InputNotFound."""
        try:
            return json.loads((self.result / name).read_text())
        except OSError as error:
            raise InputNotFound(
                f"{self.result} has no {name}.",
                next_step="Name the folder that `manage.py reconstruct` filled.",
            ) from error


def deliver(
    form: str,
    order: Order,
    target: Path,
    workspace: Workspace,
    progress: Progress,
    host: Host,
) -> None:
    """Write the form, one of FORMATS, to the file `target`; `workspace` is emptied first.

    Raises:
        InputNotFound: `order.result` is not a result.
        PhotosNeeded: the photos are missing, or not those of the run.
        NativeCrash, Cancelled.
    """
    workspace.prepare()
    _check_photos(form, order)
    _Delivery(order, workspace, progress, host).makers[form](target)


def _check_photos(form: str, order: Order) -> None:
    if not FORMATS[form].needs_photos:
        return
    wanted = [row["name"] for row in order.read_json("report.json")["photos"]]
    given = [photo.name for photo in order.photos]
    if given != wanted:
        missing = [name for name in wanted if name not in given]
        raise PhotosNeeded(
            f"{len(missing)} of the {len(wanted)} photos of this result are missing."
            if missing
            else "These are not the photos of this result.",
            evidence={"missing": missing},
        )


def _without_surfaces(name: str) -> InputNotFound:
    return InputNotFound(
        f"This result has no {name}.",
        next_step="Reconstruct again with the standard preset, which finds surfaces.",
    )


class _Delivery:
    """One order at work."""

    def __init__(self, order: Order, workspace: Workspace, progress: Progress, host: Host) -> None:
        self._order, self._workspace = order, workspace
        self._progress, self._host = progress, host
        self.makers: Mapping[str, Callable[[Path], None]] = {
            "ply": self._scaled("points.ply"),
            "ply_sparse": self._scaled("points_sparse.ply"),
            "mesh": self._scaled("mesh.ply"),
            "mesh_closed": self._closed_mesh,
            "picture": self._scaled("preview.jpg"),
            "ply_full": self._scaled("points_full.ply"),
            "cameras": self._scaled("cameras.json"),
            "report": self._scaled("report.json"),
            "glb": self._glb,
            "laz": self._laz,
            "colmap": self._colmap,
            "colmap_text": self._colmap_text,
            "nerfstudio": self._nerfstudio,
            "submission": self._submission,
            "bundle": self._bundle,
        }

    def _scaled(self, name: str) -> Callable[[Path], None]:
        return lambda target: self._deliver_file(self._order.result / name, target)

    def _deliver_file(self, source: Path, target: Path) -> None:
        """In metres where they are known and the file has lengths."""
        self._order.read_json("cameras.json")
        if not source.is_file():
            raise _without_surfaces(source.name)
        if self._order.metres_per_unit is None or source.name not in SCALABLE:
            shutil.copyfile(source, target)
        else:
            scale_file(source, target, self._order.metres_per_unit)

    def _laz(self, target: Path) -> None:
        """Made anew: results of earlier versions have none."""
        path = self._workspace.root / "points.laz"
        write_laz(read_ply(self._order.result / "points.ply"), path)
        self._deliver_file(path, target)

    def _closed_mesh(self, target: Path) -> None:
        """Around the cloud of surfaces; the name is one that has a scale."""
        path = self._workspace.root / "mesh.ply"
        self._order.read_json("cameras.json")
        points = read_ply(self._order.result / "points.ply")
        if "nx" not in (points.dtype.names or ()):
            raise _without_surfaces("mesh_closed.ply")
        write_closed_mesh(points, path, self._close_surface)
        self._deliver_file(path, target)

    def _close_surface(self, source: Path, target: Path) -> None:
        request = NativeRequest(
            task="scene3d.engine.colmap.meshing:close_surface",
            payload={"source": str(source), "target": str(target), "depth": _OCTREE_DEPTH},
            log=self._workspace.logs_dir / "close_surface.log",
        )
        run_native([request], lambda _child, _event: None, self._progress.check)

    def _glb(self, target: Path) -> None:
        path = self._workspace.root / "model.glb"
        cameras = self._order.read_json("cameras.json")["models"][0]["cameras"]
        write_glb(read_ply(self._order.result / "points.ply"), cameras, path)
        self._deliver_file(path, target)

    def _colmap(self, target: Path) -> None:
        path = self._workspace.root / "colmap.zip"
        zip_folder(self._order.result / "models", path, "models")
        self._deliver_file(path, target)

    def _colmap_text(self, target: Path) -> None:
        folder = self._workspace.root / "text"
        self._native(
            "write_text_models",
            {"models": str(self._order.result / "models"), "target": str(folder)},
        )
        zip_folder(folder, target, "models")

    def _submission(self, target: Path) -> None:
        photos = [row["name"] for row in self._order.read_json("report.json")["photos"]]
        write_submission(photos, self._order.read_json("cameras.json"), self._order.dataset, target)

    def _bundle(self, target: Path) -> None:
        write_bundle(
            self._order.result,
            self._order.read_json("report.json"),
            self._order.photos,
            target,
            metres_per_unit=self._order.metres_per_unit,
            with_photos=self._order.with_photos,
        )

    def _nerfstudio(self, target: Path) -> None:
        """The largest model's photos, undistorted, with its cloud to start from."""
        folder = self._workspace.root / "nerfstudio"
        folder.mkdir()
        rows = self._undistort(folder)
        write_transforms(rows, "points.ply", folder / "transforms.json")
        self._deliver_file(self._order.result / "points.ply", folder / "points.ply")
        with zipfile.ZipFile(target, "w") as archive:
            for name in ("transforms.json", "points.ply", *(row["file"] for row in rows)):
                archive.write(folder / name, name)

    def _undistort(self, folder: Path) -> list[dict[str, Any]]:
        options = ReconstructionOptions.from_dict(self._order.read_json("report.json")["options"])
        self._progress.begin("checking", len(self._order.photos))
        photos = prepare_photos(
            self._order.photos, options.photos, self._workspace, self._progress, self._host
        )
        rows: list[dict[str, Any]] = self._native(
            "undistort",
            {
                "model": str(self._order.result / "models" / "0"),
                "photos": str(self._workspace.photos_dir),
                "files": {photo.name: photo.path.name for photo in photos.accepted},
                "target": str(folder),
                "num_threads": self._host.num_threads,
            },
        )
        return rows

    def _native(self, task: str, payload: Mapping[str, Any]) -> Any:
        metres_per_unit = self._order.metres_per_unit or 1.0
        request = NativeRequest(
            task=f"scene3d.engine.colmap.delivery:{task}",
            payload={**payload, "metres_per_unit": metres_per_unit},
            log=self._workspace.logs_dir / f"{task}.log",
        )
        [result] = run_native([request], lambda _child, _event: None, self._progress.check)
        return result
