"""What is believed of params.yaml."""

from pathlib import Path

import pytest

from mlops.params import ParamsInvalid, read_params
from mlops.stage_params import EdaParams, PreprocessParams


def written(folder: Path, text: str) -> Path:
    path = folder / "params.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "text", ["", "eda:\n", "eda: {}\n", "other: {unknown: 1}\n", "preprocess: {max_side_px: 999}\n"]
)
def test_a_section_that_says_nothing_means_the_defaults(tmp_path: Path, text: str) -> None:
    assert read_params(written(tmp_path, text), "eda", EdaParams) == EdaParams()


def test_no_file_means_the_defaults() -> None:
    assert read_params(None, "preprocess", PreprocessParams) == PreprocessParams()


def test_each_stage_reads_its_own_section(tmp_path: Path) -> None:
    path = written(tmp_path, "eda: {max_images: 7}\npreprocess: {max_side_px: 800}\nx: [1]\n")
    assert read_params(path, "eda", EdaParams) == EdaParams(max_images=7)
    found = read_params(path, "preprocess", PreprocessParams)
    assert found == PreprocessParams(max_side_px=800)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("eda: {max_image: 7}", "eda.max_image: unknown option; did you mean max_images?"),
        ("eda: {max_images: 2}", "eda.max_images: Input should be greater than or equal to 3"),
        ("eda: {max_images: '7'}", "eda.max_images: Input should be a valid integer"),
        ("eda: {max_images: true}", "eda.max_images: Input should be a valid integer"),
        ("eda: {max_images: 7.0}", "eda.max_images: Input should be a valid integer"),
        ("eda: [1, 2]", "eda is no mapping of parameters"),
        ("eda: 0", "eda is no mapping of parameters"),
        ("[1, 2]", "is no mapping of sections"),
        ("eda: {a: ", "cannot be read"),
        ("eda: !!python/object/apply:os.system ['true']", "cannot be read"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ParamsInvalid) as caught:
        read_params(written(tmp_path, text), "eda", EdaParams)
    assert words in caught.value.message
    assert caught.value.code == "params_invalid"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ParamsInvalid, match="No such file"):
        read_params(tmp_path / "none.yaml", "eda", EdaParams)


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, "eda: {seed: -1, colour: red}")
    with pytest.raises(ParamsInvalid) as caught:
        read_params(path, "eda", EdaParams)
    assert len(caught.value.evidence["problems"]) == 2


def test_the_fingerprint_follows_every_value() -> None:
    known = {
        EdaParams().fingerprint(),
        EdaParams(seed=43).fingerprint(),
        EdaParams(max_pairs=1).fingerprint(),
        EdaParams(long_side_px=800).fingerprint(),
    }
    assert len(known) == 4
    assert EdaParams(seed=42).fingerprint() == EdaParams().fingerprint()
