"""Clouds of surfaces, judged by photos that they were not made from and by rendered scenes."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from time import monotonic

import numpy as np

from scene3d.engine.benchmark.contest import Contestant
from scene3d.engine.benchmark.measure import run_measured
from scene3d.engine.benchmark.publishing import line
from scene3d.engine.benchmark.scenes import BenchmarkScene
from scene3d.engine.benchmark.surfaces import (
    SurfaceScore,
    aligned_to_scene,
    sample_surfaces,
    surface_scores,
)
from scene3d.engine.colmap.model_files import read_model
from scene3d.engine.dense.fusion import Cloud
from scene3d.engine.dense.sky import find_sky
from scene3d.engine.dense.splatting import splat
from scene3d.engine.dense.stage import densify
from scene3d.engine.dense.views import undistorted, view_of
from scene3d.engine.geometry.upright import find_up
from scene3d.engine.host import Host
from scene3d.engine.model import Model
from scene3d.engine.options import ReconstructionOptions
from scene3d.engine.pipeline import reconstruct
from scene3d.engine.progress import Silent
from scene3d.engine.sources import PhotoSource, find_photos
from scene3d.engine.synthetic import SceneOptions, describe_scene, render_scene
from scene3d.engine.workspace import Workspace

HELD_OUT_WIDTH_PX = 800
_SPLAT_PX = 2
_EVERY = 3
SURFACE_SHARES = (0.002, 0.005, 0.01)
RENDERED = (
    SceneOptions(scene="relief", num_photos=8, width_px=800, height_px=600, seed=3),
    SceneOptions(scene="plaza", num_photos=16, width_px=800, height_px=600, seed=3),
)


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """A photo beside the picture of a cloud that was made without it, 800 pixels wide."""

    coverage: float
    """Share of the photo's pixels on which a point falls."""
    coverage_without_sky: float
    """Of those that are not sky."""
    psnr_db: float
    """Over the covered pixels, the colours as they are."""
    fitted_psnr_db: float
    """Once the photo's exposure, a factor per channel, is taken into account."""


@dataclass(frozen=True, kw_only=True)
class DenseResult:
    """One scene; means over the photos that were held out one after the other."""

    scene: str
    num_photos: int
    num_points: int
    sparse_seconds: float
    dense_seconds: float
    dense_cpu_seconds: float
    held_out: HeldOut | None
    """None where too few photos were placed."""
    surface: dict[float, SurfaceScore] | None
    """By distance as a share of the scene's size; None of scenes that nobody rendered."""
    anchor_seconds: float | None = None
    """What the anchor took for the poses of the same photos; None where none was asked for."""

    @property
    def times_anchor(self) -> float | None:
        """The dense stage's time over the anchor's."""
        return self.dense_seconds / self.anchor_seconds if self.anchor_seconds else None


def run_dense(
    scenes: Sequence[BenchmarkScene],
    options: ReconstructionOptions,
    host: Host,
    anchor: Contestant | None = None,
) -> Iterator[DenseResult]:
    """The scenes of real photos, then rendered ones, as they come. Poses are found once per scene;
    then every third photo is held out, one after the other.

    Args:
        anchor: whose time, on the photos of each real scene, is told beside ours.
    """
    for scene in scenes:
        photos = [PhotoSource(name=path.name, path=path) for path in scene.photos]
        with tempfile.TemporaryDirectory(prefix="scene3d-dense-") as name:
            row = _judge(scene.name, photos, options, Path(name), host, None)
            yield replace(row, anchor_seconds=_seconds_of(anchor, scene, Path(name) / "anchor"))
    for rendered in RENDERED:
        with tempfile.TemporaryDirectory(prefix="scene3d-dense-") as name:
            folder = Path(name) / "photos"
            render_scene(rendered, folder, num_workers=host.num_threads)
            yield _judge(
                f"rendered {rendered.scene}",
                find_photos(folder),
                options,
                Path(name),
                host,
                rendered,
            )


def _seconds_of(anchor: Contestant | None, scene: BenchmarkScene, folder: Path) -> float | None:
    """Raises: RuntimeError, with the end of its log when it fails."""
    if anchor is None:
        return None
    photos, result, log = (folder / name for name in ("photos", "result", "log"))
    photos.mkdir(parents=True)
    for path in scene.photos:
        shutil.copy(path, photos)
    measured = run_measured(anchor.command(photos, result, 0), log)
    if measured.exit_code != 0:
        raise RuntimeError(log.read_text(errors="replace")[-2000:])
    return measured.seconds


def judge_held_out(model: Model, position: int, cloud: Cloud, photo: Path) -> HeldOut:
    """The cloud as the photo at `position` would see it, held against the photo."""
    view = view_of(model, position, HELD_OUT_WIDTH_PX)
    rgb, is_photo = undistorted(model, position, view, photo)
    picture, depth = splat(view, cloud.xyz, cloud.rgb, _SPLAT_PX)
    covered = np.isfinite(depth) & is_photo
    seen = np.isin(model.track_photos, view.photo_index)
    points = np.repeat(np.arange(model.num_points), model.track_lengths)[seen]
    up = find_up(model.rotation_cam_from_world).direction
    solid = is_photo & ~find_sky(rgb, view, up, view.project(model.xyz[points])[0])
    shown, true = picture[covered].astype(np.float64), rgb[covered].astype(np.float64)
    gain = (shown * true).sum(axis=0) / np.maximum((shown**2).sum(axis=0), 1.0)
    return HeldOut(
        coverage=float(covered.sum() / is_photo.sum()),
        coverage_without_sky=float((covered & solid).sum() / max(solid.sum(), 1)),
        psnr_db=psnr_db(shown, true),
        fitted_psnr_db=psnr_db(np.clip(shown * gain, 0, 255), true),
    )


def psnr_db(shown: np.ndarray, true: np.ndarray) -> float:
    """Peak signal-to-noise ratio of 8-bit levels; 0 without any pixels."""
    if not shown.size:
        return 0.0
    error = float(((shown - true) ** 2).mean())
    return float(10 * np.log10(255**2 / max(error, 1e-6)))


def dense_markdown(rows: Sequence[DenseResult]) -> str:
    """A line per scene."""
    head = ["scene", "photos", "points", "sparse, s", "dense, s", "dense, CPU s", "x colmap"]
    head += [
        "coverage",
        "without sky",
        "PSNR, dB",
        "fitted",
        *(f"F at {s:.1%}" for s in SURFACE_SHARES[:2]),
    ]
    head += ["within 1 %"]
    return "\n".join([line(head), line(["---"] * len(head)), *(line(_cells(row)) for row in rows)])


def _cells(row: DenseResult) -> list[str]:
    cells = [row.scene, str(row.num_photos), f"{row.num_points:,}", f"{row.sparse_seconds:.1f}"]
    cells += [f"{row.dense_seconds:.1f}", f"{row.dense_cpu_seconds:.1f}"]
    cells.append("–" if row.times_anchor is None else f"{row.times_anchor:.2f}")
    held = row.held_out
    if held is None:
        cells += ["–"] * 4
    else:
        cells += [f"{held.coverage:.2f}", f"{held.coverage_without_sky:.2f}"]
        cells += [f"{held.psnr_db:.1f}", f"{held.fitted_psnr_db:.1f}"]
    if row.surface is None:
        return [*cells, "–", "–", "–"]
    scores = [row.surface[share] for share in SURFACE_SHARES]
    return [*cells, *(f"{s.f_score:.3f}" for s in scores[:2]), f"{scores[2].accuracy:.4f}"]


def _judge(
    name: str,
    photos: Sequence[PhotoSource],
    options: ReconstructionOptions,
    folder: Path,
    host: Host,
    rendered: SceneOptions | None,
) -> DenseResult:
    workspace = Workspace(folder / "work")
    started_s = monotonic()
    sparse = options.merged({"dense": {"enabled": False}})
    reconstruct(photos, sparse, workspace, Silent(), host)
    sparse_s = monotonic() - started_s
    model = read_model(workspace.models_dir / "0")
    started_s, started_cpu_s = monotonic(), _cpu_seconds()
    cloud = _cloud_without(None, model, options, workspace, host)
    dense_s, dense_cpu_s = monotonic() - started_s, _cpu_seconds() - started_cpu_s
    judged = []
    for position in range(1, model.num_registered, _EVERY) if rendered is None else ():
        without = _cloud_without(position, model, options, workspace, host)
        photo = workspace.photo(int(model.photo_indices[position]))
        judged.append(judge_held_out(model, position, without, photo))
    return DenseResult(
        scene=name,
        num_photos=model.num_registered,
        num_points=len(cloud),
        sparse_seconds=sparse_s,
        dense_seconds=dense_s,
        dense_cpu_seconds=dense_cpu_s,
        held_out=_mean(judged) if judged else None,
        surface=_surface(cloud, workspace, rendered) if rendered else None,
    )


def _cloud_without(
    position: int | None,
    model: Model,
    options: ReconstructionOptions,
    workspace: Workspace,
    host: Host,
) -> Cloud:
    held_out = [] if position is None else [int(model.photo_indices[position])]
    dense = densify(model, held_out, options, workspace, Silent(), host)
    if dense.cloud is None:
        raise RuntimeError(f"no dense cloud: {dense.message}")
    return dense.cloud


def _surface(
    cloud: Cloud, workspace: Workspace, rendered: SceneOptions
) -> dict[float, SurfaceScore]:
    scene = describe_scene(rendered)
    cameras = json.loads((workspace.result_dir / "cameras.json").read_text())["models"][0]
    centers = {c["photo"]: np.array(c["center_in_world"]) for c in cameras["cameras"]}
    xyz = aligned_to_scene(cloud.xyz, centers, scene)
    return dict(surface_scores(xyz, sample_surfaces(scene), SURFACE_SHARES))


def _mean(judged: Sequence[HeldOut]) -> HeldOut:
    def mean(field: str) -> float:
        return float(np.mean([getattr(one, field) for one in judged]))

    return HeldOut(
        coverage=mean("coverage"),
        coverage_without_sky=mean("coverage_without_sky"),
        psnr_db=mean("psnr_db"),
        fitted_psnr_db=mean("fitted_psnr_db"),
    )


def _cpu_seconds() -> float:
    usages = getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN)
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
