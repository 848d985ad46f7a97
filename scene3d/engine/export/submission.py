"""Poses as the submission of the Image Matching Challenge 2025."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

COLUMNS = ("image_id", "dataset", "scene", "image", "rotation_matrix", "translation_vector")
OUTLIERS = "outliers"
"""The scene of photos that belong to none."""


def write_submission(
    photos: Sequence[str], cameras: Mapping[str, Any], dataset: str, path: Path
) -> None:
    """A row per photo: its model as the scene, its pose from world to camera; photos without a
    model are outliers without a pose.

    Args:
        photos: the names of all photos, placed or not.
        cameras: cameras.json; a photo that several models share is the largest one's.
    """
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(submission_rows(photos, cameras, dataset))


def submission_rows(
    photos: Sequence[str], cameras: Mapping[str, Any], dataset: str
) -> list[tuple[str, ...]]:
    """COLUMNS of every photo; see `write_submission`."""
    placed: dict[str, tuple[int, Mapping[str, Any]]] = {}
    for model in cameras["models"]:
        for camera in model["cameras"]:
            placed.setdefault(camera["photo"], (model["index"], camera["cam_from_world"]))
    return [
        (image_id(dataset, photo), dataset, *_scene_and_pose(photo, placed)) for photo in photos
    ]


def unplaced_row(dataset: str, photo: str) -> tuple[str, ...]:
    """COLUMNS of a photo that nobody has placed (yet)."""
    return image_id(dataset, photo), dataset, *_scene_and_pose(photo, {})


def image_id(dataset: str, photo: str) -> str:
    return f"{dataset}_{photo}_public"


def _scene_and_pose(
    photo: str, placed: Mapping[str, tuple[int, Mapping[str, Any]]]
) -> tuple[str, str, str, str]:
    if photo not in placed:
        return OUTLIERS, photo, _joined(["nan"] * 9), _joined(["nan"] * 3)
    model, pose = placed[photo]
    return f"cluster{model}", photo, _joined(pose["rotation"]), _joined(pose["translation"])


def _joined(values: Sequence[object]) -> str:
    return ";".join(map(str, values))
