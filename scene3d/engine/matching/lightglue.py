"""LightGlue by kornia, for ALIKED features."""

import io
import re

import numpy as np
import torch
from kornia.feature import LightGlue

from scene3d.engine.host import Device, Host
from scene3d.engine.options import MatchOptions
from scene3d.engine.types import Features, UInt32Array
from scene3d.engine.weights import LIGHTGLUE_NAME

_DESCRIPTOR_SIZE = 128
_DERIVED_BUFFERS = frozenset({"confidence_thresholds"})


class LightGlueMatcher:
    """A transformer over the keypoints of two photos."""

    def __init__(self, options: MatchOptions, host: Host) -> None:
        self._device = host.device
        self._min_score = options.min_score
        self._network = load_lightglue(host)

    @torch.inference_mode()
    def match(
        self,
        first: Features,
        second: Features,
        first_size_px: tuple[int, int],
        second_size_px: tuple[int, int],
    ) -> UInt32Array:
        """(M, 2) keypoint indices, one match per keypoint at most; sizes are (width, height)."""
        if len(first) == 0 or len(second) == 0:
            return np.empty((0, 2), np.uint32)
        found = self._network(
            {
                "image0": self._tensors(first, first_size_px),
                "image1": self._tensors(second, second_size_px),
            }
        )
        confident = found["scores"][0] >= self._min_score
        indices: UInt32Array = found["matches"][0][confident].cpu().numpy().astype(np.uint32)
        return indices

    def _tensors(self, features: Features, size_px: tuple[int, int]) -> dict[str, torch.Tensor]:
        """Keypoints stay float32: half precision moves them by up to a pixel."""
        return {
            "keypoints": torch.from_numpy(features.keypoints_xy_px)[None].to(self._device),
            "descriptors": torch.from_numpy(features.descriptors)[None].float().to(self._device),
            "image_size": torch.tensor([size_px], dtype=torch.float32, device=self._device),
        }


def load_lightglue(host: Host) -> LightGlue:
    """The network, loaded once per process.

    Raises: WeightsMissing.
    """

    def build(weights: bytes, device: Device) -> LightGlue:
        network = LightGlue(
            features=None,  # type: ignore[arg-type]  # documented: no download
            input_dim=_DESCRIPTOR_SIZE,
            filter_threshold=0.0,
        )
        published = torch.load(io.BytesIO(weights), map_location="cpu", weights_only=True)
        state = {_kornia_name(name): value for name, value in published.items()}
        missing, unexpected = network.load_state_dict(state, strict=False)
        if set(missing) - _DERIVED_BUFFERS or unexpected:
            raise RuntimeError(f"{LIGHTGLUE_NAME}: {missing=} {unexpected=}")
        return network.eval().to(device)

    return host.network(LIGHTGLUE_NAME, build)


def _kornia_name(published: str) -> str:
    return re.sub(r"^(self_attn|cross_attn)\.(\d+)", r"transformers.\2.\1", published)
