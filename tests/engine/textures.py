"""Pictures with much to recognise, and the same seen from elsewhere."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from scene3d.engine.seeding import generator
from scene3d.engine.types import FloatArray


def textured(seed: int, size_px: tuple[int, int] = (320, 240)) -> Image.Image:
    """Overlapping shapes of all sizes and colours, slightly blurred."""
    rng = generator(seed, "texture")
    image = Image.new("RGB", size_px, "gray")
    draw = ImageDraw.Draw(image)
    long_side_px = max(size_px)
    for radius in np.geomspace(long_side_px / 6, 2.5, 900):
        x, y = rng.uniform(0, size_px)
        width, height = radius * rng.uniform(0.4, 1.6, 2)
        box = (x - width, y - height, x + width, y + height)
        colour = tuple(rng.integers(0, 256, 3).tolist())
        (draw.rectangle if rng.random() < 0.5 else draw.ellipse)(box, fill=colour)
    return image.filter(ImageFilter.GaussianBlur(0.8))


def warped(
    image: Image.Image, source_from_warped: FloatArray, size_px: tuple[int, int]
) -> Image.Image:
    """Each pixel shows the place of `image` that the homography maps its centre to.

    Args:
        source_from_warped: (3, 3) between pixels whose first centre is (0.5, 0.5).
    """
    coefficients = (source_from_warped / source_from_warped[2, 2]).ravel()[:8]
    return image.transform(
        size_px, Image.Transform.PERSPECTIVE, coefficients.tolist(), Image.Resampling.BICUBIC
    )


def mapped(homography: FloatArray, xy_px: FloatArray) -> FloatArray:
    """(N, 2) to (N, 2)."""
    homogeneous = np.column_stack([xy_px, np.ones(len(xy_px))]) @ homography.T
    found: FloatArray = homogeneous[:, :2] / homogeneous[:, 2:]
    return found
