"""What differs between options, and that nothing else does."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mlops.differences import differences, engines_options, flattened
from scene3d.engine.public import PRESETS, ReconstructionOptions

VALUES = st.one_of(st.booleans(), st.integers(), st.sampled_from(["sift", "auto"]), st.none())
STAGES = st.dictionaries(
    st.sampled_from("abc"), st.one_of(VALUES, st.dictionaries(st.sampled_from("xyz"), VALUES))
)


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for name, value in changes.items():
        is_stage = isinstance(value, dict) and isinstance(result.get(name), dict)
        result[name] = {**result[name], **value} if is_stage else value
    return result


@given(base=STAGES, changes=STAGES)
def test_they_are_all_that_it_takes(base: dict[str, Any], changes: dict[str, Any]) -> None:
    options = merged(base, changes)
    found = differences(options, base)
    assert merged(base, found) == options
    assert differences(options, options) == {}


def test_of_one_preset_to_another() -> None:
    quick, standard = (PRESETS[name].options.to_dict() for name in ("quick", "standard"))
    found = differences(quick, standard)
    assert found == {
        "features": {"long_side_px": 1024},
        "second_look": {"max_partners": 0},
        "dense": {"enabled": False, "num_neighbours": 3},
    }
    assert dict(flattened(found)) == {
        "features.long_side_px": 1024, "second_look.max_partners": 0, "dense.enabled": False,
        "dense.num_neighbours": 3,
    }  # fmt: skip


def test_a_preset_that_is_gone_has_no_options() -> None:
    assert engines_options("gone") == {}
    assert ReconstructionOptions.from_dict(engines_options("quick")) == PRESETS["quick"].options
