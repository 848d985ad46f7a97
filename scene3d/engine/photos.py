"""Files become photos: decoded with a closed list of formats, turned upright, re-encoded.

Native code never sees a file that a stranger made: a 200-byte PNG that claims 50000x50000 pixels
aborts pycolmap's process, and half a JPEG passes it silently.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image, UnidentifiedImageError

from scene3d.engine.errors import StorageFull
from scene3d.engine.exif import PhotoMetadata, read_metadata
from scene3d.engine.options import PhotoOptions
from scene3d.engine.quality import measure
from scene3d.engine.sources import PhotoSource
from scene3d.engine.types import Photo, RejectedPhoto
from scene3d.engine.workspace import Workspace

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "HEIF", "AVIF")
MIN_SIDE_PX = 64
MAX_SIDE_PX = 65_500
"""What a JPEG can hold."""
GUESSED_FOCAL_OVER_LONG_SIDE = 1.2
"""COLMAP's own default; about 45 degrees of horizontal view."""
JPEG_QUALITY = 95
PREVIEW_LONG_SIDE_PX = 1600
THUMBNAIL_LONG_SIDE_PX = 320

_JPEG: tuple[str, Mapping[str, Any]] = ("JPEG", {"quality": JPEG_QUALITY, "subsampling": 0})
_WRITTEN_AS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    ".png": ("PNG", {}),
    ".webp": ("WEBP", {"lossless": True}),
    ".tif": ("TIFF", {}),
    ".tiff": ("TIFF", {}),
    ".bmp": ("BMP", {}),
    ".heic": ("HEIF", {"quality": JPEG_QUALITY, "chroma": 444}),
    ".heif": ("HEIF", {"quality": JPEG_QUALITY, "chroma": 444}),
    ".avif": ("AVIF", {"quality": JPEG_QUALITY, "subsampling": "4:4:4"}),
}

_UPRIGHT_FROM_STORED: Mapping[int, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""By EXIF orientation. Pillow's own `exif_transpose` also writes the EXIF anew, and fails over
tags that lie."""

pillow_heif.register_heif_opener()
# Pillow's own limit warns at a size and raises at twice that; ours is one limit, checked before
# any pixel is decoded.
Image.MAX_IMAGE_PIXELS = None


class UnreadablePhotoError(Exception):
    """A file that is no photo; `code` says why, as in the API."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def prepare_photo(
    index: int, source: PhotoSource, options: PhotoOptions, workspace: Workspace
) -> Photo | RejectedPhoto:
    """Read one source, and write it anew with a preview and a thumbnail, or say why not.

    Raises: StorageFull.
    """
    try:
        return _prepare(index, source, options, workspace)
    except UnreadablePhotoError as reason:
        return RejectedPhoto(
            index=index, name=source.name, code=reason.code, message=reason.message
        )


def read_photo(path: Path, options: PhotoOptions) -> tuple[Image.Image, PhotoMetadata]:
    """Upright 8-bit RGB, and what the file says of the camera; its orientation is 1 where the
    decoder turns the photo by itself, as that of TIFF does.

    Raises: UnreadablePhotoError.
    """
    if path.stat().st_size == 0:
        raise UnreadablePhotoError("image_empty", "The file is empty.")
    try:
        with Image.open(path, formats=FORMATS) as image:
            _check_size(image.width, image.height, options)
            image.verify()  # a PNG's checksums, which loading skips
        with Image.open(path, formats=FORMATS) as image:
            image.load()  # which turns a TIFF upright, so its orientation is read afterwards
            metadata = read_metadata(image)
    except UnreadablePhotoError:
        raise
    except UnidentifiedImageError as error:
        raise _unidentified(path) from error
    except MemoryError as error:
        raise UnreadablePhotoError(
            "image_needs_too_much_memory", "Decoding the photo takes more memory than it may."
        ) from error
    except Exception as error:  # decoders raise anything over strangers' bytes
        if "Decompressed data too large" in str(error):  # a PNG's text or colour profile
            raise UnreadablePhotoError(
                "image_metadata_too_large",
                "The photo carries far more text than any camera writes.",
            ) from error
        raise UnreadablePhotoError(
            "image_truncated", "The photo is damaged or incomplete."
        ) from error
    return _upright_rgb(image, metadata.orientation), metadata


def glance(
    index: int,
    source: PhotoSource,
    image: Image.Image,
    metadata: PhotoMetadata,
    *,
    preview: Image.Image | None = None,
) -> Photo:
    """What is known of a photo as `read_photo` gives it. Its path is the source's: it is there to
    be measured, not for native code.

    Args:
        preview: made where it is not there yet.
    """
    focal_px = metadata.focal_px(image.width, image.height)
    return Photo(
        index=index,
        name=source.name,
        path=source.path,
        width_px=image.width,
        height_px=image.height,
        focal_px=focal_px or GUESSED_FOCAL_OVER_LONG_SIDE * max(image.size),
        focal_source="exif_35mm" if focal_px else "guess",
        device=metadata.device(image.width, image.height),
        quality=measure(preview or shrink(image, PREVIEW_LONG_SIDE_PX), source.path),
    )


def write_photo(image: Image.Image, path: Path, metadata: PhotoMetadata | None = None) -> None:
    """In the format of the file's suffix, JPEG where that is unknown, losing as little as it can.

    Args:
        metadata: written into the file, except the orientation; None writes nothing.
    """
    file_format, parameters = _WRITTEN_AS.get(path.suffix.lower(), _JPEG)
    exif = b"" if metadata is None else metadata.to_exif()
    image.save(path, file_format, **parameters, **({"exif": exif} if exif else {}))


def load_rgb(path: Path, long_side_px: int | None = None) -> np.ndarray:
    """(H, W, 3) uint8 of a re-encoded photo, shrunk to `long_side_px` where it is larger."""
    with Image.open(path, formats=("JPEG",)) as image:
        rgb = image.convert("RGB")
    return np.array(rgb if long_side_px is None else shrink(rgb, long_side_px))


def shrink(image: Image.Image, long_side_px: int) -> Image.Image:
    """The image, no side longer than `long_side_px`; never enlarged."""
    size_px = shrunk_size_px(image.size, long_side_px)
    return image if size_px == image.size else image.resize(size_px, Image.Resampling.LANCZOS)


def shrunk_size_px(size_px: tuple[int, int], long_side_px: int) -> tuple[int, int]:
    """(width, height) of what `shrink` makes of an image of that size."""
    scale = min(1.0, long_side_px / max(size_px))
    return max(1, round(size_px[0] * scale)), max(1, round(size_px[1] * scale))


def _prepare(index: int, source: PhotoSource, options: PhotoOptions, workspace: Workspace) -> Photo:
    image, metadata = read_photo(source.path, options)
    path = workspace.photo(index)
    try:
        write_photo(image, path)
        preview = shrink(image, PREVIEW_LONG_SIDE_PX)
        preview.save(workspace.preview(index), "JPEG", quality=85)
        shrink(preview, THUMBNAIL_LONG_SIDE_PX).save(workspace.thumbnail(index), "JPEG", quality=82)
    except OSError as error:
        raise StorageFull(f"A photo could not be written: {error.strerror}.") from error
    return replace(glance(index, source, image, metadata, preview=preview), path=path)


def _check_size(width_px: int, height_px: int, options: PhotoOptions) -> None:
    if width_px * height_px > options.max_megapixels * 1e6:
        raise UnreadablePhotoError(
            "image_too_many_pixels",
            f"{width_px} x {height_px} pixels are more than {options.max_megapixels:g} megapixels.",
        )
    if max(width_px, height_px) > MAX_SIDE_PX:
        raise UnreadablePhotoError(
            "image_too_many_pixels",
            f"{width_px} x {height_px} pixels: the longer side may have {MAX_SIDE_PX:,} at most.",
        )
    if min(width_px, height_px) < MIN_SIDE_PX:
        raise UnreadablePhotoError(
            "image_too_small",
            f"{width_px} x {height_px} pixels: the shorter side needs at least {MIN_SIDE_PX}.",
        )


def _unidentified(path: Path) -> UnreadablePhotoError:
    with path.open("rb") as file:
        is_gif = file.read(6) in (b"GIF87a", b"GIF89a")
    if is_gif:
        return UnreadablePhotoError("image_format_unsupported", "GIF pictures are not read here.")
    return UnreadablePhotoError(
        "image_type_mismatch", "The content is not a photo in a format that is read here."
    )


def _upright_rgb(image: Image.Image, orientation: int) -> Image.Image:
    turn = _UPRIGHT_FROM_STORED.get(orientation)
    rgb = _rgb(image if turn is None else image.transpose(turn))
    rgb.info = {}  # a JPEG's comment would go on into ours
    return rgb


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        return _from_deep_grey(image)
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        ground = Image.new("RGBA", rgba.size, (127, 127, 127, 255))
        return Image.alpha_composite(ground, rgba).convert("RGB")
    return image.convert("RGB")


def _from_deep_grey(image: Image.Image) -> Image.Image:
    """16-bit, 32-bit and float greys, scaled so that the brightest value is white."""
    grey = np.nan_to_num(np.asarray(image, dtype=np.float64))
    full_scale = 65535.0 if image.mode.startswith("I;16") else max(float(grey.max()), 1e-9)
    return Image.fromarray((grey.clip(0, full_scale) / full_scale * 255).astype(np.uint8)).convert(
        "RGB"
    )
