"""Presets as the operator offers them."""

import importlib
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from jobs.models import Preset
from jobs.presets import choose_preset, default_preset, effective_options, offered_presets
from scene3d.engine.public import PRESETS, OptionsInvalid

pytestmark = pytest.mark.django_db


def names(presets: list[Preset]) -> list[str]:
    return [preset.name for preset in presets]


def test_a_new_server_offers_the_engines_presets() -> None:
    rows = Preset.objects.values_list("name", "base", "is_default", "is_enabled", "position")
    assert list(rows) == [
        ("quick", "quick", False, True, 0),
        ("standard", "standard", True, True, 1),
        ("thorough", "thorough", False, True, 2),
    ]
    assert set(PRESETS) == {"quick", "standard", "thorough"}


def test_the_migration_can_be_taken_back() -> None:
    migration = importlib.import_module("jobs.migrations.0002_presets")
    Preset.objects.create(name="own", base="quick")
    migration.remove_presets(apps, None)
    assert names(list(Preset.objects.all())) == ["own"]
    migration.add_presets(apps, None)
    assert names(list(Preset.objects.all())) == ["own", "quick", "standard", "thorough"]


@pytest.mark.parametrize("base", PRESETS)
def test_empty_words_are_the_engines(base: str) -> None:
    preset, engines = Preset(name="x", base=base), PRESETS[base]
    assert (preset.title, preset.purpose, preset.cost, preset.licence) == (
        engines.title, engines.purpose, engines.cost, engines.licence,
    )  # fmt: skip
    assert str(preset) == engines.title


def test_own_words_win_but_the_licence_stays() -> None:
    preset = Preset(base="quick", own_title="T", own_purpose="P", own_cost="C")
    assert (preset.title, preset.purpose, preset.cost) == ("T", "P", "C")
    assert preset.licence == PRESETS["quick"].licence


def test_what_is_disabled_cannot_be_chosen() -> None:
    Preset.objects.filter(name="quick").update(is_enabled=False)
    assert names(offered_presets()) == ["standard", "thorough"]
    with pytest.raises(OptionsInvalid, match="'quick' is not offered; choose one of standard, tho"):
        choose_preset("quick")


@pytest.mark.parametrize("name", [None, ""])
def test_without_a_name_it_is_the_default(name: str | None) -> None:
    assert choose_preset(name).name == "standard"


def test_without_a_default_it_is_the_first() -> None:
    Preset.objects.update(is_default=False)
    assert default_preset().name == "quick"


def test_a_disabled_default_is_none() -> None:
    Preset.objects.filter(name="standard").update(is_enabled=False)
    assert default_preset().name == "quick"


@pytest.mark.parametrize("name", [None, "quick"])
def test_a_server_without_presets_says_so(name: str | None) -> None:
    Preset.objects.update(is_enabled=False)
    with pytest.raises(OptionsInvalid) as refused:
        choose_preset(name)
    assert refused.value.code == "options_invalid"


def test_there_is_one_default() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Preset.objects.filter(name="quick").update(is_default=True)


def test_later_choices_win(limits: Any) -> None:
    limits(max_points=1000)
    preset = Preset(base="quick", overrides={"seed": 3, "features": {"max_keypoints": 500}})
    options = effective_options(preset, {"seed": 4, "cloud": {"voxel_size": 0.5}})
    assert options == PRESETS["quick"].options.merged(
        {
            "seed": 4,
            "features": {"max_keypoints": 500},
            "cloud": {"max_points": 1000, "voxel_size": 0.5},
        }
    )
    assert options.features.extractor == "sift"


def test_a_wish_may_be_wrong() -> None:
    with pytest.raises(OptionsInvalid, match=r"features\.max_keypoint: unknown option"):
        effective_options(Preset(base="quick"), {"features": {"max_keypoint": 5}})


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"sed": 1}, "sed: unknown option; did you mean seed?."),
        ({"features": {"max_keypoints": 1}}, "features.max_keypoints: "),
        ({"matching": {"matcher": "lightglue"}}, "lightglue has no weights for sift"),
        ([1], "not a JSON object"),
        ("seed", "not a JSON object"),
        (3, "not a JSON object"),
    ],
)
def test_wrong_overrides_are_told_at_the_field(overrides: Any, message: str) -> None:
    preset = Preset(name="own", base="quick", overrides=overrides)
    with pytest.raises(ValidationError) as refused:
        preset.clean()
    assert message in refused.value.message_dict["overrides"][0]


@pytest.mark.parametrize(("given", "kept"), [({"seed": 1}, {"seed": 1}), ({}, {}), (None, {})])
def test_right_overrides_pass_and_an_emptied_box_is_none(given: Any, kept: Any) -> None:
    preset = Preset(name="own", base="quick", overrides=given)
    preset.full_clean()
    assert preset.overrides == kept


@pytest.mark.parametrize("base", ["", "best"])
def test_a_preset_without_a_base_is_told_at_the_field(base: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Preset(name="own", base=base).full_clean()
    assert list(refused.value.message_dict) == ["base"]
