"""LightGlue by kornia, for ALIKED features."""

import io
import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
from kornia.feature import LightGlue
from kornia.feature.lightglue import normalize_keypoints

from scene3d.engine.features.batches import Batches
from scene3d.engine.host import Device, Host
from scene3d.engine.matching.lightglue_forward import Points, match_batch
from scene3d.engine.options import MatchOptions
from scene3d.engine.types import Features, UInt32Array
from scene3d.engine.weights import LIGHTGLUE_NAME

_DESCRIPTOR_SIZE = 128
_DERIVED_BUFFERS = frozenset({"confidence_thresholds"})


class LightGlueMatcher:
    """A transformer over the keypoints of two photos, in half precision on a graphics card."""

    def __init__(self, options: MatchOptions, host: Host) -> None:
        self._device = host.device
        self._min_score = options.min_score
        self._network = load_lightglue(host)
        self._batches = Batches(host.batch_size)

    def points(self, features: Features, size_px: tuple[int, int]) -> Points:
        """What `match` needs of a photo, whose (width, height) is `size_px`, on the device.

        Keypoints stay float32: half precision moves them by up to a pixel.
        """
        xy_px = torch.from_numpy(features.keypoints_xy_px).to(self._device)
        size = torch.tensor([size_px], dtype=torch.float32, device=self._device)
        return Points(
            xy=normalize_keypoints(xy_px[None], size)[0],
            descriptors=torch.from_numpy(features.descriptors).to(self._device),
        )

    def match(self, pairs: Iterable[tuple[Points, Points]]) -> Iterator[UInt32Array]:
        """Of each pair, in order, (M, 2) keypoint indices, one match per keypoint at most.

        Raises: GpuMemoryFull.
        """
        return self._batches.run(pairs, self._match)

    def _match(self, pairs: Sequence[tuple[Points, Points]]) -> list[UInt32Array]:
        matches = [np.empty((0, 2), np.uint32)] * len(pairs)
        some = [place for place, pair in enumerate(pairs) if all(len(side.xy) for side in pair)]
        if some:
            half = self._device == "cuda"
            found = match_batch(self._network, [pairs[place] for place in some], half=half)
            for place, one in zip(some, found, strict=True):
                confident = one.indices[one.scores >= self._min_score]
                matches[place] = confident.numpy().astype(np.uint32)
        return matches


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
