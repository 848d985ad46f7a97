import re

import pytest

from scene3d.engine.errors import OptionsInvalid
from scene3d.engine.options import DenseOptions, FeatureOptions, MatchOptions, ReconstructionOptions
from scene3d.engine.presets import (
    DEFAULT_PRESET,
    PRESETS,
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
    dense = DenseOptions(enabled=True, num_neighbours=5)
    assert STANDARD.options == ReconstructionOptions(dense=dense)  # stored options have none


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


@every_preset
def test_the_same_extractor_changes_nothing(preset: Preset) -> None:
    assert with_extractor(preset.options, "sift") is preset.options
    learned = with_extractor(preset.options, "aliked")
    assert with_extractor(learned, "aliked-n16") is learned


def test_sift_brings_its_own_ratio_and_size() -> None:
    learned = with_extractor(THOROUGH.options.merged({"seed": 3}), "aliked")
    options = with_extractor(learned, "sift")
    assert options.features == STANDARD.options.features
    assert options.matching == STANDARD.options.matching
    assert options.seed == 3


@every_preset
def test_aliked_is_matched_as_networks_are_and_looks_once(preset: Preset) -> None:
    options = with_extractor(preset.options, "aliked-n32")
    assert options.features == FeatureOptions(
        extractor="aliked-n32", max_keypoints=4096, long_side_px=1024
    )
    assert options.matching == MatchOptions(max_ratio=0.95)
    assert options.pairs == preset.options.pairs
    assert [entry.name for entry in weights_needed(options)] == ["aliked-n32"]


def test_an_unknown_extractor_is_named() -> None:
    with pytest.raises(OptionsInvalid, match=r"^features\.extractor: ") as refused:
        with_extractor(STANDARD.options, "superpoint")
    assert refused.value.code == "options_invalid"
