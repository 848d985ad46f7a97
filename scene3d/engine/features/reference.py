"""kornia's own ALIKED, one picture at a time: what ours is compared with."""

import numpy as np
import torch

from scene3d.engine.features.aliked import Picture, load_aliked
from scene3d.engine.geometry.pixels import rescaled_centred_px
from scene3d.engine.host import Host
from scene3d.engine.options import FeatureOptions
from scene3d.engine.types import Features


class ReferenceExtractor:
    """The same keypoints as `AlikedExtractor` finds, up to rounding."""

    def __init__(self, options: FeatureOptions, host: Host) -> None:
        self._max_keypoints = options.max_keypoints
        self._device = host.device
        self._network = load_aliked(options.extractor, host)

    @torch.inference_mode()
    def extract(self, picture: Picture) -> Features:
        image = torch.from_numpy(picture.rgb).to(self._device).permute(2, 0, 1)[None].float() / 255
        self._network.dkd.top_k = self._max_keypoints
        [found] = self._network(image)
        xy_px = rescaled_centred_px(
            found.keypoints.cpu().numpy(), (image.shape[3], image.shape[2]), picture.size_px
        )
        return Features(
            keypoints_xy_px=xy_px.astype(np.float32),
            descriptors=found.descriptors.cpu().numpy().astype(np.float16),
        )
