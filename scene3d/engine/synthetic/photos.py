"""Photo files as devices would have written them: sensor noise, exposure, JPEG, EXIF."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from scene3d.engine.synthetic.arrays import FloatArray
from scene3d.engine.synthetic.cameras import TrueCamera
from scene3d.engine.synthetic.options import SceneOptions

FULL_FRAME_DIAGONAL_MM = 43.2666
FIRST_SHOT = datetime(2025, 5, 17, 9, 30, tzinfo=UTC)
SECONDS_BETWEEN_SHOTS = 8

EXIF_MAKE, EXIF_MODEL, EXIF_ORIENTATION = 0x010F, 0x0110, 0x0112
EXIF_IFD = 0x8769
EXIF_DATE_TIME_ORIGINAL = 0x9003
EXIF_FOCAL_LENGTH, EXIF_FOCAL_LENGTH_35MM = 0x920A, 0xA405

STORED_TURN = {
    1: None,
    6: Image.Transpose.ROTATE_90,
    8: Image.Transpose.ROTATE_270,
}
"""How an upright photo is turned before it is stored under an EXIF orientation."""


class _Body(NamedTuple):
    make: str
    model: str
    hfov_deg: float
    scale: float
    sensor_diagonal_mm: float
    tint: tuple[float, float, float]


_BODIES = (
    _Body("Lumen", "Lumen One", 64.0, 1.0, 9.8, (1.0, 1.0, 1.0)),
    _Body("Kestrel", "Kestrel K20", 60.0, 1.08, 28.3, (1.015, 1.0, 0.975)),
    _Body("Orava", "Orava Mini", 69.0, 0.9, 7.1, (0.985, 1.0, 1.02)),
    _Body("Halden", "Halden 35", 48.0, 1.04, 43.2666, (1.0, 0.99, 0.99)),
)


@dataclass(frozen=True, kw_only=True)
class Device:
    """A camera body and its camera model when held level."""

    make: str
    model: str
    camera: TrueCamera
    sensor_diagonal_mm: float
    tint: tuple[float, float, float]

    @property
    def focal_mm(self) -> float:
        diagonal_px = float(np.hypot(self.camera.width_px, self.camera.height_px))
        return self.camera.focal_px * self.sensor_diagonal_mm / diagonal_px

    @property
    def focal_35mm(self) -> int:
        """Full-frame equivalent by the diagonal, a whole number as EXIF stores it."""
        return round(self.focal_mm * FULL_FRAME_DIAGONAL_MM / self.sensor_diagonal_mm)


@dataclass(frozen=True, kw_only=True)
class Shot:
    """How one photo was taken."""

    index: int
    device: Device
    orientation: int
    """EXIF: 1 level, 6 or 8 held upright."""


def devices(options: SceneOptions) -> list[Device]:
    rng = np.random.default_rng([options.seed, 10])
    made = []
    for index in range(options.num_devices):
        body = _BODIES[index % len(_BODIES)]
        width_px, height_px = (
            4 * round(size_px * body.scale / 4) for size_px in (options.width_px, options.height_px)
        )
        hfov = np.radians(body.hfov_deg + rng.uniform(-1.0, 1.0))
        camera = TrueCamera(
            device=f"device-{index}",
            width_px=width_px,
            height_px=height_px,
            focal_px=float(0.5 * width_px / np.tan(0.5 * hfov)),
            centre_x_px=0.5 * width_px,
            centre_y_px=0.5 * height_px,
            k1=float(rng.uniform(*options.radial_distortion)),
        )
        made.append(
            Device(
                make=body.make,
                model=body.model,
                camera=camera,
                sensor_diagonal_mm=body.sensor_diagonal_mm,
                tint=body.tint,
            )
        )
    return made


def shots(options: SceneOptions) -> list[Shot]:
    """Each device takes a run of consecutive photos; some of them are held upright."""
    rng = np.random.default_rng([options.seed, 11])
    bodies = devices(options)
    num_upright = round(options.portrait_share * options.num_photos)
    upright = set(rng.permutation(options.num_photos)[:num_upright].tolist())
    turns = rng.choice([6, 8], size=options.num_photos)
    return [
        Shot(
            index=index,
            device=bodies[index * len(bodies) // options.num_photos],
            orientation=int(turns[index]) if index in upright else 1,
        )
        for index in range(options.num_photos)
    ]


def develop(display: FloatArray, shot: Shot, options: SceneOptions) -> Image.Image:
    """An upright 8-bit photo from display values (H, W, 3) in [0, 255]."""
    rng = np.random.default_rng([options.seed, 12, shot.index])
    stops = options.exposure_jitter * float(np.clip(rng.standard_normal(), -2.0, 2.0))
    gain = np.float32(2.0 ** (stops / 2.2)) * np.array(shot.device.tint, dtype=np.float32)
    grain = rng.standard_normal(display.shape, dtype=np.float32) * np.float32(options.noise_std)
    levels = np.clip(np.round(display * gain + grain), 0, 255).astype(np.uint8)
    return Image.fromarray(levels)


def save(photo: Image.Image, path: Path, shot: Shot, options: SceneOptions) -> None:
    """Write an upright photo as a JPEG, turned as its EXIF orientation says."""
    turn = STORED_TURN[shot.orientation]
    stored = photo if turn is None else photo.transpose(turn)
    stored.save(path, "JPEG", quality=options.jpeg_quality, exif=_exif(shot))


def _exif(shot: Shot) -> Image.Exif:
    exif = Image.Exif()
    exif[EXIF_MAKE] = shot.device.make
    exif[EXIF_MODEL] = shot.device.model
    exif[EXIF_ORIENTATION] = shot.orientation
    taken = FIRST_SHOT + timedelta(seconds=SECONDS_BETWEEN_SHOTS * shot.index)
    details = exif.get_ifd(EXIF_IFD)
    details[EXIF_DATE_TIME_ORIGINAL] = taken.strftime("%Y:%m:%d %H:%M:%S")
    details[EXIF_FOCAL_LENGTH] = IFDRational(round(100 * shot.device.focal_mm), 100)
    details[EXIF_FOCAL_LENGTH_35MM] = shot.device.focal_35mm
    return exif
