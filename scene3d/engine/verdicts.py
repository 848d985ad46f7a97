"""What is said of one photo, and the verdicts that its picture alone explains."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scene3d.engine.types import Photo

FEW_KEYPOINTS = 100
"""A photo with fewer has nearly nothing to recognise it by."""


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What is wrong with one photo. `reason` is stable and part of the API."""

    reason: str
    explanation: str
    action: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """JSON values: numbers with their unit in the key, `partners` by name."""

    def fields(self) -> dict[str, Any]:
        """As a photo's row has them."""
        return {
            "reason": self.reason,
            "explanation": self.explanation,
            "action": self.action,
            "evidence": dict(self.evidence),
        }


STOPPED_EARLY = Diagnosis(
    reason="stopped_early",
    explanation="The work ended before this photo had its turn.",
    action="Try again and let it finish.",
)


def dark(photo: Photo) -> Diagnosis:
    return Diagnosis(
        reason="dark",
        explanation="Is too dark to recognise anything.",
        action="Take it again with more light or a longer exposure, from a tripod if need be.",
        evidence={
            "mean_level": round(photo.quality.mean_level, 1),
            "black_share": round(photo.quality.black_share, 3),
        },
    )


def overexposed(photo: Photo) -> Diagnosis:
    return Diagnosis(
        reason="overexposed",
        explanation="Is so bright that its details are lost.",
        action="Take it again with a shorter exposure, or with the sun behind you.",
        evidence={
            "mean_level": round(photo.quality.mean_level, 1),
            "white_share": round(photo.quality.white_share, 3),
        },
    )


def blurred(photo: Photo) -> Diagnosis:
    return Diagnosis(
        reason="blurred",
        explanation="Is blurred: shaken, or out of focus.",
        action="Take it again: hold still, tap to focus, and use more light.",
        evidence={"blur_px": round(photo.quality.blur_px or 0.0, 2)},
    )


def too_few_features(num_keypoints: int) -> Diagnosis:
    return Diagnosis(
        reason="too_few_features",
        explanation=f"Shows only {num_keypoints} details that can be recognised: a plain or shiny"
        " surface, or nothing near.",
        action="Take it from where more texture is in view.",
        evidence={"num_keypoints": num_keypoints, "needed": FEW_KEYPOINTS},
    )


def points(count: int) -> str:
    return f"{count:,} point{'' if count == 1 else 's'}"


def photos(count: int) -> str:
    return f"{count} other photo{'' if count == 1 else 's'}"
