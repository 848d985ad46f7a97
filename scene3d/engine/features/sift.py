"""SIFT by COLMAP. Runs in a child process: it imports pycolmap."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pycolmap
from PIL import Image

from scene3d.engine.features.base import save_features
from scene3d.engine.geometry.pixels import centred_from_colmap_px, rescaled_centred_px
from scene3d.engine.native.child import Tell
from scene3d.engine.options import FeatureOptions
from scene3d.engine.photos import load_rgb
from scene3d.engine.types import Features

_SCALE = 2
"""Its column, after x and y."""


class SiftExtractor:
    """Keeps one native detector for photos that reach the working size, one for smaller ones."""

    def __init__(self, options: FeatureOptions) -> None:
        self._options = options
        self._detectors: dict[int, pycolmap.FeatureExtractor] = {}

    def extract(self, photo: Path, size_px: tuple[int, int]) -> Features:
        """Keypoints in pixels of the photo, whose (width, height) is `size_px`.

        The coarsest are the strongest: they are found again from farther away. COLMAP gives some
        more than `max_keypoints`, since it keeps whole levels of scale and a keypoint with two
        dominant orientations comes twice; the finest of these go.
        """
        rgb = load_rgb(photo, self._options.long_side_px)
        grey = np.array(Image.fromarray(rgb).convert("L"))
        working_size_px = (grey.shape[1], grey.shape[0])
        keypoints, descriptors = self._detector(max(working_size_px)).extract_from_uint8_array(grey)
        shapes = pycolmap.keypoints_to_matrix(keypoints).reshape(-1, 4)
        strongest = np.argsort(-shapes[:, _SCALE], kind="stable")[: self._options.max_keypoints]
        xy_px = centred_from_colmap_px(shapes[strongest, :2])
        return Features(
            keypoints_xy_px=rescaled_centred_px(xy_px, working_size_px, size_px).astype(np.float32),
            descriptors=descriptors.data.reshape(-1, 128)[strongest],
        )

    def extract_to(self, target: Path, photo: Path, size_px: tuple[int, int]) -> int:
        """`extract` into a file; the number of keypoints."""
        features = self.extract(photo, size_px)
        save_features(features, target)
        return len(features)

    def _detector(self, working_long_side_px: int) -> pycolmap.FeatureExtractor:
        octave = first_octave(working_long_side_px, self._options.long_side_px)
        if octave not in self._detectors:
            native = pycolmap.FeatureExtractionOptions(
                use_gpu=False, num_threads=1, max_image_size=self._options.long_side_px
            )
            native.sift.first_octave = octave
            native.sift.max_num_features = self._options.max_keypoints
            self._detectors[octave] = pycolmap.FeatureExtractor.create(native, pycolmap.Device.cpu)
        return self._detectors[octave]


def first_octave(long_side_px: int, target_long_side_px: int) -> int:
    """-1 doubles a photo before detection, where that brings it nearer to the target size.

    Tourists' photos of 1,000 pixels register at twice their size and fall apart without.
    """
    return -1 if long_side_px * math.sqrt(2) <= target_long_side_px else 0


def extract_sift(payload: Mapping[str, Any], tell: Tell) -> None:
    """Native task: features of some photos, an event for each."""
    extractor = SiftExtractor(FeatureOptions.model_validate(payload["options"]))
    for photo in payload["photos"]:
        num_keypoints = extractor.extract_to(
            Path(photo["target"]), Path(photo["path"]), (photo["width_px"], photo["height_px"])
        )
        tell("photo", index=photo["index"], num_keypoints=num_keypoints)
