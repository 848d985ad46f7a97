"""ALIKED's forward pass over a batch of pictures, on the layers of kornia's network.

ALIKED (Zhao et al., 2023) describes every pixel by four maps of rising coarseness, enlarged to the
picture's size, joined and scaled to unit length. That joint map is most of the memory traffic, and
only a few thousand of its pixels are ever read. Here it is never made: scores come from a 1 x 1
convolution, which may go before the enlargement, and descriptors read the four maps where they
need them.
"""

from collections.abc import Sequence
from typing import Any

import torch
from kornia.feature import ALIKED
from torch.nn import functional

from scene3d.engine.features.deformable import deformable_block

_SIZE_FACTOR = 32
"""The coarsest map's pixels are so large."""


def detect(
    network: ALIKED, images: torch.Tensor, max_keypoints: int, *, half: bool
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Keypoints and descriptors of each image, strongest first, as `network(images)` finds them.

    Args:
        images: (B, 3, H, W) float32 RGB in [0, 1].
        half: the dense maps in half precision. Positions are never.
    Returns:
        Per image (N, 2) centred pixels and (N, D) of unit length, float32.
    """
    height, width = images.shape[-2:]
    left, top = (-width % _SIZE_FACTOR) // 2, (-height % _SIZE_FACTOR) // 2
    right, bottom = -width % _SIZE_FACTOR - left, -height % _SIZE_FACTOR - top
    padded = functional.pad(images, (left, right, top, bottom), mode="replicate")
    maps = _dense_maps(network, padded, half=half)
    scores = _scores(network, maps)[..., top : top + height, left : left + width]
    network.dkd.top_k = max_keypoints
    found, _, _ = network.dkd(scores)  # in [-1, 1] from the first pixel's centre to the last's
    largest_xy = scores.new_tensor([width - 1, height - 1])
    keypoints_xy_px = [largest_xy * (xy + 1) / 2 for xy in found]
    described = _describe(
        network, _UnitMap(maps, (left, top), largest_xy), keypoints_xy_px, max(height, width) / 4
    )
    return list(zip(keypoints_xy_px, described, strict=True))


def _dense_maps(network: Any, images: torch.Tensor, *, half: bool) -> list[torch.Tensor]:
    """Four maps (B, D / 4, h, w), the finest of the images' size."""
    device = images.device.type
    with torch.autocast(device, torch.float16, enabled=half):
        block1 = network.block1(images)
        block2 = network.block2(network.pool2(block1))
        with torch.autocast(device, enabled=False):
            block3 = deformable_block(network.block3, network.pool4(block2).float())
            block4 = deformable_block(network.block4, network.pool4(block3))
        return [
            network.gate(network.conv1(block1)),
            network.gate(network.conv2(block2)),
            network.gate(network.conv3(block3)),
            network.gate(network.conv4(block4)),
        ]


def _scores(network: Any, maps: Sequence[torch.Tensor]) -> torch.Tensor:
    """(B, 1, H, W) float32 in (0, 1)."""
    first, *others = network.score_head
    size = maps[0].shape[-2:]
    shares = first.weight.split(maps[0].shape[1], dim=1)
    mixed = [functional.conv2d(m, w.to(m.dtype)) for m, w in zip(maps, shares, strict=True)]
    scores = mixed[0].float()
    for coarse in mixed[1:]:
        scores = scores + functional.interpolate(
            coarse.float(), size, mode="bilinear", align_corners=True
        )
    for layer in others:
        scores = layer(scores)
    return torch.sigmoid(scores)


class _UnitMap:
    """The joint map of a batch, (B, D, H, W) of unit length, computed where it is read.

    Positions are the images'; the maps have a margin more.
    """

    def __init__(
        self, maps: Sequence[torch.Tensor], margin_xy: tuple[int, int], largest_xy: torch.Tensor
    ) -> None:
        self._margin_xy = torch.tensor(margin_xy, device=largest_xy.device)
        self._largest_xy = largest_xy.long()
        self._sizes = [tuple(m.shape[-2:]) for m in maps]
        self._tables = [m.permute(0, 2, 3, 1).flatten(0, 2).contiguous() for m in maps]
        self._tables[1:] = [table.float() for table in self._tables[1:]]
        self._depth = sum(m.shape[1] for m in maps)

    def windows(self, image: torch.Tensor, xy: torch.Tensor, size: int) -> torch.Tensor:
        """(P, D, size, size) around positions `xy` (P, 2); at the rim they are moved inwards."""
        first = torch.minimum((xy.long() - size // 2).clamp(min=0), self._largest_xy - size)
        side = torch.arange(size, device=xy.device)
        steps = torch.stack(torch.meshgrid(side, side, indexing="xy"), dim=-1).view(-1, 2)
        pixels = self._pixels(
            image.repeat_interleave(len(steps)), (first[:, None] + steps).view(-1, 2)
        )
        return pixels.view(len(xy), size, size, self._depth).permute(0, 3, 1, 2)

    def between(self, image: torch.Tensor, xy: torch.Tensor) -> torch.Tensor:
        """(P, D) at any position `xy` (P, 2), bilinear; zero outside."""
        low = xy.floor()
        total = xy.new_zeros(len(xy), self._depth)
        for corner in ((0, 0), (1, 0), (0, 1), (1, 1)):
            at = low + low.new_tensor(corner)
            is_inside = ((at >= 0) & (at <= self._largest_xy)).all(dim=1)
            weight = (1 - (xy - at).abs()).prod(dim=1) * is_inside
            total += self._pixels(image, at.long()) * weight[:, None]
        return total

    def _pixels(self, image: torch.Tensor, xy: torch.Tensor) -> torch.Tensor:
        """(P, D) of whole pixels `xy` (P, 2) of the images (P,); those outside are clamped."""
        xy = torch.minimum(xy.clamp(min=0), self._largest_xy) + self._margin_xy
        height, width = self._sizes[0]
        finest = self._tables[0][(image * height + xy[:, 1]) * width + xy[:, 0]].float()
        coarser = [self._enlarged(level, image, xy) for level in range(1, len(self._tables))]
        return functional.normalize(torch.cat([finest, *coarser], dim=1), dim=1)

    def _enlarged(self, level: int, image: torch.Tensor, xy: torch.Tensor) -> torch.Tensor:
        """(P, D / 4) of a coarse map, as if it had been enlarged to the finest one's size."""
        (height, width), (full_height, full_width) = self._sizes[level], self._sizes[0]
        x = xy[:, 0] * ((width - 1) / (full_width - 1))
        y = xy[:, 1] * ((height - 1) / (full_height - 1))
        x_low, y_low = x.long(), y.long()
        columns = torch.stack([x_low, (x_low + 1).clamp(max=width - 1)], dim=1)
        rows = torch.stack([y_low, (y_low + 1).clamp(max=height - 1)], dim=1)
        x_weights = torch.stack([1 - (x - x_low), x - x_low], dim=1)
        y_weights = torch.stack([1 - (y - y_low), y - y_low], dim=1)
        cells = ((image[:, None] * height + rows) * width)[:, :, None] + columns[:, None, :]
        return functional.embedding_bag(
            cells.flatten(1),
            self._tables[level],
            mode="sum",
            per_sample_weights=(y_weights[:, :, None] * x_weights[:, None, :]).flatten(1),
        )


def _describe(
    network: Any,
    unit_map: _UnitMap,
    keypoints_xy_px: Sequence[torch.Tensor],
    max_offset_px: float,
) -> tuple[torch.Tensor, ...]:
    """Per image (N, D): each keypoint's surroundings tell where else to look, and what is seen
    there is summed up."""
    head = network.desc_head
    xy = torch.cat(list(keypoints_xy_px))
    counts = [len(some) for some in keypoints_xy_px]
    image = torch.arange(len(counts), device=xy.device).repeat_interleave(
        torch.tensor(counts, device=xy.device)
    )
    first, gate, second = head.offset_conv  # over one window each, so they are matrices
    hidden = gate(_linear(first, unit_map.windows(image, xy, head.kernel_size)))
    offsets = _linear(second, hidden).clamp(-max_offset_px, max_offset_px)
    places = (xy[:, None] + offsets.view(len(xy), 2, head.n_pos).mT).reshape(-1, 2)
    seen = unit_map.between(image.repeat_interleave(head.n_pos), places)
    mixed = functional.selu(seen @ head.sf_conv.weight.flatten(1).T)
    summed = torch.einsum(
        "npc,pcd->nd", mixed.view(len(xy), head.n_pos, seen.shape[1]), head.agg_weights
    )
    return torch.split(functional.normalize(summed, dim=1), counts)


def _linear(convolution: Any, windows: torch.Tensor) -> torch.Tensor:
    """(P, C') of windows (P, C, size, size) that are of the kernel's size."""
    return functional.linear(windows.flatten(1), convolution.weight.flatten(1), convolution.bias)
