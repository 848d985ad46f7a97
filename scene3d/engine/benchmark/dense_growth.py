"""How time and memory of the dense stage grow with the number of photos.

Run as a program (`python -m scene3d.engine.benchmark.dense_growth SCENE.json PHOTOS OUTPUT.json
THREADS`) this module does the stage once, over the poses that a scene was rendered from, so that
each size has a process, and its memory, to itself.
"""

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic, process_time

import numpy as np

from scene3d.engine.benchmark.growth import fitted_exponent
from scene3d.engine.benchmark.measure import run_measured
from scene3d.engine.benchmark.publishing import line
from scene3d.engine.capabilities import open_host
from scene3d.engine.checking import prepare_photos
from scene3d.engine.dense.stage import densify
from scene3d.engine.model import Model
from scene3d.engine.presets import STANDARD
from scene3d.engine.progress import Silent
from scene3d.engine.sources import find_photos
from scene3d.engine.synthetic import SceneOptions, TrueScene, describe_scene, render_scene
from scene3d.engine.workspace import Workspace

SIZES = (25, 50, 100)
LONG_SIDE_PX = 1000
_SAMPLES_PER_SIDE = 12
"""Of each photo; they become the points that the stage chooses pairs and ranges by."""
_MAX_DEPTH_ERROR = 0.01


@dataclass(frozen=True, kw_only=True)
class DenseGrowthRow:
    """One scene."""

    num_photos: int
    seconds: float
    """Of the dense stage alone."""
    cpu_seconds: float
    num_pairs: int
    num_points: int
    """Before decimation."""
    peak_mib: float
    """Of the whole process: libraries, reading the photos, the dense stage."""


def measure_dense_growth(sizes: Sequence[int], num_threads: int) -> Iterator[DenseGrowthRow]:
    """Rows as they come; each scene is the same plaza with more photos of it.

    Raises: RuntimeError, with the end of its log when a process fails.
    """
    for num_photos in sizes:
        with tempfile.TemporaryDirectory(prefix="scene3d-growth-") as name:
            folder = Path(name)
            options = SceneOptions(
                num_photos=num_photos,
                width_px=LONG_SIDE_PX,
                height_px=LONG_SIDE_PX * 3 // 4,
                supersampling=1,
            )
            render_scene(options, folder / "photos", num_workers=num_threads)
            (folder / "scene.json").write_text(json.dumps(asdict(options)))
            command = [sys.executable, "-m", __name__]
            command += [str(folder / name) for name in ("scene.json", "photos", "growth.json")]
            measured = run_measured([*command, str(num_threads)], folder / "log")
            if measured.exit_code != 0:
                raise RuntimeError((folder / "log").read_text(errors="replace")[-2000:])
            found = json.loads((folder / "growth.json").read_text())
            yield DenseGrowthRow(num_photos=num_photos, peak_mib=measured.peak_mib, **found)


def dense_growth_markdown(rows: Sequence[DenseGrowthRow]) -> str:
    """A line per size, then the exponent."""
    head = ["photos", "dense, s", "dense, CPU s", "CPU s per photo", "pairs", "points", "peak MiB"]
    lines = [line(head), line(["---"] * len(head))]
    for row in rows:
        cells = [str(row.num_photos), f"{row.seconds:.1f}", f"{row.cpu_seconds:.1f}"]
        cells += [f"{row.cpu_seconds / row.num_photos:.2f}", str(row.num_pairs)]
        lines.append(line([*cells, f"{row.num_points:,}", f"{row.peak_mib:.0f}"]))
    if len(rows) < 2:
        return "\n".join(lines)
    sizes = [row.num_photos for row in rows]
    power = fitted_exponent(sizes, [row.cpu_seconds for row in rows])
    words = f"From {sizes[0]} to {sizes[-1]} photos, CPU time grows with the power {power:.2f}."
    return "\n".join([*lines, "", words])


def true_model(scene: TrueScene) -> Model:
    """The model that perfect mapping would give: true cameras, and true points at a grid of pixels
    of every photo, with the photos that see them. Photos have the indices of their order."""
    points = np.concatenate([_grid_points(scene, index) for index in range(len(scene.photos))])
    seen = [_sees(scene, index, points) for index in range(len(scene.photos))]
    sees = np.stack([flags for flags, _ in seen], axis=1)
    xy_px = np.stack([positions for _, positions in seen], axis=1)
    rows, photos = np.nonzero(sees)
    cameras = [photo.camera for photo in scene.photos]
    poses = [photo.cam_from_world for photo in scene.photos]
    devices = sorted({camera.device for camera in cameras})
    return Model(
        xyz=points,
        rgb=np.full((len(points), 3), 128, np.uint8),
        error_px=np.zeros(len(points), np.float32),
        track_offsets=np.cumsum([0, *sees.sum(axis=1)]).astype(np.uint32),
        track_photos=photos.astype(np.uint32),
        track_xy_px=xy_px[rows, photos].astype(np.float32),
        photo_indices=np.arange(len(cameras), dtype=np.uint32),
        rotation_cam_from_world=np.stack([pose.rotation for pose in poses]),
        translation_cam_from_world=np.stack([pose.translation for pose in poses]),
        size_px=np.array([(c.width_px, c.height_px) for c in cameras], np.uint32),
        focal_px=np.array([camera.focal_px for camera in cameras]),
        principal_point_xy_px=np.array([(c.centre_x_px, c.centre_y_px) for c in cameras]),
        radial_distortion=np.array([(camera.k1, 0.0) for camera in cameras]),
        camera_ids=np.array([devices.index(c.device) for c in cameras], np.uint32),
    )


def _grid_points(scene: TrueScene, index: int) -> np.ndarray:
    """(N, 3) in world what a photo shows at a grid of pixels, without the sky."""
    photo = scene.photos[index]
    camera = photo.camera
    share = (np.arange(_SAMPLES_PER_SIDE) + 0.5) / _SAMPLES_PER_SIDE
    x_px, y_px = np.meshgrid(share * camera.width_px, share * camera.height_px)
    xy_px = np.column_stack([x_px.ravel(), y_px.ravel()])
    depth = scene.depth_at(photo, xy_px)
    known = np.isfinite(depth)
    rays = np.column_stack([camera.unproject(xy_px[known]), np.ones(np.count_nonzero(known))])
    return photo.cam_from_world.inverse().apply(rays * depth[known][:, None])


def _sees(scene: TrueScene, index: int, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N,) whether a photo sees each of the points (N, 3), and where (N, 2)."""
    photo = scene.photos[index]
    camera = photo.camera
    in_cam = photo.cam_from_world.apply(points)
    ahead = np.flatnonzero(in_cam[:, 2] > 0)
    xy_px = np.zeros((len(points), 2))
    xy_px[ahead] = camera.project(in_cam[ahead])
    inside = ((xy_px > 0) & (xy_px < [camera.width_px, camera.height_px])).all(axis=1)
    sees = np.zeros(len(points), bool)
    rows = np.flatnonzero(inside)
    depth = scene.depth_at(photo, xy_px[rows])
    sees[rows] = np.abs(depth / in_cam[rows, 2] - 1) < _MAX_DEPTH_ERROR
    return sees, xy_px


def _run(options: SceneOptions, photos: Path, output: Path, num_threads: int) -> None:
    model = true_model(describe_scene(options))
    with tempfile.TemporaryDirectory(prefix="scene3d-growth-") as name:
        workspace = Workspace(Path(name) / "work")
        workspace.prepare()
        host = open_host(Path(name), device="cpu", num_threads=num_threads)
        prepare_photos(find_photos(photos), STANDARD.options.photos, workspace, Silent(), host)
        started_s, started_cpu_s = monotonic(), process_time()
        dense = densify(model, [], STANDARD.options, workspace, Silent(), host)
        seconds, cpu_seconds = monotonic() - started_s, process_time() - started_cpu_s
    if dense.cloud is None:
        raise RuntimeError(dense.message)
    found = {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "num_pairs": dense.num_pairs,
        "num_points": dense.num_found,
    }
    output.write_text(json.dumps(found))


if __name__ == "__main__":
    content = json.loads(Path(sys.argv[1]).read_text())
    content["radial_distortion"] = tuple(content["radial_distortion"])
    _run(SceneOptions(**content), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
