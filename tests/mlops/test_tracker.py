"""What a record becomes: MLflow's own rules are the judge of names and lengths."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.utils import validation

from mlops.tracker import (
    MAX_NAME_LENGTH,
    MAX_PARAM_LENGTH,
    MAX_TAG_LENGTH,
    NON_FINITE_TAG,
    Artifact,
    MetricPoint,
    RunRecord,
    cut,
    flatten,
    run_content,
    safe_names,
)

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
NAN, INFINITY = float("nan"), float("inf")
PATHS = st.lists(st.text(max_size=12), min_size=1, max_size=3).map(tuple)
AWKWARD = st.lists(
    st.sampled_from(
        ["", ".", "..", "/", "//a", "a/../b", "...", "a.", "°", "a\n", "\0", "x" * 300]
    ),
    min_size=1,
    max_size=3,
).map(tuple)


def record(**fields: Any) -> RunRecord:
    return RunRecord(key="a", name="A", **{"started": NOON, "ended": NOON, **fields})


def test_the_limits_are_those_of_the_installed_mlflow() -> None:
    assert MAX_NAME_LENGTH == validation.MAX_ENTITY_KEY_LENGTH
    assert MAX_PARAM_LENGTH == validation.MAX_PARAM_VAL_LENGTH
    assert MAX_TAG_LENGTH == validation.MAX_TAG_VAL_LENGTH


@given(st.lists(PATHS | AWKWARD, unique=True))
def test_every_name_is_taken_and_none_twice(paths: list[tuple[str, ...]]) -> None:
    names = safe_names(paths)
    assert list(names) == paths
    assert len(set(names.values())) == len(paths)
    for name in names.values():
        validation._validate_param_name(name)
        validation._validate_metric_name(name)
        validation._validate_tag_name(name)
        assert 1 <= len(name) <= MAX_NAME_LENGTH


@given(st.lists(PATHS | AWKWARD, unique=True))
def test_names_do_not_depend_on_the_order(paths: list[tuple[str, ...]]) -> None:
    assert safe_names(reversed(paths)) == safe_names(paths)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (("mapping", "min_inliers"), "mapping.min_inliers"),
        (("mAA@1°",), "mAA_1_"),
        (("castle P19/mAA 1:2",), "castle P19/mAA 1:2"),
        (("Überblick",), "Überblick"),
        (("/etc//passwd",), "etc/passwd"),
        (("../up",), "_/up"),
        (("",), "_"),
    ],
)
def test_a_name_stays_as_it_is_where_it_can(path: tuple[str, ...], name: str) -> None:
    assert safe_names([path]) == {path: name}


def test_two_that_would_get_one_name_are_marked() -> None:
    names = safe_names([("mAA@1",), ("mAA°1",), ("a", "b"), ("a.b",), ("c",)])
    assert names.pop(("c",)) == "c"
    assert sorted(name[:-8] for name in names.values()) == ["a.b-", "a.b-", "mAA_1-", "mAA_1-"]


def test_params_are_flat() -> None:
    nested = {
        "preset": "quick",
        "sift": {"size": 1024, "deep": {"er": True}},
        "seeds": [0, 1],
        "none": None,
        "empty": {},
        "path": Path("/data"),
        3: 0.5,
    }
    assert flatten(nested) == {  # type: ignore[arg-type]  # specs from YAML have such keys
        "preset": "quick",
        "sift.size": "1024",
        "sift.deep.er": "true",
        "seeds": "[0, 1]",
        "none": "null",
        "empty": "{}",
        "path": '"/data"',
        "3": "0.5",
    }


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: st.dictionaries(st.text(max_size=5), inner, min_size=1, max_size=4),
        max_leaves=12,
    )
)
def test_no_leaf_is_lost(value: Any) -> None:
    def count(node: Any) -> int:
        return sum(map(count, node.values())) if isinstance(node, dict) else 1

    assert len(flatten({"top": value})) == count(value)


@given(st.text(), st.integers(min_value=2, max_value=30))
def test_a_cut_text_fits_and_can_be_stored(text: str, max_length: int) -> None:
    short = cut(text, max_length)
    short.encode()
    assert "\0" not in short
    assert len(short) <= max_length
    if len(text) <= max_length and "\0" not in text:
        assert short == text
    if len(text.replace("\0", "")) > max_length:
        assert short.endswith("…")


def test_what_no_database_keeps_goes() -> None:
    assert cut("a\0b\ud800c", 10) == "ab?c"


def test_long_values_are_cut_to_the_limit() -> None:
    content = run_content(record(params={"p": "x" * 7000}, tags={"t": "y" * 9000}))
    assert content.params == {"p": "x" * (MAX_PARAM_LENGTH - 1) + "…"}
    assert content.tags["t"] == "y" * (MAX_TAG_LENGTH - 1) + "…"


def test_metrics_have_points_and_the_time_of_the_end() -> None:
    content = run_content(
        record(
            metrics={"mAA": 0.5, "loss": [(3, 2), (7, 1.5)]}, ended=NOON + timedelta(seconds=1.5)
        )
    )
    assert content.metrics == {
        "mAA": [MetricPoint("mAA", 0, 0.5)],
        "loss": [MetricPoint("loss", 3, 2.0), MetricPoint("loss", 7, 1.5)],
    }
    assert content.time_ms == int(NOON.timestamp()) * 1000 + 1500
    assert content.tags[NON_FINITE_TAG] == ""


def test_what_is_not_finite_is_dropped_and_named() -> None:
    content = run_content(record(metrics={"mAA": NAN, "loss": [(0, 1.0), (4, -INFINITY)]}))
    assert content.metrics == {"mAA": [], "loss": [MetricPoint("loss", 0, 1.0)]}
    assert content.tags[NON_FINITE_TAG] == "mAA (step 0: nan), loss (step 4: -inf)"


def test_times_may_be_given_in_any_zone() -> None:
    there = NOON.astimezone(timezone(timedelta(hours=9)))
    assert run_content(record(ended=there)) == run_content(record(ended=NOON))


@pytest.mark.parametrize(
    "fields",
    [
        {"key": ""},
        {"parent": "a"},
        {"status": "running"},
        {"ended": None},
        {"started": NOON.replace(tzinfo=None)},
        {"ended": NOON.replace(tzinfo=None)},
    ],
)
def test_an_impossible_record_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^(a|) ?"):
        RunRecord(**{"key": "a", "name": "A", "started": NOON, "ended": NOON, **fields})


@pytest.mark.parametrize("folder", ["/abs", "a/", "a//b", ".", "..", "a/../b", "./a"])
def test_an_impossible_folder_is_refused(folder: str) -> None:
    with pytest.raises(ValueError, match=r"is no folder of a run$"):
        Artifact(Path("x"), folder)


def test_a_running_run_has_no_end() -> None:
    assert run_content(record(status="running", ended=None)).time_ms == NOON.timestamp() * 1000


def test_points_are_json() -> None:
    """The ledger keeps a hash of their JSON."""
    [point] = run_content(record(metrics={"m": 1})).metrics["m"]
    assert json.dumps([point.step, point.value]) == "[0, 1.0]"
