"""Named options in plain words, each with its licence and what it costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from scene3d.engine.options import (
    EXTRACTOR_ALIASES,
    DenseOptions,
    FeatureOptions,
    MatchOptions,
    PairOptions,
    ReconstructionOptions,
    SecondLookOptions,
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


LEARNED_FEATURES = {"max_keypoints": 4096, "long_side_px": 1024}
LEARNED_MATCHING = MatchOptions(max_ratio=0.95)
NO_SECOND_LOOK = SecondLookOptions(max_partners=0)

QUICK = Preset(
    name="quick",
    title="Quick",
    purpose="A first look, in the time it takes to get a coffee. Best with sharp photos taken"
    " close to each other.",
    cost="The fastest; no graphics card needed.",
    licence="BSD-3-Clause (COLMAP)",
    options=ReconstructionOptions(
        features=FeatureOptions(long_side_px=1024), second_look=NO_SECOND_LOOK
    ),
)

STANDARD = Preset(
    name="standard",
    title="Standard",
    purpose="The right choice for most photos: more detail than Quick, and a second look with"
    " learned features at every photo that would be left out, and surfaces where Quick has single"
    " points.",
    cost="About three times the time of Quick, more where photos are hard to place.",
    licence="BSD-3-Clause (COLMAP, ALIKED), Apache-2.0 (LightGlue)",
    options=ReconstructionOptions(dense=DenseOptions(enabled=True, num_neighbours=5)),
)

THOROUGH = Preset(
    name="thorough",
    title="Thorough",
    purpose="For difficult photos, or when every millimetre counts: fine details, more"
    " comparisons, and a longer second look.",
    cost="Half as long again as Standard, longer where photos are hard to place.",
    licence="BSD-3-Clause (COLMAP, ALIKED), Apache-2.0 (LightGlue)",
    options=ReconstructionOptions(
        features=FeatureOptions(max_keypoints=8192, long_side_px=2048),
        pairs=PairOptions(num_similar=30, overlap=10),
        matching=MatchOptions(enough_partners=0),
        second_look=SecondLookOptions(max_partners=12),
        dense=DenseOptions(enabled=True, long_side_px=1280, num_neighbours=6),
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
                "features": STANDARD.options.features.model_dump(),
                "matching": STANDARD.options.matching.model_dump(),
            }
        )
    return options.merged(
        {
            "features": {"extractor": extractor, **LEARNED_FEATURES},
            "matching": LEARNED_MATCHING.model_dump(),
            "second_look": {"max_partners": 0},
        }
    )
