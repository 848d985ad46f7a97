"""Deformable convolution (Dai et al., "Deformable Convolutional Networks", ICCV 2017)."""

from typing import Any

import torch
from torch.nn import functional


def deformable_conv(layer: Any, x: torch.Tensor) -> torch.Tensor:
    """What kornia's DeformableConv2d `layer` of stride 1 makes of `x` (B, C, H, W): (B, C', H, W).

    All samples are one `grid_sample`, which writes each once; kornia's own takes thirty passes over
    them. In float32: half precision would sample an eighth of a pixel off.
    """
    batch, channels, height, width = x.shape
    kernel_size = layer.regular_conv.kernel_size[0]
    num_taps = kernel_size**2
    limit = max(height, width) / 4
    offset_yx = layer.offset_conv(x).clamp(-limit, limit).view(batch, num_taps, 2, height, width)
    taps = torch.arange(kernel_size, device=x.device) - float(layer.padding)
    tap_y = taps.repeat_interleave(kernel_size).view(-1, 1, 1)
    tap_x = taps.repeat(kernel_size).view(-1, 1, 1)
    y = torch.arange(height, device=x.device).view(-1, 1) + tap_y + offset_yx[:, :, 0]
    x_ = torch.arange(width, device=x.device) + tap_x + offset_yx[:, :, 1]
    grid = torch.stack([(2 * x_ + 1) / width - 1, (2 * y + 1) / height - 1], dim=-1)
    sampled = functional.grid_sample(
        x, grid.view(batch, num_taps * height, width, 2), align_corners=False
    )
    weight: torch.Tensor = layer.regular_conv.weight.flatten(1)
    out = weight @ sampled.view(batch, channels * num_taps, height * width)
    if layer.regular_conv.bias is not None:
        out = out + layer.regular_conv.bias[:, None]
    return out.view(batch, -1, height, width)


def deformable_block(block: Any, x: torch.Tensor) -> torch.Tensor:
    """What kornia's ResBlock makes of `x`, where both of its convolutions are deformable."""
    y = block.gate(block.bn1(deformable_conv(block.conv1, x)))
    y = block.bn2(deformable_conv(block.conv2, y))
    out: torch.Tensor = block.gate(y + block.downsample(x))
    return out
