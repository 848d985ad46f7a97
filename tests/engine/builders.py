"""Photos and models made by hand."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.transform import Rotation

from scene3d.engine.model import Model
from scene3d.engine.types import FloatArray, FocalSource, Photo, PhotoQuality


def make_photo(
    index: int,
    *,
    name: str | None = None,
    size_px: tuple[int, int] = (400, 300),
    focal_px: float = 480.0,
    focal_source: FocalSource = "guess",
    device: str | None = None,
    quality: PhotoQuality | None = None,
) -> Photo:
    return Photo(
        index=index,
        name=name or f"{index:03d}.jpg",
        path=Path(f"{index:06d}.jpg"),
        width_px=size_px[0],
        height_px=size_px[1],
        focal_px=focal_px,
        focal_source=focal_source,
        device=device,
        quality=quality or make_quality(sha256=str(index)),
    )


def make_quality(
    *,
    blur_px: float | None = 0.7,
    mean_level: float = 120.0,
    black_share: float = 0.02,
    white_share: float = 0.02,
    picture_hash: int | None = None,
    sha256: str = "of its own",
) -> PhotoQuality:
    """Of a good photo, but for what is said."""
    return PhotoQuality(
        blur_px=blur_px,
        mean_level=mean_level,
        contrast=50.0,
        black_share=black_share,
        white_share=white_share,
        saturation=0.3,
        laplacian_variance=400.0,
        picture_hash=picture_hash,
        sha256=sha256,
    )


def make_model(
    xyz: ArrayLike,
    *,
    tracks: Sequence[Sequence[int]] | None = None,
    error_px: ArrayLike = 1.0,
    photo_indices: Sequence[int] = (0, 1),
    rotations_cam_from_world: FloatArray | None = None,
    size_px: tuple[int, int] = (400, 300),
) -> Model:
    """Points at `xyz`, each seen by the photos of its track (both of the first two, if not said).

    Observation t lies at (t, 2 t) pixels.
    """
    points = np.asarray(xyz, np.float64).reshape(-1, 3)
    tracks = [photo_indices[:2]] * len(points) if tracks is None else tracks
    num_observations = sum(len(track) for track in tracks)
    num_photos = len(photo_indices)
    rotations = np.tile(np.eye(3), (num_photos, 1, 1))
    step = np.arange(num_observations)
    return Model(
        xyz=points,
        rgb=np.arange(3 * len(points)).reshape(-1, 3).astype(np.uint8),
        error_px=np.broadcast_to(np.asarray(error_px, np.float32), len(points)).copy(),
        track_offsets=np.cumsum([0, *(len(track) for track in tracks)]).astype(np.uint32),
        track_photos=np.array([photo for track in tracks for photo in track], np.uint32),
        track_xy_px=np.stack([step, 2 * step], axis=1).astype(np.float32),
        photo_indices=np.array(photo_indices, np.uint32),
        rotation_cam_from_world=(
            rotations if rotations_cam_from_world is None else rotations_cam_from_world
        ),
        translation_cam_from_world=np.arange(3.0 * num_photos).reshape(-1, 3),
        size_px=np.tile(np.array(size_px, np.uint32), (num_photos, 1)),
        focal_px=np.linspace(500, 600, num_photos),
        principal_point_xy_px=np.tile(np.array(size_px) / 2.0, (num_photos, 1)),
        radial_distortion=np.linspace((0, 0), (0.1, -0.02), num_photos),
        camera_ids=np.ones(num_photos, np.uint32),
    )


def random_rotations(rng: np.random.Generator, count: int) -> FloatArray:
    """(count, 3, 3)."""
    rotations: FloatArray = Rotation.random(count, rng=rng).as_matrix()
    return rotations
