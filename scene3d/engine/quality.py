"""How sharp, how bright and how alike photos are: milliseconds each, on a small copy."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scene3d.engine.types import Photo, PhotoQuality

_COPY_LONG_SIDE_PX = 640
_STRONG_SHARE = 0.05
"""Of the pixels of one edge direction, those with the steepest slopes."""
_MIN_SLOPE = 2.0
"""Grey levels per pixel; gentler slopes are sky and noise."""
_MIN_NUM_EDGE_PIXELS = 60
_HASH_SIDE = 16
_HASH_MIN_CONTRAST = 6.0
"""Grey levels; the hash of anything flatter is noise."""
_SAME_PICTURE_BITS = 16
"""Of 256. Re-encoded and shrunk photos differ by up to 11, a step to the side makes 45 and more."""
_BLACK, _WHITE = 16, 250

_BLURRED_PX = 1.5
"""On the copy. Good photos stay below 1.0; at 1.5 SIFT has lost most of its keypoints."""
_BLURRED_BESIDE_SET = 1.5
_BLURRED_ANYWAY_PX = 3.0
_DARK_MEAN, _DARK_SHARE = 24.0, 0.8
_BRIGHT_MEAN, _BLOWN_SHARE = 235.0, 0.6

GreyImage = NDArray[np.floating]


def measure(image: Image.Image, source: Path) -> PhotoQuality:
    """Of an upright RGB photo and the file that it came from."""
    grey = _small(image.convert("L"))
    levels = np.asarray(grey)
    contrast = float(levels.std())
    with source.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return PhotoQuality(
        blur_px=_blur_px(levels.astype(np.float32)),
        mean_level=float(levels.mean()),
        contrast=contrast,
        black_share=float(np.mean(levels < _BLACK)),
        white_share=float(np.mean(levels > _WHITE)),
        saturation=_saturation(np.asarray(_small(image))),
        laplacian_variance=_laplacian_variance(levels.astype(np.float32)),
        picture_hash=_difference_hash(grey) if contrast >= _HASH_MIN_CONTRAST else None,
        sha256=sha256,
    )


def find_blurred(photos: Sequence[Photo]) -> set[int]:
    """Photo.index of those that are clearly softer than the set, or soft beyond use."""
    limit_px = blur_limit_px(photo.quality.blur_px for photo in photos)
    return {photo.index for photo in photos if (photo.quality.blur_px or 0.0) > limit_px}


def blur_limit_px(widths_px: Iterable[float | None]) -> float:
    """What a blurred photo exceeds, among photos of one set with these `PhotoQuality.blur_px`."""
    known = [width_px for width_px in widths_px if width_px is not None]
    if not known:
        return _BLURRED_ANYWAY_PX
    return max(_BLURRED_PX, min(_BLURRED_BESIDE_SET * median(known), _BLURRED_ANYWAY_PX))


def is_dark(quality: PhotoQuality) -> bool:
    return quality.mean_level < _DARK_MEAN or quality.black_share > _DARK_SHARE


def is_overexposed(quality: PhotoQuality) -> bool:
    return quality.mean_level > _BRIGHT_MEAN or quality.white_share > _BLOWN_SHARE


def find_duplicates(photos: Iterable[Photo]) -> Mapping[int, int]:
    """Photo.index of every repeated picture to the first photo that shows it.

    Equal files, and files that show the same pixels in another size or quality.
    """
    first_of: dict[int, int] = {}
    originals: list[Photo] = []
    for photo in photos:
        original = next((other for other in originals if _is_same_picture(photo, other)), None)
        if original is None:
            originals.append(photo)
        else:
            first_of[photo.index] = original.index
    return first_of


def _is_same_picture(first: Photo, second: Photo) -> bool:
    if first.quality.sha256 == second.quality.sha256:
        return True
    hashes = first.quality.picture_hash, second.quality.picture_hash
    if hashes[0] is None or hashes[1] is None:
        return False
    return (hashes[0] ^ hashes[1]).bit_count() <= _SAME_PICTURE_BITS


def _small(image: Image.Image) -> Image.Image:
    scale = _COPY_LONG_SIDE_PX / max(image.size)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    # A plain average over whole pixels costs little and adds no ringing to the edges.
    return image.resize(size, Image.Resampling.BOX if scale <= 0.5 else Image.Resampling.HAMMING)


def _saturation(rgb: NDArray[np.uint8]) -> float:
    """Mean over (H, W, 3) of what the strongest colour has more than the weakest, over the
    strongest; black counts as grey.

    Source: Smith, Color gamut transform pairs, 1978 (the S of HSV).
    """
    strongest, weakest = rgb.max(axis=2).astype(np.float32), rgb.min(axis=2)
    return float(np.mean((strongest - weakest) / np.maximum(strongest, 1)))


def _laplacian_variance(grey: GreyImage) -> float:
    """Of the sum of differences to the four neighbours, over all pixels that have them; 0 where
    none has.

    Source: Pech-Pacheco et al., Diatom autofocusing in brightfield microscopy, 2000.
    """
    centre = grey[1:-1, 1:-1]
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float(np.var(around - 4 * centre)) if centre.size else 0.0


def _blur_px(grey: GreyImage) -> float | None:
    """Standard deviation of the blur across edges, pixels of the copy, in the worst direction.

    An edge that a Gaussian of variance v blurred loses the factor sqrt((v + w) / v) of its slope
    to another blur of variance w, whatever its contrast; so two slopes tell v. Directions are
    judged one by one, since a shaken photo is sharp along the movement.

    None where there are no edges to judge by.
    Source: Zhuo and Sim, Defocus map estimation from a single image, 2011.
    """
    once, more = _smoothed(grey, 1), _smoothed(grey, 3)  # variances 0.5 and 1.5
    slope_x, slope_y = _slopes(once)
    slope, slope_after = np.hypot(slope_x, slope_y), np.hypot(*_slopes(more))
    direction = np.round(np.arctan2(slope_y, slope_x) / (np.pi / 4)).astype(np.int8) % 4
    widths = [
        _edge_width_px(slope[direction == way], slope_after[direction == way]) for way in range(4)
    ]
    return max((width for width in widths if width is not None), default=None)


def _edge_width_px(slope: GreyImage, slope_after: GreyImage) -> float | None:
    if slope.size < _MIN_NUM_EDGE_PIXELS:
        return None
    strong = slope >= max(float(np.quantile(slope, 1 - _STRONG_SHARE)), _MIN_SLOPE)
    if np.count_nonzero(strong) < _MIN_NUM_EDGE_PIXELS:
        return None
    loss = (slope[strong] / np.maximum(slope_after[strong], 1e-3)) ** 2
    variance = 1.0 / np.maximum(loss - 1.0, 1e-4) - 0.5
    return float(np.sqrt(max(float(np.median(variance)), 0.0)))


def _smoothed(grey: GreyImage, times: int) -> GreyImage:
    """Blurred by [1 2 1] / 4 both ways, which adds 0.5 to the variance each time."""
    for _ in range(times):
        padded = np.pad(grey, 1, "edge")
        rows = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
        grey = (rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / 4
    return grey


def _slopes(grey: GreyImage) -> tuple[GreyImage, GreyImage]:
    return (
        (grey[1:-1, 2:] - grey[1:-1, :-2]) / 2,
        (grey[2:, 1:-1] - grey[:-2, 1:-1]) / 2,
    )


def _difference_hash(grey: Image.Image) -> int:
    """256 bits: whether each cell of a coarse grid is brighter than the one to its left."""
    cells = grey.resize((_HASH_SIDE + 1, _HASH_SIDE), Image.Resampling.BOX)
    levels = np.asarray(cells).astype(np.int16)
    return int.from_bytes(np.packbits(levels[:, 1:] > levels[:, :-1]).tobytes())
