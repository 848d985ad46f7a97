"""COLMAP's database holds what was given to it, and its pixels are half a pixel further."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pycolmap
import pytest

from scene3d.engine.cameras import group_cameras
from scene3d.engine.colmap.database import (
    add_keypoints,
    create_database,
    read_image_ids,
    read_num_inliers,
    write_matches,
)
from scene3d.engine.features.base import save_features
from scene3d.engine.options import PhotoOptions
from scene3d.engine.seeding import generator
from scene3d.engine.types import Features, PairMatches
from scene3d.engine.workspace import Workspace

from .builders import make_photo

PHOTOS = [
    make_photo(1, device="A", focal_px=500.0, focal_source="exif_35mm"),
    make_photo(4, size_px=(300, 400)),
    make_photo(9, device="A", focal_px=500.0, focal_source="exif_35mm"),
]


@pytest.fixture
def keypoints_xy_px(workspace: Workspace) -> dict[int, np.ndarray]:
    """In centred pixels; photo 4 has none."""
    rng = generator(1, "keypoints")
    keypoints = {}
    for photo, count in zip(PHOTOS, (5, 0, 7), strict=True):
        keypoints[photo.index] = rng.uniform(-0.5, 299.5, (count, 2)).astype(np.float32)
        features = Features(
            keypoints_xy_px=keypoints[photo.index], descriptors=np.zeros((count, 8), np.uint8)
        )
        save_features(features, workspace.features(photo.index))
    return keypoints


@pytest.fixture
def image_ids(workspace: Workspace, keypoints_xy_px: dict[int, np.ndarray]) -> dict[int, int]:
    return create_database(
        workspace.database_path,
        [asdict(prior) for prior in group_cameras(PHOTOS, PhotoOptions())],
        [
            {"index": photo.index, "features": str(workspace.features(photo.index))}
            for photo in PHOTOS
        ],
    )


def opened(path: Path) -> pycolmap.Database:
    return pycolmap.Database.open(path)


def test_keypoints_move_by_half_a_pixel(
    workspace: Workspace, image_ids: dict[int, int], keypoints_xy_px: dict[int, np.ndarray]
) -> None:
    database = opened(workspace.database_path)
    for index, xy_px in keypoints_xy_px.items():
        written = np.asarray(database.read_keypoints(image_ids[index]))[:, :2]
        assert written == pytest.approx(xy_px.astype(np.float64) + 0.5, abs=1e-4)
    database.close()


def test_cameras_are_shared_as_grouped(workspace: Workspace, image_ids: dict[int, int]) -> None:
    database = opened(workspace.database_path)
    images = {index: database.read_image(image_id) for index, image_id in image_ids.items()}
    assert [image.name for image in images.values()] == ["000001", "000004", "000009"]
    assert images[1].camera_id == images[9].camera_id != images[4].camera_id
    known = database.read_camera(images[1].camera_id)
    guessed = database.read_camera(images[4].camera_id)
    database.close()
    assert (known.width, known.height, guessed.width, guessed.height) == (400, 300, 300, 400)
    assert known.params.tolist() == [500.0, 200.0, 150.0, 0.0]
    assert guessed.params.tolist() == [480.0, 150.0, 200.0, 0.0]
    assert known.has_prior_focal_length
    assert not guessed.has_prior_focal_length


def test_matches_are_those_of_the_pair(workspace: Workspace, image_ids: dict[int, int]) -> None:
    indices = np.array([[0, 6], [4, 1]], np.uint32)
    empty = np.empty((0, 2), np.uint32)
    write_matches(
        workspace.database_path,
        [
            PairMatches(first=1, second=9, keypoint_indices=indices),
            PairMatches(first=1, second=4, keypoint_indices=empty),
        ],
        image_ids,
    )
    database = opened(workspace.database_path)
    written = database.read_matches(image_ids[1], image_ids[9])
    assert database.num_matched_image_pairs() == 1
    database.close()
    assert np.asarray(written).tolist() == indices.tolist()
    assert read_num_inliers(workspace.database_path) == {}


def test_keypoints_that_come_later_follow_those_that_are_there(
    workspace: Workspace, image_ids: dict[int, int], keypoints_xy_px: dict[int, np.ndarray]
) -> None:
    more = np.array([[10.0, 20.0], [30.0, 40.0]], np.float32)
    extra = workspace.root / "more.npz"
    save_features(Features(keypoints_xy_px=more, descriptors=np.zeros((2, 4), np.uint8)), extra)
    parts = [str(workspace.features(1)), str(extra)]
    add_keypoints(workspace.database_path, [{"index": 1, "features": parts}], image_ids)
    database = opened(workspace.database_path)
    found = {
        index: np.asarray(database.read_keypoints(image_id))[:, :2]
        for index, image_id in image_ids.items()
    }
    database.close()
    assert found[1] == pytest.approx(np.concatenate([keypoints_xy_px[1], more]) + 0.5, abs=1e-4)
    assert found[9] == pytest.approx(keypoints_xy_px[9] + 0.5, abs=1e-4)
    assert read_image_ids(workspace.database_path) == image_ids


def test_matches_that_come_later_are_added_and_verified_anew(
    workspace: Workspace, image_ids: dict[int, int]
) -> None:
    def add(*rows: list[int]) -> None:
        pair = PairMatches(first=1, second=9, keypoint_indices=np.array(rows, np.uint32))
        write_matches(workspace.database_path, [pair], image_ids)

    ids = image_ids[1], image_ids[9]
    add([0, 6], [4, 1])
    database = opened(workspace.database_path)
    geometry = pycolmap.TwoViewGeometry()
    geometry.inlier_matches = np.array([[0, 6]], np.uint32)
    database.write_two_view_geometry(*ids, geometry)
    database.close()
    assert read_num_inliers(workspace.database_path) == {ids: 1}
    add([2, 2])
    database = opened(workspace.database_path)
    written = np.asarray(database.read_matches(*ids)).tolist()
    database.close()
    assert written == [[0, 6], [4, 1], [2, 2]]
    assert read_num_inliers(workspace.database_path) == {}
