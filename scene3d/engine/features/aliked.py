"""ALIKED by kornia, with weights from the model store."""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from kornia.feature import ALIKED
from numpy.typing import NDArray

from scene3d.engine.features.aliked_forward import detect
from scene3d.engine.features.batches import Batches, loaded_ahead
from scene3d.engine.geometry.pixels import rescaled_centred_px
from scene3d.engine.host import Device, Host
from scene3d.engine.options import FeatureOptions
from scene3d.engine.photos import load_rgb, shrunk_size_px
from scene3d.engine.types import Features, Photo

_DERIVED_BUFFERS = frozenset({"dkd.hw_grid"})
"""Filled by the constructor, absent from the published weights."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A decoded photo."""

    rgb: NDArray[np.uint8]
    """(H, W, 3) of the working copy."""
    size_px: tuple[int, int]
    """(width, height) of the photo, in whose pixels keypoints are told."""


class AlikedExtractor:
    """Top-k keypoints of the score map.

    On a graphics card the dense maps are in half precision. Positions never are: their scores move
    no more than by TF32, which convolutions in single precision use there.
    """

    def __init__(self, options: FeatureOptions, host: Host) -> None:
        self._options = options
        self._host = host
        self._network = load_aliked(options.extractor, host)
        self._batches = Batches(host.batch_size)

    def extract(self, photos: Sequence[Photo]) -> Iterator[tuple[Photo, Features]]:
        """Every photo once, those of one working size together; decoded ahead in threads.

        Raises: GpuMemoryFull.
        """
        groups = by_working_size(photos, self._options.long_side_px)
        pictures = loaded_ahead(
            (photo for group in groups for photo in group),
            self.load,
            num_threads=self._host.num_threads,
            num_ahead=self._host.batch_size,
        )
        for group in groups:
            found = self.extract_pictures(islice(pictures, len(group)))
            yield from zip(group, found, strict=True)

    def extract_pictures(self, pictures: Iterable[Picture]) -> Iterator[Features]:
        """In order; all have one working size.

        Raises: GpuMemoryFull.
        """
        return self._batches.run(pictures, self._extract)

    def load(self, photo: Photo) -> Picture:
        return Picture(
            rgb=load_rgb(photo.path, self._options.long_side_px),
            size_px=(photo.width_px, photo.height_px),
        )

    @torch.inference_mode()
    def _extract(self, pictures: Sequence[Picture]) -> list[Features]:
        rgb = torch.from_numpy(np.stack([picture.rgb for picture in pictures]))
        images = rgb.to(self._host.device).permute(0, 3, 1, 2).float() / 255
        working_size_px = (images.shape[3], images.shape[2])
        found = detect(
            self._network, images, self._options.max_keypoints, half=self._host.device == "cuda"
        )
        return [
            Features(
                keypoints_xy_px=rescaled_centred_px(
                    xy_px.cpu().numpy(), working_size_px, picture.size_px
                ).astype(np.float32),
                descriptors=descriptors.half().cpu().numpy(),
            )
            for picture, (xy_px, descriptors) in zip(pictures, found, strict=True)
        ]


def by_working_size(photos: Sequence[Photo], long_side_px: int) -> list[list[Photo]]:
    """Every photo once, in order, with those that are of one size after they are shrunk."""
    groups: dict[tuple[int, int], list[Photo]] = {}
    for photo in photos:
        size_px = shrunk_size_px((photo.width_px, photo.height_px), long_side_px)
        groups.setdefault(size_px, []).append(photo)
    return list(groups.values())


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
