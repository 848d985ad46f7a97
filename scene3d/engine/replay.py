"""A run repeated from its bundle, and whether it gave the same model."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scene3d.engine.evaluation import rotation_angle_deg
from scene3d.engine.export.bundle import find_bundled_photos, read_provenance, read_result_file
from scene3d.engine.host import Host
from scene3d.engine.options import ReconstructionOptions
from scene3d.engine.pipeline import reconstruct
from scene3d.engine.progress import Progress
from scene3d.engine.sources import PhotoSource
from scene3d.engine.types import FloatArray
from scene3d.engine.workspace import Workspace

DEFAULT_TOLERANCE = 1e-3


@dataclass(frozen=True, kw_only=True)
class ModelDifference:
    """Of one model, after the best rotation, translation and scale."""

    num_cameras: int
    missing: tuple[str, ...]
    """Photos that the bundle's model has and the new one lacks."""
    extra: tuple[str, ...]
    """The other way round."""
    max_position_error: float
    """Of the camera centres, over their root-mean-square distance from their middle."""
    max_rotation_error_deg: float

    def is_within(self, tolerance: float) -> bool:
        return not self.missing and not self.extra and self.max_position_error <= tolerance


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What came out beside what the bundle says."""

    fingerprint: str
    expected_fingerprint: str
    models: tuple[ModelDifference, ...]
    """Of those that both have, the largest first."""
    num_models: int
    expected_num_models: int
    other_versions: Mapping[str, tuple[str, str]]
    """Package to its version in the bundle and here, where they differ."""
    tolerance: float

    @property
    def is_same(self) -> bool:
        return (
            self.fingerprint == self.expected_fingerprint
            and self.num_models == self.expected_num_models
            and all(model.is_within(self.tolerance) for model in self.models)
        )


def replay(
    bundle: Path,
    candidates: Sequence[PhotoSource],
    workspace: Workspace,
    progress: Progress,
    host: Host,
    *,
    tolerance: float = DEFAULT_TOLERANCE,
) -> Replay:
    """Run it again into `workspace.result_dir` and compare.

    Args:
        candidates: files among which the photos are, where the bundle does not hold them.
    Raises:
        BundleInvalid: not a bundle, changed since, or photos missing.
        EngineError: as `reconstruct` does.
    """
    provenance = read_provenance(bundle)
    expected = json.loads(read_result_file(bundle, "cameras.json"))["models"]
    photos_dir = workspace.root.with_name(workspace.root.name + "-photos")
    photos_dir.mkdir(parents=True)
    photos = find_bundled_photos(bundle, photos_dir, candidates)
    options = ReconstructionOptions.from_dict(provenance.options)
    report = reconstruct(photos, options, workspace, progress, host)
    found = json.loads((workspace.result_dir / "cameras.json").read_text())["models"]
    return Replay(
        fingerprint=report.fingerprint,
        expected_fingerprint=provenance.fingerprint,
        models=tuple(
            compare_models(first["cameras"], second["cameras"])
            for first, second in zip(expected, found, strict=False)
        ),
        num_models=len(found),
        expected_num_models=len(expected),
        other_versions=_other_versions(provenance.versions, report.versions),
        tolerance=tolerance,
    )


def _other_versions(
    expected: Mapping[str, str], found: Mapping[str, str]
) -> dict[str, tuple[str, str]]:
    return {
        name: (version, found.get(name, "none"))
        for name, version in expected.items()
        if found.get(name) != version
    }


def compare_models(
    expected: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]]
) -> ModelDifference:
    """Of two models' entries in cameras.json, whatever frame and scale they are in."""
    by_photo = [{camera["photo"]: camera for camera in model} for model in (expected, found)]
    common = sorted(by_photo[0].keys() & by_photo[1].keys())
    position, rotation_deg = _pose_errors(*([model[name] for name in common] for model in by_photo))
    return ModelDifference(
        num_cameras=len(expected),
        missing=tuple(sorted(by_photo[0].keys() - by_photo[1].keys())),
        extra=tuple(sorted(by_photo[1].keys() - by_photo[0].keys())),
        max_position_error=position,
        max_rotation_error_deg=rotation_deg,
    )


def _pose_errors(
    expected: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]]
) -> tuple[float, float]:
    """The rotations align the worlds, which centres on a line could not; 0 without photos."""
    if not expected:
        return 0.0, 0.0
    rotations = [_rotations(model) for model in (expected, found)]
    u, _, vt = np.linalg.svd((rotations[0].transpose(0, 2, 1) @ rotations[1]).sum(axis=0))
    expected_from_found = u @ np.diag([1.0, 1.0, np.linalg.det(u @ vt)]) @ vt
    centers = [np.array([camera["center_in_world"] for camera in m]) for m in (expected, found)]
    centred = [center - center.mean(axis=0) for center in centers]
    extents = [max(float(np.sqrt((c**2).sum(axis=1).mean())), 1e-12) for c in centred]
    aligned = centred[1] @ expected_from_found.T / extents[1]
    position = np.linalg.norm(centred[0] / extents[0] - aligned, axis=1).max()
    left = rotations[0] @ expected_from_found @ rotations[1].transpose(0, 2, 1)
    return float(position), max(rotation_angle_deg(rotation) for rotation in left)


def _rotations(cameras: Sequence[Mapping[str, Any]]) -> FloatArray:
    """(C, 3, 3) cam_from_world."""
    return np.array([camera["cam_from_world"]["rotation"] for camera in cameras]).reshape(-1, 3, 3)
