"""Dense results of rendered scenes, as the viewer loads them: made of the true surface."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scene3d.engine.evaluation.alignment import similarities
from scene3d.engine.export.columns import write_columns
from scene3d.engine.synthetic import TruePhoto, TrueScene
from scene3d.engine.types import FloatArray
from tests.live import LiveStack

_UP = [0.0, 0.0, 1.0]
_MESH_STRIDE = 3
"""Pixels between two vertices of the mesh."""
_LARGEST_STEP = 0.03
"""Of the depth, between neighbours that one surface has."""


@dataclass(frozen=True, kw_only=True)
class DenseCounts:
    """How many rows the files get."""

    num_points: int
    num_preview: int


@dataclass(frozen=True)
class Sheet:
    """What one photo sees, pixel by pixel: (H, W, 3) each, in the model's frame."""

    xyz: FloatArray
    normal: FloatArray
    rgb: NDArray[np.uint8]
    depth: FloatArray
    """(H, W), metres; inf where sky."""


def write_dense(
    scene: TrueScene,
    photos: Path,
    cameras_json: Mapping[str, Any],
    target: Path,
    counts: DenseCounts,
) -> None:
    """Write view-0.{preview,dense,mesh}.bin into `target`, as a result has them.

    Args:
        cameras_json: of the reconstruction, whose frame the files are in.
    """
    target.mkdir(parents=True, exist_ok=True)
    model_from_true = _align(scene, cameras_json)
    sheets = [_sheet(scene, photo, photos, model_from_true) for photo in scene.photos]
    columns = _sample(scene, sheets, model_from_true, counts.num_points)
    meta = {"num_points": len(columns["xyz"]), "up": _UP, "bounds": _bounds(columns["xyz"])}
    write_columns(target / "view-0.dense.bin", columns, meta)
    preview = {name: values[: counts.num_preview] for name, values in columns.items()}
    write_columns(
        target / "view-0.preview.bin", preview, meta | {"num_points": len(preview["xyz"])}
    )
    write_columns(target / "view-0.mesh.bin", _mesh(sheets[:: max(1, len(sheets) // 6)]), meta)


def add_to_job(
    stack: LiveStack, job_id: str, scene: TrueScene, photos: Path, counts: DenseCounts
) -> None:
    """Give a finished job of alice's the dense files of its scene."""
    answer = stack.request("GET", f"/api/v1/jobs/{job_id}/artifacts/cameras.json", user="alice")
    folder = stack.folder / f"dense-{job_id}"
    write_dense(scene, photos, json.loads(answer.body), folder, counts)
    stack.manage("shell", code=_STORE.format(folder=folder, job_id=job_id))


_STORE = """
from pathlib import Path
from jobs.artifacts import MEDIA_TYPES
from jobs.files import result_prefix, store
from jobs.models import Job
from jobs.rows import write_artifact
job = Job.objects.get(pk="{job_id}")
for path in Path("{folder}").iterdir():
    stored = store(path, result_prefix(job.pk, job.attempt) + "/" + path.name)
    write_artifact(job.pk, path.name, stored, MEDIA_TYPES[path.suffix])
"""


def _align(scene: TrueScene, cameras_json: Mapping[str, Any]) -> FloatArray:
    """model_from_true (3, 4), a similarity, from the places where photos were taken."""
    truth = {photo.name: photo.cam_from_world.inverse().translation for photo in scene.photos}
    cameras = cameras_json["models"][0]["cameras"]
    pairs = np.array([[*truth[row["photo"]], *row["center_in_world"]] for row in cameras])
    centred = pairs - pairs.mean(axis=0)
    aligned: FloatArray = similarities(pairs.mean(axis=0)[None], (centred.T @ centred)[None])[0]
    return aligned


def _sheet(scene: TrueScene, photo: TruePhoto, photos: Path, model_from_true: FloatArray) -> Sheet:
    depth = scene.depth_map(photo)
    height, width = depth.shape
    plane = photo.camera.unproject(photo.camera.pixel_centres().reshape(-1, 2))
    in_cam = np.concatenate([plane, np.ones((len(plane), 1))], axis=1) * depth.reshape(-1, 1)
    in_world = photo.cam_from_world.inverse().apply(np.where(np.isfinite(in_cam), in_cam, 0.0))
    xyz = (in_world @ model_from_true[:, :3].T + model_from_true[:, 3]).reshape(height, width, 3)
    normal: FloatArray = np.cross(np.gradient(xyz, axis=0), np.gradient(xyz, axis=1))
    normal = normal / np.maximum(np.linalg.norm(normal, axis=2, keepdims=True), 1e-12)
    with Image.open(photos / photo.name) as image:
        rgb = np.asarray(image.convert("RGB"))
    return Sheet(xyz=xyz, normal=normal, rgb=rgb, depth=np.asarray(depth, np.float64))


def _sample(
    scene: TrueScene, sheets: list[Sheet], model_from_true: FloatArray, num_points: int
) -> dict[str, NDArray[Any]]:
    """Pixels of all photos, in random order, with the number of photos that see each."""
    random = np.random.default_rng(0)
    seen = [np.flatnonzero(np.isfinite(sheet.depth)) for sheet in sheets]
    owner = np.repeat(np.arange(len(sheets)), [len(pixels) for pixels in seen])
    chosen = random.permutation(len(owner))[:num_points]
    owner, pixel = owner[chosen], np.concatenate(seen)[chosen]

    def gather(values: list[NDArray[Any]]) -> NDArray[Any]:
        rows = np.empty((len(owner), 3), values[0].dtype)
        for index, image in enumerate(values):
            mine = owner == index
            rows[mine] = image.reshape(-1, 3)[pixel[mine]]
        return rows

    xyz = gather([sheet.xyz for sheet in sheets])
    linear = model_from_true[:, :3]
    in_world = (xyz - model_from_true[:, 3]) @ np.linalg.inv(linear).T
    views = sum(
        _sees(photo, sheet, in_world) for photo, sheet in zip(scene.photos, sheets, strict=True)
    )
    return {
        "xyz": xyz.astype(np.float32),
        "rgb": gather([sheet.rgb for sheet in sheets]),
        "normal": np.rint(127 * gather([sheet.normal for sheet in sheets])).astype(np.int8),
        "views": np.maximum(views, 1).astype(np.uint8),
    }


def _sees(photo: TruePhoto, sheet: Sheet, in_world: FloatArray) -> NDArray[np.uint8]:
    """(N,) 1 where a photo sees a point that nothing hides."""
    in_cam = photo.cam_from_world.apply(in_world)
    z = np.maximum(in_cam[:, 2], 1e-6)
    xy = np.floor(photo.camera.project(np.column_stack([in_cam[:, :2], z])).clip(-1, 1e6)).astype(
        int
    )
    height, width = sheet.depth.shape
    inside = (in_cam[:, 2] > 0) & (xy >= 0).all(axis=1) & (xy < [width, height]).all(axis=1)
    x, y = np.where(inside[:, None], xy, 0).T
    is_nearest = np.abs(sheet.depth[y, x] / z - 1) < _LARGEST_STEP
    seen: NDArray[np.uint8] = (inside & is_nearest).astype(np.uint8)
    return seen


def _mesh(sheets: list[Sheet]) -> dict[str, NDArray[Any]]:
    """A grid of triangles over each photo, torn where the depth jumps."""
    xyz, rgb, triangles, offset = [], [], [], 0
    for sheet in sheets:
        grid = slice(None, None, _MESH_STRIDE)
        depth = sheet.depth[grid, grid]
        rows, columns = depth.shape
        index = np.arange(depth.size).reshape(rows, columns)
        corners = [np.s_[:-1, :-1], np.s_[:-1, 1:], np.s_[1:, :-1], np.s_[1:, 1:]]
        around = np.stack([depth[corner] for corner in corners])
        near, far = around.min(axis=0), around.max(axis=0)
        is_one = np.isfinite(far) & (far < near * (1 + _LARGEST_STEP * _MESH_STRIDE))
        a, b, c, d = (index[corner][is_one] for corner in corners)
        triangles.append(
            np.concatenate([np.column_stack(t) for t in ((a, c, b), (b, c, d))]) + offset
        )
        xyz.append(sheet.xyz[grid, grid].reshape(-1, 3))
        rgb.append(sheet.rgb[grid, grid].reshape(-1, 3))
        offset += depth.size
    return {
        "xyz": np.concatenate(xyz).astype(np.float32),
        "rgb": np.concatenate(rgb),
        "triangles": np.concatenate(triangles).astype(np.uint32),
    }


def _bounds(xyz: NDArray[np.float32]) -> dict[str, list[float]]:
    low, high = np.percentile(xyz, (1, 99), axis=0)
    return {"min": low.tolist(), "max": high.tolist()}
