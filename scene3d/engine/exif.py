"""What a photo's EXIF says about the camera. Places and people are never read."""

import math
from dataclasses import dataclass
from typing import Any

from PIL import ExifTags, Image

FULL_FRAME_DIAGONAL_MM = math.hypot(36.0, 24.0)
_QUARTER_TURNS = frozenset({5, 6, 7, 8})
_MAX_TEXT = 64


@dataclass(frozen=True, kw_only=True)
class PhotoMetadata:
    """The few tags that a reconstruction uses; None where absent or absurd."""

    make: str | None
    model: str | None
    focal_mm: float | None
    focal_35mm: float | None
    digital_zoom: float | None
    orientation: int

    def focal_px(self, width_px: int, height_px: int) -> float | None:
        """Focal length in pixels of the upright photo; None without a 35 mm equivalent.

        Source: CIPA DCG-001, "35 mm film equivalent": equal diagonal angle of view.
        """
        if self.focal_35mm is None:
            return None
        return self.focal_35mm * math.hypot(width_px, height_px) / FULL_FRAME_DIAGONAL_MM

    def device(self, width_px: int, height_px: int) -> str | None:
        """Equal for photos that share a camera: device, zoom, size and the way it was held."""
        if self.model is None or (self.focal_mm is None and self.focal_35mm is None):
            return None
        lens = f"{self.focal_mm or 0:g} mm, {self.focal_35mm or 0:g} mm eq."
        zoom = f", zoom {self.digital_zoom:g}" if self.digital_zoom else ""
        turned = ", turned" if self.orientation in _QUARTER_TURNS else ""
        return f"{self.make or ''} {self.model}, {lens}{zoom}, {width_px}x{height_px}{turned}"

    def to_exif(self) -> bytes:
        """The same tags for a file that is upright; empty without any."""
        texts = {ExifTags.Base.Make: self.make, ExifTags.Base.Model: self.model}
        numbers = {
            ExifTags.Base.FocalLength: self.focal_mm,
            ExifTags.Base.FocalLengthIn35mmFilm: self.focal_35mm and round(self.focal_35mm),
            ExifTags.Base.DigitalZoomRatio: self.digital_zoom,
        }
        block = Image.Exif()
        block.update({tag: text for tag, text in texts.items() if text})
        camera: dict[int, float] = {tag: number for tag, number in numbers.items() if number}
        if camera:
            block.get_ifd(ExifTags.IFD.Exif).update(camera)
        return block.tobytes() if block or camera else b""


def read_metadata(image: Image.Image) -> PhotoMetadata:
    """Never raises: broken EXIF counts as none."""
    try:
        exif = image.getexif()
        tags: dict[int, Any] = {**exif, **exif.get_ifd(ExifTags.IFD.Exif)}
    except Exception:  # noqa: BLE001  # a parser of strangers' bytes; the photo itself may be fine
        tags = {}
    return PhotoMetadata(
        make=_text(tags.get(ExifTags.Base.Make)),
        model=_text(tags.get(ExifTags.Base.Model)),
        focal_mm=_between(tags.get(ExifTags.Base.FocalLength), 0.5, 5000),
        focal_35mm=_between(tags.get(ExifTags.Base.FocalLengthIn35mmFilm), 4, 5000),
        digital_zoom=_between(tags.get(ExifTags.Base.DigitalZoomRatio), 1.001, 200),
        orientation=_orientation(tags.get(ExifTags.Base.Orientation)),
    )


def _text(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    printable = "".join(character for character in value if character.isprintable())
    return printable.strip()[:_MAX_TEXT] or None


def _between(value: Any, low: float, high: float) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return number if low <= number <= high else None


def _orientation(value: Any) -> int:
    return value if isinstance(value, int) and 1 <= value <= 8 else 1
