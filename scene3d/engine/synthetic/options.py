"""What to render: the scene, the devices and the photographer's habits."""

from dataclasses import dataclass
from typing import Literal

SceneKind = Literal["plaza", "relief"]

WIDEST_DISTORTION = (-0.12, 0.2)
"""Beyond this range k1 folds the corners of a wide photo over."""


@dataclass(frozen=True, kw_only=True)
class SceneOptions:
    """A set of photos of one known scene. Equal options give equal files."""

    scene: SceneKind = "plaza"
    num_photos: int = 24
    width_px: int = 1200
    """Of the first device, held level; others differ a little."""
    height_px: int = 900
    seed: int = 0
    noise_std: float = 1.0
    """Sensor noise in 8-bit grey levels."""
    exposure_jitter: float = 0.1
    """Standard deviation from photo to photo, in stops."""
    num_devices: int = 1
    """Each has its own focal length, size, distortion and EXIF."""
    radial_distortion: tuple[float, float] = (-0.06, 0.02)
    """k1 of each device is drawn from this range."""
    portrait_share: float = 0.0
    """Share of photos taken upright and stored on their side with an EXIF orientation."""
    jpeg_quality: int = 92
    supersampling: int = 2
    """Rays a pixel side."""
    name_prefix: str = ""
    """Before every file name, so that several scenes can share a folder."""

    def __post_init__(self) -> None:
        low, high = self.radial_distortion
        checks = {
            "num_photos": self.num_photos >= 1,
            "width_px": self.width_px >= 64,
            "height_px": self.height_px >= 64,
            "seed": self.seed >= 0,
            "noise_std": self.noise_std >= 0.0,
            "exposure_jitter": self.exposure_jitter >= 0.0,
            "num_devices": 1 <= self.num_devices <= self.num_photos,
            "radial_distortion": WIDEST_DISTORTION[0] <= low <= high <= WIDEST_DISTORTION[1],
            "portrait_share": 0.0 <= self.portrait_share <= 1.0,
            "jpeg_quality": 1 <= self.jpeg_quality <= 100,
            "supersampling": 1 <= self.supersampling <= 8,
        }
        for name, holds in checks.items():
            if not holds:
                raise ValueError(f"{name}={getattr(self, name)!r} is out of range")


SAMPLE = SceneOptions(scene="plaza", num_photos=26, num_devices=2, noise_std=2.0, seed=7)
"""The scene of the demo: two devices, mild noise."""

TINY = SceneOptions(
    scene="relief", num_photos=7, width_px=480, height_px=360, seed=4, noise_std=2.0
)
"""The scene of the self-test: rendered and reconstructed in seconds."""
