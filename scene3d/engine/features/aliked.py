"""ALIKED by kornia, with weights from the model store."""

import io
from pathlib import Path

import numpy as np
import torch
from kornia.feature import ALIKED

from scene3d.engine.features.base import save_features
from scene3d.engine.geometry.pixels import rescaled_centred_px
from scene3d.engine.host import Device, Host
from scene3d.engine.options import FeatureOptions
from scene3d.engine.photos import load_rgb
from scene3d.engine.types import Features

_DERIVED_BUFFERS = frozenset({"dkd.hw_grid"})
"""Filled by the constructor, absent from the published weights."""


class AlikedExtractor:
    """Top-k keypoints of the score map."""

    def __init__(self, options: FeatureOptions, host: Host) -> None:
        self._options = options
        self._host = host
        self._network = load_aliked(options.extractor, host)

    @torch.inference_mode()
    def extract(self, photo: Path, size_px: tuple[int, int]) -> Features:
        """Keypoints in pixels of the photo, whose (width, height) is `size_px`."""
        rgb = load_rgb(photo, self._options.long_side_px)
        working_size_px = (rgb.shape[1], rgb.shape[0])
        image = torch.from_numpy(rgb).to(self._host.device).permute(2, 0, 1)[None].float() / 255
        self._network.dkd.top_k = self._options.max_keypoints
        found = self._network(image)[0]
        xy_px = found.keypoints.cpu().numpy()
        return Features(
            keypoints_xy_px=rescaled_centred_px(xy_px, working_size_px, size_px).astype(np.float32),
            descriptors=found.descriptors.cpu().numpy().astype(np.float16),
        )

    def extract_to(self, target: Path, photo: Path, size_px: tuple[int, int]) -> int:
        """`extract` into a file; the number of keypoints."""
        features = self.extract(photo, size_px)
        save_features(features, target)
        return len(features)


def load_aliked(name: str, host: Host) -> ALIKED:
    """The network, loaded once per process.

    Raises: WeightsMissing.
    """

    def build(weights: bytes, device: Device) -> ALIKED:
        network = ALIKED(name, max_num_keypoints=-1, detection_threshold=-1)
        state = torch.load(io.BytesIO(weights), map_location="cpu", weights_only=True)
        missing, unexpected = network.load_state_dict(state, strict=False)
        if set(missing) - _DERIVED_BUFFERS or unexpected:
            raise RuntimeError(f"{name}: {missing=} {unexpected=}")
        return network.eval().to(device)

    return host.network(name, build)
