"""What a person chooses of the stages before the trials.

Light, so that the web process can check specs.
"""

from pydantic import Field

from mlops.params import StageParams


class ValidateParams(StageParams):
    """What the first stage lets pass."""

    allow_warnings: bool = False


class EdaParams(StageParams):
    """Of which photos the baseline is made, and with which features."""

    seed: int = Field(default=42, ge=0, le=2**31 - 1)
    max_images: int = Field(default=500, ge=3, description="Of all labelled ones, sampled.")
    max_pairs: int = Field(
        default=400,
        ge=1,
        description="Of those that jobs of one dataset each would compare, sampled.",
    )
    max_keypoints: int = Field(default=4096, ge=64, le=32768, description="SIFT, per photo.")
    long_side_px: int = Field(
        default=1024, ge=160, le=8192, description="Photos are shrunk to it before detection."
    )
    descriptor_size: int = Field(
        default=128, ge=8, le=128, description="Numbers that are kept of a global descriptor."
    )


class PreprocessParams(StageParams):
    """What is done to photos beyond turning them upright."""

    max_side_px: int | None = Field(
        default=None, ge=160, description="Larger photos are shrunk to this long side."
    )
    sharpen_blurred: bool = Field(
        default=False,
        description="Unsharp masking of photos that are blurred beside the others of their"
        " dataset.",
    )
    sharpen_radius_px: float = Field(
        default=2.0, gt=0, le=50, description="Of the Gaussian whose difference is added."
    )
    sharpen_percent: int = Field(
        default=150, ge=1, le=500, description="How much of the difference is added."
    )
