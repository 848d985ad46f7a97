import json
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from scene3d.engine import options as options_module
from scene3d.engine.errors import OptionsInvalid
from scene3d.engine.options import (
    EXTRACTOR_ALIASES,
    LIGHTGLUE_EXTRACTORS,
    Extractor,
    ReconstructionOptions,
)

DEFAULT = ReconstructionOptions()


def leaves(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, FieldInfo]]:
    """Dotted path and definition of every single option."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from leaves(field.annotation, (*path, name))
        else:
            yield ".".join((*path, name)), field


LEAVES = dict(leaves(ReconstructionOptions))
LEARNED = DEFAULT.merged({"features": {"extractor": "aliked-n16"}})


def another_value(field: FieldInfo) -> Any:
    """A permitted value that is not the default."""
    if get_origin(field.annotation) is Literal:
        return next(value for value in get_args(field.annotation) if value != field.default)
    if field.annotation is bool:
        return not field.default
    if field.annotation == tuple[str, ...]:
        return ["a photo.jpg"]
    return field.default + 1 if field.annotation is int else field.default * 0.75 or 0.5


def nested(path: str, value: Any) -> dict[str, Any]:
    stage, _, name = path.partition(".")
    return {stage: {name: value}} if name else {stage: value}


def problems(values: dict[str, Any]) -> list[str]:
    with pytest.raises(OptionsInvalid) as refused:
        ReconstructionOptions.from_dict(values)
    found: list[str] = refused.value.evidence["problems"]
    return found


def test_every_stage_has_options() -> None:
    assert len(LEAVES) > 15
    assert {path.partition(".")[0] for path in LEAVES} == set(DEFAULT.to_dict())


@pytest.mark.parametrize("path", LEAVES)
def test_every_option_survives_the_round_trip_and_changes_the_fingerprint(path: str) -> None:
    base = LEARNED if path == "matching.matcher" else DEFAULT
    changed = base.merged(nested(path, another_value(LEAVES[path])))
    assert changed != base
    assert changed.fingerprint() != base.fingerprint()
    assert ReconstructionOptions.from_dict(json.loads(json.dumps(changed.to_dict()))) == changed


def test_the_fingerprint_is_the_same_everywhere() -> None:
    """A new literal here makes every earlier result look like one of other options."""
    assert DEFAULT.fingerprint() == "2d61f61a4866d8bf"


def test_the_fingerprint_knows_nothing_of_the_order_of_keys() -> None:
    backwards = {
        stage: dict(reversed(values.items())) if isinstance(values, dict) else values
        for stage, values in reversed(DEFAULT.to_dict().items())
    }
    assert ReconstructionOptions.from_dict(backwards).fingerprint() == DEFAULT.fingerprint()


def test_the_version_changes_the_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    before = DEFAULT.fingerprint()
    monkeypatch.setattr(options_module, "OPTIONS_VERSION", options_module.OPTIONS_VERSION + 1)
    assert DEFAULT.fingerprint() != before


@settings(max_examples=60, derandomize=True)
@given(
    options=st.builds(
        ReconstructionOptions,
        photos=st.builds(
            options_module.PhotoOptions, max_megapixels=st.floats(1e-6, 1e6, exclude_min=True)
        ),
        features=st.builds(options_module.FeatureOptions, max_keypoints=st.integers(64, 32768)),
        matching=st.builds(options_module.MatchOptions, min_score=st.floats(0, 1)),
        seed=st.integers(0, 2**31 - 1),
    )
)
def test_json_carries_every_digit(options: ReconstructionOptions) -> None:
    text = json.dumps(options.to_dict(), allow_nan=False)
    returned = ReconstructionOptions.from_dict(json.loads(text))
    assert returned == options
    assert returned.fingerprint() == options.fingerprint()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"feature": {}}, "feature: unknown option; did you mean features?"),
        (
            {"features": {"max_keypoint": 1}},
            "features.max_keypoint: unknown option; did you mean features.max_keypoints?",
        ),
        ({"sede": 1}, "sede: unknown option; did you mean seed?"),
        (
            {"mapping": {"maper": "global"}},
            "mapping.maper: unknown option; did you mean mapping.mapper?",
        ),
        ({"qqqqqq": 1}, "qqqqqq: unknown option"),
    ],
)
def test_a_misspelt_option_is_named_with_the_nearest(values: dict[str, Any], sentence: str) -> None:
    assert problems(values) == [sentence]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("features.max_keypoints", "4096"),
        ("features.max_keypoints", 4096.0),
        ("features.max_keypoints", True),
        ("features.max_keypoints", None),
        ("mapping.refine_principal_point", 1),
        ("mapping.refine_principal_point", "yes"),
        ("matching.max_ratio", "0.9"),
        ("matching.max_ratio", True),
        ("pairs.strategy", "all"),
        ("features.extractor", "SIFT"),
        ("features", []),
        ("photos", "good"),
        ("cloud", None),
        ("seed", 0.0),
    ],
)
def test_values_of_another_type_are_refused(path: str, value: Any) -> None:
    [sentence] = problems(nested(path, value))
    assert sentence.startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("path", "inside", "outside"),
    [
        ("photos.max_megapixels", [1e-3, 1e5], [0.0, -1.0, float("inf"), float("nan")]),
        ("features.max_keypoints", [64, 32768], [63, 32769]),
        ("features.long_side_px", [160, 8192], [159, 8193]),
        ("pairs.overlap", [1], [0]),
        ("matching.max_ratio", [1e-6, 1.0], [0.0, 1.001]),
        ("matching.min_score", [0.0, 1.0], [-0.001, 1.001]),
        ("verification.max_error_px", [0.1], [0.0, float("inf")]),
        ("verification.min_num_inliers", [8], [7]),
        ("mapping.min_model_size", [2], [1]),
        ("cloud.min_track_length", [2], [1]),
        ("cloud.outlier_neighbours", [2], [1]),
        ("cloud.outlier_sigmas", [0.1], [0.0]),
        ("cloud.voxel_size", [0.0], [-0.1, float("nan")]),
        ("cloud.max_points", [1], [0]),
        ("seed", [0, 2**31 - 1], [-1, 2**31]),
    ],
)
def test_ranges_include_their_ends_and_nothing_more(
    path: str, inside: list[float], outside: list[float]
) -> None:
    for value in inside:
        DEFAULT.merged(nested(path, value))
    for value in outside:
        [sentence] = problems(nested(path, value))
        assert sentence.startswith(f"{path}: ")


def test_every_problem_is_named_at_once() -> None:
    found = problems({"seed": -1, "features": {"max_keypoints": 1, "extractor": "orb"}})
    assert [sentence.partition(":")[0] for sentence in found] == [
        "features.extractor",
        "features.max_keypoints",
        "seed",
    ]


def test_options_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        DEFAULT.features.max_keypoints = 64


def test_merged_changes_what_is_named_and_nothing_else() -> None:
    merged = DEFAULT.merged({"features": {"max_keypoints": 100}, "seed": 5})
    expected = DEFAULT.to_dict()
    expected["features"]["max_keypoints"] = 100
    expected["seed"] = 5
    assert merged.to_dict() == expected
    assert DEFAULT.features.max_keypoints != 100


def test_merged_with_nothing_is_equal() -> None:
    assert DEFAULT.merged({}) == DEFAULT
    assert DEFAULT.merged({"features": {}}) == DEFAULT


@pytest.mark.parametrize("overrides", [{"faetures": {}}, {"features": None}, {"features": 3}])
def test_merged_is_as_strict_as_from_dict(overrides: dict[str, Any]) -> None:
    with pytest.raises(OptionsInvalid):
        DEFAULT.merged(overrides)


@pytest.mark.parametrize("extractor", get_args(Extractor))
def test_lightglue_is_offered_where_it_has_weights(extractor: Extractor) -> None:
    values = {"features": {"extractor": extractor}, "matching": {"matcher": "lightglue"}}
    if extractor in {"sift", "aliked-t16"}:
        assert problems(values) == [f"matching.matcher: lightglue has no weights for {extractor}"]
    else:
        assert ReconstructionOptions.from_dict(values).features.extractor in LIGHTGLUE_EXTRACTORS


def test_aliases_are_no_extractors_and_mean_one() -> None:
    assert not set(EXTRACTOR_ALIASES) & set(get_args(Extractor))
    assert set(EXTRACTOR_ALIASES.values()) <= set(get_args(Extractor))
