import re

import pytest

from scene3d.engine.errors import OptionsInvalid
from scene3d.engine.options import MatchOptions, ReconstructionOptions
from scene3d.engine.presets import (
    DEFAULT_PRESET,
    PRESETS,
    QUICK,
    STANDARD,
    THOROUGH,
    Preset,
    with_extractor,
)
from scene3d.engine.weights import weights_needed

every_preset = pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)


def test_names_are_the_contract() -> None:
    assert list(PRESETS) == ["quick", "standard", "thorough"]
    assert {name: preset.name for name, preset in PRESETS.items()} == {
        name: name for name in PRESETS
    }
    assert DEFAULT_PRESET == "standard"
    assert STANDARD.options == ReconstructionOptions()


@every_preset
def test_the_licence_names_every_network_that_is_used_and_no_other(preset: Preset) -> None:
    networks = {"ALIKED": "aliked-n16", "LightGlue": "aliked-lightglue"}
    used = {entry.name: entry.licence for entry in weights_needed(preset.options)}
    for word, name in networks.items():
        assert (word in preset.licence) == (name in used)
    assert set(used) <= set(networks.values())
    assert all(licence in preset.licence for licence in used.values())
    assert "COLMAP" in preset.licence


@every_preset
def test_a_photographer_can_choose_by_the_words(preset: Preset) -> None:
    for sentence in (preset.purpose, preset.cost):
        assert re.fullmatch(r"[A-Z].{20,}\.", sentence)
    words = " ".join((preset.title, preset.purpose, preset.cost)).lower()
    assert not re.search(r"keypoint|descriptor|covisib|sift|aliked|gpu", words)


def test_presets_cannot_be_replaced() -> None:
    with pytest.raises(TypeError):
        PRESETS["quick"] = THOROUGH  # type: ignore[index]


@pytest.mark.parametrize("name", ["aliked", "aliked-n16"])
def test_the_same_extractor_changes_nothing(name: str) -> None:
    assert with_extractor(THOROUGH.options, name) is THOROUGH.options


def test_sift_brings_its_own_ratio_and_size() -> None:
    options = with_extractor(THOROUGH.options.merged({"seed": 3}), "sift")
    assert options.features.extractor == "sift"
    assert options.features.long_side_px == 1600
    assert options.features.max_keypoints == THOROUGH.options.features.max_keypoints
    assert options.matching == QUICK.options.matching
    assert options.seed == 3


def test_aliked_instead_of_sift_gets_the_matching_of_networks() -> None:
    options = with_extractor(QUICK.options, "aliked-n32")
    assert options.features.extractor == "aliked-n32"
    assert options.matching == MatchOptions()
    assert options.features.long_side_px == QUICK.options.features.long_side_px


def test_another_aliked_keeps_lightglue() -> None:
    options = with_extractor(THOROUGH.options, "aliked-n16rot")
    assert options.matching == THOROUGH.options.matching
    assert [entry.name for entry in weights_needed(options)] == [
        "aliked-n16rot",
        "aliked-lightglue",
    ]


def test_an_aliked_that_lightglue_does_not_know_is_matched_otherwise() -> None:
    options = with_extractor(THOROUGH.options, "aliked-t16")
    assert options.matching == MatchOptions()
    assert options.features.long_side_px == THOROUGH.options.features.long_side_px


def test_an_unknown_extractor_is_named() -> None:
    with pytest.raises(OptionsInvalid, match=r"^features\.extractor: ") as refused:
        with_extractor(STANDARD.options, "superpoint")
    assert refused.value.code == "options_invalid"
