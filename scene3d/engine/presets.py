"""Named options in plain words, each with its licence and what it costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from scene3d.engine.options import (
    EXTRACTOR_ALIASES,
    LIGHTGLUE_EXTRACTORS,
    FeatureOptions,
    MatchOptions,
    ReconstructionOptions,
)


@dataclass(frozen=True, kw_only=True)
class Preset:
    """One way to reconstruct that a person can choose by its description."""

    name: str
    title: str
    purpose: str
    """For whom and for what, in words that a photographer uses."""
    cost: str
    """What it takes, relative to the other presets."""
    licence: str
    """Of the networks whose weights it uses."""
    options: ReconstructionOptions


SIFT_MATCHING = MatchOptions(max_ratio=0.85)
SIFT_LONG_SIDE_PX = 1600

QUICK = Preset(
    name="quick",
    title="Quick",
    purpose="A first look, in the time it takes to get a coffee. Best with sharp photos taken"
    " close to each other.",
    cost="The fastest; no graphics card needed.",
    licence="BSD-3-Clause (COLMAP)",
    options=ReconstructionOptions(
        features=FeatureOptions(extractor="sift", max_keypoints=4096, long_side_px=1024),
        matching=SIFT_MATCHING,
    ),
)

STANDARD = Preset(
    name="standard",
    title="Standard",
    purpose="The right choice for most photos: copes with changing light, different cameras and"
    " wider steps between positions.",
    cost="About three times the time of Quick without a graphics card.",
    licence="BSD-3-Clause (COLMAP, ALIKED)",
    options=ReconstructionOptions(),
)

THOROUGH = Preset(
    name="thorough",
    title="Thorough",
    purpose="For difficult photos: little overlap, few details, or a result that Standard left"
    " incomplete.",
    cost="Three times the time of Standard for ten photos, ten times for fifty, without a"
    " graphics card.",
    licence="BSD-3-Clause (COLMAP, ALIKED), Apache-2.0 (LightGlue)",
    options=ReconstructionOptions(
        features=FeatureOptions(extractor="aliked-n16", max_keypoints=2048, long_side_px=1600),
        matching=MatchOptions(matcher="lightglue"),
    ),
)

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {preset.name: preset for preset in (QUICK, STANDARD, THOROUGH)}
)
DEFAULT_PRESET = STANDARD.name


def with_extractor(options: ReconstructionOptions, name: str) -> ReconstructionOptions:
    """The same options with other features, and with the matching that suits them.

    Args:
        name: an extractor or one of its aliases.
    Raises:
        OptionsInvalid: no such extractor.
    """
    extractor: str = EXTRACTOR_ALIASES.get(name, name)
    if extractor == options.features.extractor:
        return options
    if extractor == "sift":
        return options.merged(
            {
                "features": {"extractor": extractor, "long_side_px": SIFT_LONG_SIDE_PX},
                "matching": SIFT_MATCHING.model_dump(),
            }
        )
    keeps_matcher = extractor in LIGHTGLUE_EXTRACTORS
    matching = MatchOptions(matcher=options.matching.matcher) if keeps_matcher else MatchOptions()
    return options.merged({"features": {"extractor": extractor}, "matching": matching.model_dump()})
