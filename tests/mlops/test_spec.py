from pathlib import Path
from typing import Any

import pytest

from mlops.search import Searcher
from mlops.spec import SpecInvalid, read_spec, spec_from
from mlops.trials import Search
from scene3d.engine.public import PRESETS

ONE_TRIAL = {"fixed": [{"name": "more", "options": {"features": {"max_keypoints": 8192}}}]}
SMALL = {"name": "small", "trials": ONE_TRIAL}


def test_a_spec_survives_its_own_yaml(tmp_path: Path) -> None:
    spec = spec_from({**SMALL, "seeds": [3, 1], "gates": {"min_gain": 1}})
    (tmp_path / "params.yaml").write_text(spec.to_yaml())
    assert read_spec(tmp_path / "params.yaml") == spec
    assert spec.seeds == [3, 1]
    assert spec.gates.min_gain == 1.0


def test_the_spec_at_the_root_is_a_good_one() -> None:
    spec = read_spec(Path(__file__).parents[2] / "params.yaml")
    assert [trial.name for trial in spec.trials.plans()] == ["larger-photos"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "name: "),
        ({"gatez": {}}, "gatez: unknown option; did you mean gates?"),
        ({"gates": {"min_gian": 1}}, "gates.min_gian: unknown option; did you mean gates.min_gain"),
        ({"trials": {}}, "nothing to try"),
        ({"trials": {"fixed": []}}, "nothing to try"),
        ({"trials": {"fixed": [{"name": "a b"}]}}, "trials.fixed.0.name"),
        ({"trials": {"fixed": [{"name": "../a"}]}}, "trials.fixed.0.name"),
        ({"trials": {"fixed": [{"name": "champion"}]}}, "champion is the name of what is served"),
        ({"trials": {"fixed": [{"name": "a"}, {"name": "a"}]}}, "a is there twice"),
        ({"trials": {"fixed": [{"name": "a", "options": {"featurez": {}}}]}}, "featurez"),
        ({"trials": {"grid": {"features.max_keypoints": [1]}}}, "features.max_keypoints"),
        ({"trials": {"preset": "slow", **ONE_TRIAL}}, "trials.preset"),
        ({"seeds": []}, "seeds"),
        ({"seeds": [1, 1]}, "one is there twice"),
        ({"seeds": ["1"]}, "seeds.0"),
        ({"trials": {"search": {"space": {}}}}, "trials.search.space"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecInvalid) as caught:
        spec_from({**SMALL, **changes})
    assert words in caught.value.message


@pytest.mark.parametrize("content", ["", "- a\n", "name: [", "\0", "name: 2026-01-01\n"])
def test_what_is_no_spec_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(content)
    with pytest.raises(SpecInvalid):
        read_spec(tmp_path / "spec.yaml")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecInvalid, match="not there"):
        read_spec(tmp_path / "none.yaml")


def test_a_grid_is_every_combination() -> None:
    grid = {"features.max_keypoints": [1000, 2000], "matching.max_ratio": [0.8, 0.9]}
    plans = spec_from({"name": "grid", "trials": {"preset": "quick", "grid": grid}}).trials.plans()
    assert [plan.name for plan in plans] == [
        "max_keypoints=1000,max_ratio=0.8",
        "max_keypoints=1000,max_ratio=0.9",
        "max_keypoints=2000,max_ratio=0.8",
        "max_keypoints=2000,max_ratio=0.9",
    ]
    assert plans[1].options.matching.max_ratio == 0.9
    assert plans[1].options.features.long_side_px == 1024


def test_the_champion_is_what_is_served_or_the_engines_own() -> None:
    spec = spec_from(SMALL)
    assert spec.champion_plan.options == PRESETS["standard"].options
    served = PRESETS["standard"].options.merged({"features": {"max_keypoints": 5000}})
    assert spec.with_champion(served.to_dict(), "code").champion_plan.options == served


def test_a_search_is_repeatable_and_follows_its_scores() -> None:
    """The score is best at a ratio of 0.7; later trials lie closer to it."""

    def ratios() -> list[float]:
        search = Search.model_validate_json(
            '{"num_trials": 30, "space": {"matching.max_ratio": {"low": 0.5, "high": 1.0}}}'
        )
        searcher, found = Searcher(search, "quick"), []
        for position in range(search.num_trials):
            asked, trial = searcher.ask(position)
            found.append(trial.options.matching.max_ratio)
            searcher.tell(asked, -abs(found[-1] - 0.7))
        return found

    first = ratios()
    assert first == ratios()
    assert len(set(first)) == 30
    misses = [abs(ratio - 0.7) for ratio in first]
    assert sum(misses[20:]) < 0.75 * sum(misses[:10])
