"""Every choice that changes a result: frozen, strict, fingerprinted."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from scene3d.engine.errors import OptionsInvalid

OPTIONS_VERSION = 2
"""Raised when the same options begin to mean something else; part of every fingerprint."""

Extractor = Literal["sift", "aliked-n16", "aliked-n16rot", "aliked-n32", "aliked-t16"]
Matcher = Literal["mutual_nearest", "lightglue"]
Mapper = Literal["incremental", "global"]

EXTRACTOR_ALIASES: Mapping[str, Extractor] = {"aliked": "aliked-n16"}
LIGHTGLUE_EXTRACTORS: frozenset[Extractor] = frozenset(
    {"aliked-n16", "aliked-n16rot", "aliked-n32"}
)
"""Those with the 128 values per descriptor that its weights were trained on; aliked-t16 has 64."""


class _Stage(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class PhotoOptions(_Stage):
    """How photos are read."""

    max_megapixels: float = Field(
        default=200.0, gt=0, description="Larger photos are refused before they are decoded."
    )
    camera_sharing: Literal["auto", "single", "per_photo"] = Field(
        default="auto",
        description="auto: photos of one device, zoom and size share a camera; without EXIF,"
        " photos share one when four fifths of them have its size.",
    )


class FeatureOptions(_Stage):
    """How photos become keypoints."""

    extractor: Extractor = "sift"
    max_keypoints: int = Field(
        default=4096, ge=64, le=32768, description="Per photo, strongest first."
    )
    long_side_px: int = Field(
        default=1600,
        ge=160,
        le=8192,
        description="Photos are shrunk, never enlarged, to this long side before detection.",
    )


class PairOptions(_Stage):
    """Which photos are compared."""

    strategy: Literal["auto", "exhaustive", "sequential", "similar"] = Field(
        default="auto",
        description="auto: all pairs of up to `exhaustive_up_to` photos; of more, similar ones and"
        " neighbours by name, whose number grows with that of the photos.",
    )
    exhaustive_up_to: int = Field(default=60, ge=3)
    num_similar: int = Field(
        default=20, ge=1, description="similar: each photo is compared with this many."
    )
    overlap: int = Field(
        default=5,
        ge=1,
        description="sequential, auto: each photo is compared with this many that follow it by"
        " name.",
    )

    def max_num_pairs(self, num_photos: int) -> int:
        """No more of so many photos are compared."""
        everything = num_photos * (num_photos - 1) // 2
        if self.strategy == "auto" and num_photos <= self.exhaustive_up_to:
            return everything
        partners = {
            "auto": self.overlap + self.num_similar,
            "exhaustive": num_photos,
            "sequential": self.overlap,
            "similar": self.num_similar,
        }
        return min(everything, num_photos * partners[self.strategy])


class MatchOptions(_Stage):
    """How keypoints of two photos become matches."""

    matcher: Matcher = "mutual_nearest"
    glance_keypoints: int = Field(
        default=1024,
        ge=0,
        description="Of each photo, the strongest, which are compared first.",
    )
    glance_agreement: int = Field(
        default=6,
        ge=0,
        description="A pair is compared in full where so many of the strongest lie in the same"
        " arrangement; 0: all pairs are.",
    )
    min_agreement: int = Field(
        default=12,
        ge=0,
        description="And is verified where so many of all matches do; 0: all pairs are.",
    )
    enough_partners: int = Field(
        default=8,
        ge=0,
        description="Two photos that have so many strong partners in common are not compared"
        " themselves; 0: all pairs are.",
    )
    strong_agreement: int = Field(
        default=60, ge=1, description="A pair is strong from so many matches in one arrangement on."
    )
    max_ratio: float = Field(
        default=0.85,
        gt=0,
        le=1,
        description="mutual_nearest: best over second-best descriptor distance (Lowe 2004).",
    )
    min_score: float = Field(
        default=0.1, ge=0, le=1, description="lightglue: smallest assignment score of a match."
    )


class VerificationOptions(_Stage):
    """Which matches agree with one camera motion."""

    max_error_px: float = Field(
        default=4.0, gt=0, description="RANSAC threshold, pixels of the photo."
    )
    min_num_inliers: int = Field(default=15, ge=8)


class SecondLookOptions(_Stage):
    """Leftovers of mapping are compared again, with learned features and LightGlue."""

    max_partners: int = Field(
        default=4, ge=0, description="Photos that each is compared with; 0: no second look."
    )
    extractor: Literal["aliked-n16", "aliked-n16rot", "aliked-n32"] = "aliked-n16"
    max_keypoints: int = Field(default=2048, ge=64, le=32768)
    long_side_px: int = Field(default=1024, ge=160, le=8192)
    min_score: float = Field(
        default=0.1, ge=0, le=1, description="Smallest LightGlue score of a match."
    )


class MappingOptions(_Stage):
    """How verified matches become cameras and points."""

    mapper: Mapper = "incremental"
    min_model_size: int = Field(
        default=3, ge=2, description="Models of fewer photos are not reported."
    )
    refine_principal_point: bool = Field(
        default=True,
        description="One last adjustment that also moves the principal point, and bends the lens"
        " in a second way, of every camera that enough photos constrain.",
    )
    upright: bool = Field(
        default=True,
        description="The model's +Z is up, as the cameras were held, and its origin lies amid its"
        " points; otherwise both are COLMAP's.",
    )


class CloudOptions(_Stage):
    """How the model's points become the cloud that people look at."""

    min_track_length: int = Field(
        default=2, ge=2, description="Points that fewer photos see are left out."
    )
    max_error_px: float = Field(
        default=4.0, gt=0, description="Points with a larger mean reprojection error are left out."
    )
    outlier_neighbours: int = Field(
        default=16, ge=2, description="Neighbours that a point's isolation is judged by."
    )
    outlier_sigmas: float = Field(
        default=3.0,
        gt=0,
        description="Points farther from their neighbours than this many deviations are left out.",
    )
    voxel_size: float = Field(
        default=0.02,
        ge=0,
        description="Edge of the cells of which one point each is kept, in model units (COLMAP"
        " scales a model to about ten units); 0 keeps all.",
    )
    max_points: int = Field(default=500_000, ge=1)


class DenseOptions(_Stage):
    """How placed photos become a cloud of every surface that they show."""

    enabled: bool = Field(default=False, description="Otherwise the sparse points are the cloud.")
    long_side_px: int = Field(
        default=1000,
        ge=160,
        le=4096,
        description="Photos are shrunk, never enlarged, to this long side before they are matched.",
    )
    num_neighbours: int = Field(
        default=3, ge=1, le=16, description="Photos that each is matched with, or a few more."
    )
    min_views: int = Field(
        default=3,
        ge=2,
        le=16,
        description="A point stays where so many photos agree on it; one fewer where it carries on"
        " a surface of such points.",
    )
    voxel_size: float = Field(
        default=0.0,
        ge=0,
        description="Edge of the cells of which one point each is kept, in model units; 0 keeps"
        " all.",
    )
    max_points: int = Field(default=2_000_000, ge=1)
    mesh_max_triangles: int = Field(
        default=500_000,
        ge=0,
        description="The mesh has about so many, or fewer; 0: there is none.",
    )
    hold_out: tuple[str, ...] = Field(
        default=(),
        strict=False,
        description="Names of photos that the dense stage must not see; their poses stay.",
    )
    time_budget_s: float = Field(
        default=3600.0,
        gt=0,
        description="No further photos are matched after this long; what there is becomes the"
        " cloud.",
    )
    memory_budget_mib: int = Field(
        default=1500, ge=256, description="Fewer photos are worked on at once where it is small."
    )


class ReconstructionOptions(_Stage):
    """All stages. Two runs with equal options, photos, weights and versions do the same work."""

    photos: PhotoOptions = PhotoOptions()
    features: FeatureOptions = FeatureOptions()
    pairs: PairOptions = PairOptions()
    matching: MatchOptions = MatchOptions()
    verification: VerificationOptions = VerificationOptions()
    mapping: MappingOptions = MappingOptions()
    second_look: SecondLookOptions = SecondLookOptions()
    cloud: CloudOptions = CloudOptions()
    dense: DenseOptions = DenseOptions()
    seed: int = Field(default=0, ge=0, le=2**31 - 1)

    @model_validator(mode="after")
    def _matcher_fits_extractor(self) -> Self:
        matcher, extractor = self.matching.matcher, self.features.extractor
        if matcher == "lightglue" and extractor not in LIGHTGLUE_EXTRACTORS:
            raise ValueError(f"matching.matcher: lightglue has no weights for {extractor}")
        return self

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Raises: OptionsInvalid, naming every key and, for a misspelt one, the nearest known."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise OptionsInvalid(problem_sentences(cls, error)) from error

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `from_dict` is its inverse."""
        return self.model_dump(mode="json")

    def fingerprint(self) -> str:
        """16 hex digits; stable over processes, changes with any value or OPTIONS_VERSION."""
        content = json.dumps([OPTIONS_VERSION, self.to_dict()], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def merged(self, overrides: Mapping[str, Any]) -> Self:
        """A copy in which `overrides`, nested like `to_dict`, win.

        Raises: OptionsInvalid.
        """
        values = self.to_dict()
        for stage, changes in overrides.items():
            if isinstance(values.get(stage), dict) and isinstance(changes, Mapping):
                values[stage] = {**values[stage], **changes}
            else:
                values[stage] = changes
        return self.from_dict(values)


def problem_sentences(root: type[BaseModel], error: ValidationError) -> list[str]:
    """One for every key that is wrong; a misspelt one comes with the nearest known."""
    return [_sentence(root, problem) for problem in error.errors()]


def _sentence(root: type[BaseModel], problem: Any) -> str:
    path = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        nearest = get_close_matches(path, list(_paths(root)), n=1)
        return f"{path}: unknown option" + (f"; did you mean {nearest[0]}?" if nearest else "")
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{path}: {message}" if path else message


def _paths(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield prefix + name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _paths(field.annotation, f"{prefix}{name}.")
