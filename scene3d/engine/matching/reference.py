"""kornia's own LightGlue, one pair at a time: what ours is compared with."""

import numpy as np
import torch

from scene3d.engine.host import Host
from scene3d.engine.matching.lightglue import load_lightglue
from scene3d.engine.options import MatchOptions
from scene3d.engine.types import Features, UInt32Array

SizedFeatures = tuple[Features, tuple[int, int]]
"""Of a photo, whose (width, height) is the second."""


class ReferenceMatcher:
    """The same matches as `LightGlueMatcher` finds, up to rounding."""

    def __init__(self, options: MatchOptions, host: Host) -> None:
        self._device = host.device
        self._min_score = options.min_score
        self._network = load_lightglue(host)

    @torch.inference_mode()
    def match(self, first: SizedFeatures, second: SizedFeatures) -> UInt32Array:
        """(M, 2) keypoint indices."""
        found = self._network({"image0": self._tensors(*first), "image1": self._tensors(*second)})
        confident = found["scores"][0] >= self._min_score
        indices: UInt32Array = found["matches"][0][confident].cpu().numpy().astype(np.uint32)
        return indices

    def _tensors(self, features: Features, size_px: tuple[int, int]) -> dict[str, torch.Tensor]:
        return {
            "keypoints": torch.from_numpy(features.keypoints_xy_px)[None].to(self._device),
            "descriptors": torch.from_numpy(features.descriptors)[None].float().to(self._device),
            "image_size": torch.tensor([size_px], dtype=torch.float32, device=self._device),
        }
