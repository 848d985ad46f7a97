"""From what the stages found to the report."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scene3d.engine.attempts import Mapped
from scene3d.engine.dense.stage import Dense
from scene3d.engine.diagnosis import Case, diagnose
from scene3d.engine.exporting import Cloud
from scene3d.engine.geometry.upright import find_up
from scene3d.engine.host import Host
from scene3d.engine.model import Model
from scene3d.engine.options import DenseOptions, ReconstructionOptions
from scene3d.engine.report import (
    Counts,
    DenseRow,
    ModelRow,
    PhotoRow,
    Report,
    StageSeconds,
    WeightsUsed,
    installed_versions,
)
from scene3d.engine.types import PhotoSet, RejectedPhoto
from scene3d.engine.weights import weights_needed

REJECTED_ACTION = "Export it again as a JPEG and upload it, or leave it out."


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What each stage found."""

    photos: PhotoSet
    num_pairs: int
    case: Case
    mapped: Mapped
    clouds: Sequence[Cloud]
    dense: Dense
    stages: Sequence[StageSeconds]


def describe(findings: Findings, options: ReconstructionOptions, host: Host) -> Report:
    """The report of a finished run."""
    rows = photo_rows(findings)
    partial_reason = findings.mapped.partial_reason or findings.dense.partial_reason
    return Report(
        options=options.to_dict(),
        fingerprint=options.fingerprint(),
        seed=options.seed,
        device=host.device,
        num_threads=host.num_threads,
        versions=installed_versions(),
        weights=[
            WeightsUsed(name=entry.name, sha256=entry.sha256, licence=entry.licence)
            for entry in weights_needed(options)
        ],
        stages=list(findings.stages),
        total_seconds=sum(stage.seconds for stage in findings.stages),
        is_partial=partial_reason is not None,
        partial_reason=partial_reason,
        counts=_counts(findings, rows),
        models=[
            _model_row(index, model, is_upright=options.mapping.upright)
            for index, model in enumerate(findings.mapped.models)
        ],
        dense=_dense_row(findings, options.dense),
        photos=rows,
    )


def photo_rows(findings: Findings) -> list[PhotoRow]:
    """A row per source, rejected ones included, in the order that they came in."""
    num_pairs = Counter(
        index for pair in findings.case.verified for index in (pair.first, pair.second)
    )
    registered = _registered_rows(findings.mapped.models)
    diagnoses = diagnose(findings.case)
    rows = [_rejected_row(photo) for photo in findings.photos.rejected]
    for photo in findings.photos.accepted:
        known = {
            "index": photo.index,
            "name": photo.name,
            "width_px": photo.width_px,
            "height_px": photo.height_px,
            "focal_px": photo.focal_px,
            "focal_source": photo.focal_source,
            "num_keypoints": findings.case.num_keypoints[photo.index],
            "num_verified_pairs": num_pairs[photo.index],
            "status": "registered" if photo.index in registered else "not_registered",
        }
        found = diagnoses.get(photo.index)
        rows.append(
            PhotoRow.model_validate(
                {
                    **known,
                    **registered.get(photo.index, {}),
                    **(found.fields() if found else {}),
                }
            )
        )
    return sorted(rows, key=lambda row: row.index)


def _rejected_row(photo: RejectedPhoto) -> PhotoRow:
    return PhotoRow(
        index=photo.index,
        name=photo.name,
        status="rejected",
        reason=photo.code,
        explanation=photo.message,
        action=REJECTED_ACTION,
    )


def _registered_rows(models: Sequence[Model]) -> dict[int, dict[str, float | int]]:
    """By Photo.index; a photo that several models share is the largest one's."""
    rows: dict[int, dict[str, float | int]] = {}
    for model_index, model in enumerate(models):
        point_of_row = np.repeat(np.arange(model.num_points), model.track_lengths)
        for position, photo_index in enumerate(model.photo_indices.tolist()):
            seen = point_of_row[model.track_photos == photo_index]
            rows.setdefault(
                photo_index,
                {
                    "model": model_index,
                    "num_observations": len(seen),
                    "mean_error_px": float(model.error_px[seen].mean()) if len(seen) else 0.0,
                    "focal_px": float(model.focal_px[position]),
                },
            )
    return rows


def _model_row(index: int, model: Model, *, is_upright: bool) -> ModelRow:
    up = find_up(model.rotation_cam_from_world) if is_upright else None
    lengths = model.track_lengths
    num_observations = int(lengths.sum())
    return ModelRow(
        index=index,
        num_registered=model.num_registered,
        num_points=model.num_points,
        num_observations=num_observations,
        mean_track_length=num_observations / max(model.num_points, 1),
        mean_error_px=float(np.average(model.error_px, weights=lengths)) if len(lengths) else 0.0,
        num_cameras=len(set(model.camera_ids.tolist())),
        up_source=up.source if up else None,
        num_level_photos=up.num_agreeing if up else None,
    )


def _dense_row(findings: Findings, options: DenseOptions) -> DenseRow:
    dense = findings.dense
    if dense.cloud is None and not dense.message:
        return DenseRow()
    names = {photo.index: photo.name for photo in findings.photos.accepted}
    if dense.cloud is None:
        return DenseRow(status="failed", message=dense.message, held_out=options.hold_out)
    return DenseRow(
        status="partial" if dense.message else "done",
        message=dense.message,
        num_photos=dense.num_photos,
        num_pairs=dense.num_pairs,
        num_points_found=dense.num_found,
        num_points=len(dense.cloud),
        num_points_per_cell=dense.num_found / len(dense.cloud),
        num_triangles=len(dense.mesh.triangles) if dense.mesh else 0,
        left_out=tuple(names[index] for index in dense.left_out),
        held_out=options.hold_out,
    )


def _counts(findings: Findings, rows: Sequence[PhotoRow]) -> Counts:
    cloud = findings.clouds[0]
    return Counts(
        num_photos=len(rows),
        num_accepted=len(findings.photos.accepted),
        num_rejected=len(findings.photos.rejected),
        num_registered=sum(row.status == "registered" for row in rows),
        num_rescued=findings.mapped.num_rescued,
        num_keypoints=sum(findings.case.num_keypoints.values()),
        num_pairs=findings.num_pairs,
        num_matched_pairs=findings.mapped.graph.num_matched_pairs,
        num_verified_pairs=len(findings.case.verified),
        num_models=len(findings.mapped.models),
        num_points=cloud.num_points,
        num_points_clean=cloud.num_clean,
        num_points_shown=cloud.num_shown,
    )
