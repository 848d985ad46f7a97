from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from scene3d.engine.features.base import load_features, save_features
from scene3d.engine.types import Features


@pytest.mark.parametrize(
    "descriptors",
    [
        np.arange(6, dtype=np.uint8).reshape(3, 2),
        np.linspace(-1, 1, 6).astype(np.float16).reshape(3, 2),
    ],
    ids=["sift", "aliked"],
)
def test_features_come_back_bit_by_bit(
    tmp_path: Path, descriptors: NDArray[np.uint8] | NDArray[np.float16]
) -> None:
    # float16 would move the first of these by half a pixel
    keypoints = np.array([[2500.9, 1500.4], [0.1, -0.5], [1e-3, 8191.75]], np.float32)
    path = tmp_path / "features.npz"
    save_features(Features(keypoints_xy_px=keypoints, descriptors=descriptors), path)
    loaded = load_features(path)
    assert loaded.keypoints_xy_px.dtype == np.float32
    assert np.array_equal(loaded.keypoints_xy_px, keypoints)
    assert loaded.descriptors.dtype == descriptors.dtype
    assert np.array_equal(loaded.descriptors, descriptors)
    assert len(loaded) == 3
    assert [file.name for file in tmp_path.iterdir()] == ["features.npz"]


def test_keypoints_are_written_as_float32_whatever_they_were(tmp_path: Path) -> None:
    path = tmp_path / "features.npz"
    doubles: NDArray[np.float32] = np.array([[0.1, 0.2]])
    save_features(Features(keypoints_xy_px=doubles, descriptors=np.zeros((1, 4), np.uint8)), path)
    assert load_features(path).keypoints_xy_px.dtype == np.float32


def test_a_photo_without_keypoints_has_a_file_too(tmp_path: Path) -> None:
    path = tmp_path / "features.npz"
    nothing = Features(
        keypoints_xy_px=np.empty((0, 2), np.float32), descriptors=np.empty((0, 128), np.uint8)
    )
    save_features(nothing, path)
    loaded = load_features(path)
    assert len(loaded) == 0
    assert loaded.keypoints_xy_px.shape == (0, 2)
    assert loaded.descriptors.shape == (0, 128)
