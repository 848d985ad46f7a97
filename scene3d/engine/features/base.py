"""Features on disk, in a form that children and parents both read."""

from pathlib import Path

import numpy as np

from scene3d.engine.types import Features


def save_features(features: Features, path: Path) -> None:
    """Uncompressed npz; keypoints stay float32 because half precision loses half a pixel."""
    np.savez(
        path,
        keypoints_xy_px=features.keypoints_xy_px.astype(np.float32),
        descriptors=features.descriptors,
    )


def load_features(path: Path) -> Features:
    with np.load(path, allow_pickle=False) as arrays:
        return Features(
            keypoints_xy_px=arrays["keypoints_xy_px"], descriptors=arrays["descriptors"]
        )
