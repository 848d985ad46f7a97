"""How far away every pixel of a photo is, from all its neighbours at once: a plane sweep in torch.

The graphics card's way, where rectified pairs are the processor's. A plane parallel to the picture
moves through the depths that the model's points have; on each of its places the neighbours are
drawn as the photo would see them, and what looks most alike wins.

Source: Collins, "A space-sweep approach to true multi-image matching", 1996; that only the better
half of the neighbours counts, so that hidden parts do no harm: Kang, Szeliski, Chai, "Handling
occlusions in dense multi-view stereo", 2001.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch.nn import functional

from scene3d.engine.dense.stereo import Side
from scene3d.engine.dense.views import Map, View
from scene3d.engine.types import FloatArray

_MAX_STEP_PX = 0.5
"""That a pixel moves in the neighbour farthest away, from one plane to the next."""
_NUM_PLANES = 32, 768
_MARGIN = 0.12
_NEARER = 1.6
"""Times the largest inverse depth of the points: the ground before a house has few of them."""
_PERCENTILES = (0.5, 99.5)
_WINDOWS_PX = (5, 11)
_NOISE_LEVELS = 2.0
"""Deviation that a window of a plain wall has from noise alone."""
_MIN_SCORE = 0.5
_BATCH_BYTES = 1 << 30
_MAPS_PER_PLANE = 16
"""Of float32, for each neighbour, while one plane is looked at."""


def inverse_depths(view: View, others: Sequence[View], xyz_in_world: FloatArray) -> FloatArray:
    """(D,) rising inverse depths of the planes, evenly spaced; empty where no point (N, 3) lies
    ahead."""
    _, depth = view.project(xyz_in_world)
    if not np.any(depth > 0) or not others:
        return np.zeros(0)
    low, high = np.percentile(1 / depth[depth > 0], _PERCENTILES)
    margin = _MARGIN * (high - low)
    low, high = max(low - margin, 0.02 * low), max(high + margin, _NEARER * high)
    centre = view.centre_in_world
    baselines = [float(np.linalg.norm(other.centre_in_world - centre)) for other in others]
    spread_px = max(baselines) * max(other.focal_px for other in others) * (high - low)
    planes: FloatArray = np.linspace(
        low, high, int(np.clip(np.ceil(spread_px / _MAX_STEP_PX), *_NUM_PLANES))
    )
    return planes


def sweep(
    reference: Side, others: Sequence[Side], planes: FloatArray, device: str
) -> tuple[Map, Map]:
    """Depth along the optical axis of each pixel of `reference`, (H, W), NaN where nothing looks
    alike, and how alike it looks there, from -1 to 1.

    Args:
        planes: (D,) of `inverse_depths`, at least three.
        device: torch's name of it.
    """
    with torch.inference_mode():
        scores = _scores(reference, others, planes, torch.device(device))
        best, at, before, after = _peaks(scores)
    bend = before - 2 * best + after
    with np.errstate(invalid="ignore", divide="ignore"):
        shift = np.where(bend < 0, (before - after) / (2 * bend), 0)
        inverse = planes[at] + np.clip(shift, -0.5, 0.5) * (planes[1] - planes[0])
    inside = (at > 0) & (at < len(planes) - 1)
    found = (best >= _MIN_SCORE) & inside & reference.is_photo
    depth = np.where(found, 1 / inverse, np.nan).astype(np.float32)
    return depth, best.astype(np.float32)


def _peaks(scores: Iterator[torch.Tensor]) -> tuple[FloatArray, ...]:
    """(H, W) each: the best score, its plane, and the scores one plane before and after; what is
    in memory does not grow with the planes."""
    first = next(scores)
    best, previous = first.clone(), first
    at = torch.zeros_like(best, dtype=torch.int64)
    before, after = best.clone(), best.clone()
    for plane, score in enumerate(scores, start=1):
        after = torch.where(at == plane - 1, score, after)
        better = score > best
        before = torch.where(better, previous, before)
        at = torch.where(better, plane, at)
        best = torch.where(better, score, best)
        previous = score
    return tuple(
        part.cpu().numpy() for part in (best.double(), at, before.double(), after.double())
    )


def _scores(
    reference: Side, others: Sequence[Side], planes: FloatArray, device: torch.device
) -> Iterator[torch.Tensor]:
    """(H, W) of each plane: the mean of the better half of the neighbours; -1 without any."""
    own = _levels(reference, device)
    pictures = [_levels(other, device) for other in others]
    masks = [_tensor(other.is_photo.astype(np.float32), device) for other in others]
    num_better = (len(others) + 1) // 2
    height, width = own.shape[-2:]
    per_plane = 4 * _MAPS_PER_PLANE * len(others) * height * width
    batch = max(1, _BATCH_BYTES // per_plane)
    for start in range(0, len(planes), batch):
        chunk = planes[start : start + batch]
        alike = []
        for other, picture, mask in zip(others, pictures, masks, strict=True):
            grid = _grid(reference.view, other.view, chunk, device)
            shown = _sampled(picture, grid)
            is_shown = _sampled(mask, grid) > 0.99
            score = sum(_correlation(own, shown, size) for size in _WINDOWS_PX) / len(_WINDOWS_PX)
            alike.append(torch.where(is_shown, score, -1.0))
        better = torch.stack(alike).topk(num_better, dim=0).values
        yield from better.mean(dim=0)[:, 0]


def _levels(side: Side, device: torch.device) -> torch.Tensor:
    """(1, 1, H, W) grey levels."""
    return _tensor(side.grey.astype(np.float32), device)


def _tensor(values: Map, device: torch.device) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).to(device)[None, None]


def _grid(view: View, other: View, planes: FloatArray, device: torch.device) -> torch.Tensor:
    """(D, H, W, 2) where the pixels of `view`, on each plane, lie in `other`, as grid_sample has
    it: -1 and 1 are the outer edges."""
    turn = other.rotation_cam_from_world @ view.rotation_cam_from_world.T
    shift = other.translation_cam_from_world - turn @ view.translation_cam_from_world
    x, y = view.rays()
    rays = np.stack(np.broadcast_arrays(x[None, :], y[:, None], np.float32(1)), axis=-1)
    ahead = torch.from_numpy(rays @ turn.T.astype(np.float32)).to(device)
    moved = torch.from_numpy(np.outer(planes, shift).astype(np.float32)).to(device)
    in_other = ahead[None] + moved[:, None, None, :]
    z = in_other[..., 2:]
    centre = torch.tensor(other.centre_xy_px.tolist(), dtype=torch.float32, device=device)
    size = torch.tensor([other.width_px, other.height_px], dtype=torch.float32, device=device)
    xy_px = in_other[..., :2] / z.clamp_min(1e-6) * other.focal_px + centre
    return torch.where(z > 0, (2 * xy_px + 1) / size - 1, -9.0)


def _sampled(picture: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
    """(D, 1, H, W), 0 outside."""
    spread = picture.expand(len(grid), -1, -1, -1)
    return functional.grid_sample(spread, grid, mode="bilinear", align_corners=False)


def _correlation(own: torch.Tensor, shown: torch.Tensor, size_px: int) -> torch.Tensor:
    """(D, 1, H, W) of the windows around each pixel, brightness and contrast taken out; near 0
    where there is nothing but noise."""

    def mean(values: torch.Tensor) -> torch.Tensor:
        for window in ((size_px, 1), (1, size_px)):
            padding = window[0] // 2, window[1] // 2
            values = functional.avg_pool2d(
                values, window, stride=1, padding=padding, count_include_pad=False
            )
        return values

    own_mean, shown_mean = mean(own), mean(shown)
    own_variance = (mean(own * own) - own_mean**2).clamp_min(0)
    shown_variance = (mean(shown * shown) - shown_mean**2).clamp_min(0)
    common = mean(own * shown) - own_mean * shown_mean
    noise = _NOISE_LEVELS**2
    return common / torch.sqrt((own_variance + noise) * (shown_variance + noise))
