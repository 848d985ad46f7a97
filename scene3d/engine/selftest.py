"""A tiny rendered scene, reconstructed and held against the truth."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from scene3d.engine.evaluation import Pose, relative_pose_errors
from scene3d.engine.host import Host
from scene3d.engine.options import ReconstructionOptions
from scene3d.engine.pipeline import reconstruct
from scene3d.engine.progress import Silent
from scene3d.engine.sources import find_photos
from scene3d.engine.synthetic import TINY, SceneOptions, TrueScene, render_scene
from scene3d.engine.types import FloatArray
from scene3d.engine.workspace import Workspace

MAX_MEDIAN_ERROR_DEG = 0.5
_MAX_KEYPOINTS = 1024
"""Enough for photos of 480 pixels, and LightGlue takes seconds instead of minutes."""


@dataclass(frozen=True, kw_only=True)
class SelfTest:
    """How well a known scene came out."""

    num_photos: int
    num_registered: int
    num_points: int
    median_error_deg: float
    """Over all pairs of photos, the larger of rotation and translation-direction error."""
    seconds: float

    @property
    def passed(self) -> bool:
        return (
            self.num_registered == self.num_photos and self.median_error_deg <= MAX_MEDIAN_ERROR_DEG
        )


def self_test(
    options: ReconstructionOptions, host: Host, scene_options: SceneOptions = TINY
) -> SelfTest:
    """Render, reconstruct, compare.

    Raises: EngineError, when it does not even come to a result.
    """
    few = min(options.features.max_keypoints, _MAX_KEYPOINTS)
    smaller = options.merged({"features": {"max_keypoints": few}})
    with tempfile.TemporaryDirectory(prefix="scene3d-self-test-") as folder:
        photos = Path(folder) / "photos"
        truth = render_scene(scene_options, photos, num_workers=host.num_threads)
        workspace = Workspace(Path(folder) / "work")
        report = reconstruct(find_photos(photos), smaller, workspace, Silent(), host)
        estimated = read_poses(workspace.result_dir / "cameras.json")
    errors = relative_pose_errors(estimated, true_poses(truth))
    return SelfTest(
        num_photos=len(truth.photos),
        num_registered=report.models[0].num_registered,
        num_points=report.models[0].num_points,
        median_error_deg=median(error.max_deg for error in errors.values()),
        seconds=report.total_seconds,
    )


def true_poses(scene: TrueScene) -> dict[str, Pose]:
    return {
        photo.name: Pose(
            rotation_cam_from_world=photo.cam_from_world.rotation.astype(np.float64),
            translation_cam_from_world=photo.cam_from_world.translation.astype(np.float64),
        )
        for photo in scene.photos
    }


def read_poses(cameras_json: Path, model: int = 0) -> dict[str, Pose]:
    """Poses of one model of a result, by photo name; 0 is the largest."""
    return read_models(cameras_json)[model]


def read_models(cameras_json: Path) -> list[dict[str, Pose]]:
    """Poses of all models of a result, the largest first, by photo name."""
    return [
        {
            camera["photo"]: Pose(
                rotation_cam_from_world=_floats(camera["cam_from_world"]["rotation"]).reshape(3, 3),
                translation_cam_from_world=_floats(camera["cam_from_world"]["translation"]),
            )
            for camera in model["cameras"]
        }
        for model in json.loads(cameras_json.read_text())["models"]
    ]


def _floats(values: Sequence[float]) -> FloatArray:
    return np.array(values, np.float64)
