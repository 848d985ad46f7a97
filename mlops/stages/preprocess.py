"""Third stage: photos as the pipeline should see them, with every change on record."""

import math
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image, ImageFilter

from drift.documents import Document
from mlops.data import DataFolder, ImageKey, LabelledImage, file_digest
from mlops.outputs import whole_output, write_document
from mlops.stage_params import PreprocessParams
from scene3d.engine.exif import PhotoMetadata
from scene3d.engine.options import PhotoOptions
from scene3d.engine.photos import (
    PREVIEW_LONG_SIDE_PX,
    UnreadablePhotoError,
    read_photo,
    shrink,
    write_photo,
)
from scene3d.engine.public import PhotoProblem
from scene3d.engine.quality import blur_limit_px, measure

REPORT_NAME = "preprocess.json"
IMAGES_NAME = "images"


class ImageUnreadable(PhotoProblem):
    """A labelled file that is no photo."""

    code = "image_unreadable"
    next_step = "Replace the file; `manage.py validate` lists all of its kind."


class ImageChanges(Document):
    """What was done to one photo; untouched ones have the same bytes as before."""

    dataset: str
    image: str
    original_size_px: tuple[int, int]
    """Width and height of the upright photo."""
    size_px: tuple[int, int]
    oriented: bool
    """It was turned as its EXIF asked; what it is written as asks for nothing."""
    resized: bool
    sharpened: bool
    blur_px: float | None
    """Before, where it was asked for; see `PhotoQuality.blur_px`."""
    sha256_before: str
    sha256_after: str

    @property
    def is_untouched(self) -> bool:
        return not (self.oriented or self.resized or self.sharpened)


class PreprocessTotals(Document):
    num_images: int
    num_untouched: int
    num_oriented: int
    num_resized: int
    num_sharpened: int


class PreprocessReport(Document):
    params: PreprocessParams
    fingerprint: str
    totals: PreprocessTotals
    images: list[ImageChanges]
    """By dataset and name."""


def preprocess(
    data: DataFolder, output: Path, params: PreprocessParams, *, num_threads: int
) -> PreprocessReport:
    """Write every labelled photo to `output`/IMAGES_NAME/<dataset>/<image>, and REPORT_NAME.

    Changed photos keep their format, and of their metadata what a reconstruction uses.

    Raises: DataMissing, LabelsMalformed, ImageUnreadable, OutputNotWritable.
    """
    images = data.labelled_images()
    with whole_output(output) as folder, ThreadPoolExecutor(num_threads) as pool:
        blurs_px = _measure_blur(images, pool) if params.sharpen_blurred else {}
        limits_px = _limits_px(blurs_px)

        def change(image: LabelledImage) -> ImageChanges:
            blur_px = blurs_px.get(image.key)
            is_blurred = (blur_px or 0.0) > limits_px.get(image.key.dataset, math.inf)
            target = folder / IMAGES_NAME / image.key.dataset / image.key.image
            return _change(image, target, params, blur_px=blur_px, is_blurred=is_blurred)

        changes = list(pool.map(change, images))
        report = PreprocessReport(
            params=params,
            fingerprint=params.fingerprint(),
            totals=_totals(changes),
            images=changes,
        )
        write_document(report, folder / REPORT_NAME)
    return report


def _measure_blur(
    images: Sequence[LabelledImage], pool: ThreadPoolExecutor
) -> dict[ImageKey, float | None]:
    """`PhotoQuality.blur_px`, as the pipeline measures it."""

    def measure_one(image: LabelledImage) -> float | None:
        upright, _ = _read(image)
        return measure(shrink(upright, PREVIEW_LONG_SIDE_PX), image.path).blur_px

    widths_px = pool.map(measure_one, images)
    return dict(zip((image.key for image in images), widths_px, strict=True))


def _limits_px(blurs_px: Mapping[ImageKey, float | None]) -> dict[str, float]:
    """By dataset."""
    by_dataset: dict[str, list[float | None]] = {}
    for key, blur_px in blurs_px.items():
        by_dataset.setdefault(key.dataset, []).append(blur_px)
    return {dataset: blur_limit_px(widths_px) for dataset, widths_px in by_dataset.items()}


def _change(
    image: LabelledImage,
    target: Path,
    params: PreprocessParams,
    *,
    blur_px: float | None,
    is_blurred: bool,
) -> ImageChanges:
    upright, metadata = _read(image)
    shrunk = upright if params.max_side_px is None else shrink(upright, params.max_side_px)
    is_oriented, is_resized = metadata.orientation != 1, shrunk.size != upright.size
    target.parent.mkdir(parents=True, exist_ok=True)
    if is_oriented or is_resized or is_blurred:
        result = _sharpened(shrunk, params) if is_blurred else shrunk
        write_photo(result, target, metadata)
    else:
        # No link: DVC write-protects what it caches, and the source would be protected with it.
        shutil.copyfile(image.path, target)
    return ImageChanges(
        dataset=image.key.dataset,
        image=image.key.image,
        original_size_px=upright.size,
        size_px=shrunk.size,
        oriented=is_oriented,
        resized=is_resized,
        sharpened=is_blurred,
        blur_px=blur_px,
        sha256_before=file_digest(image.path),
        sha256_after=file_digest(target),
    )


def _read(image: LabelledImage) -> tuple[Image.Image, PhotoMetadata]:
    try:
        return read_photo(image.path, PhotoOptions())
    except UnreadablePhotoError as problem:
        raise ImageUnreadable(f"{image.key}: {problem.message} ({problem.code})") from problem


def _sharpened(image: Image.Image, params: PreprocessParams) -> Image.Image:
    mask = ImageFilter.UnsharpMask(params.sharpen_radius_px, params.sharpen_percent, threshold=0)
    return image.filter(mask)


def _totals(changes: Sequence[ImageChanges]) -> PreprocessTotals:
    return PreprocessTotals(
        num_images=len(changes),
        num_untouched=sum(change.is_untouched for change in changes),
        num_oriented=sum(change.oriented for change in changes),
        num_resized=sum(change.resized for change in changes),
        num_sharpened=sum(change.sharpened for change in changes),
    )
