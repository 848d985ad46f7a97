"""The table that the pipeline reads."""

import csv
from pathlib import Path

import pytest

from mlops.data import DataFolder
from mlops.stage_params import PreprocessParams
from mlops.stages.prepare import TABLE_NAME, prepare
from mlops.stages.preprocess import preprocess

from .folders import NUM_IMAGES, SCENES, change_rows, wall_0
from .running import exit_code


@pytest.fixture
def processed(data: DataFolder, tmp_path: Path) -> Path:
    preprocess(data, tmp_path / "processed", PreprocessParams(), num_threads=2)
    return tmp_path / "processed"


def test_a_row_per_photo_that_nobody_has_placed(
    data: DataFolder, processed: Path, tmp_path: Path
) -> None:
    change_rows(data.labels_path, lambda rows: [*rows[::-1], rows[0]])
    table = tmp_path / "deep" / "out" / TABLE_NAME
    assert prepare(data, processed, table.parent) == NUM_IMAGES
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "image_id", "dataset", "scene", "image", "rotation_matrix", "translation_vector", "path",
    ]  # fmt: skip
    names = [(dataset, image) for (dataset, _), images in SCENES.items() for image in images]
    assert [(row["dataset"], row["image"]) for row in rows] == sorted(names)
    assert len({row["image_id"] for row in rows}) == NUM_IMAGES
    assert {row["scene"] for row in rows} == {"outliers"}
    assert {row["rotation_matrix"] for row in rows} == {";".join(["nan"] * 9)}
    assert {row["translation_vector"] for row in rows} == {"nan;nan;nan"}
    for row in rows:
        path = table.parent / row["path"]
        assert path.resolve() == processed / "images" / row["dataset"] / row["image"]
        assert path.is_file()


def test_the_table_looks_like_the_sample_submission(
    data: DataFolder, processed: Path, tmp_path: Path, shared_data: Path
) -> None:
    golden = shared_data.parent / "golden" / "imc2025_metric" / "case00" / "submission.csv"
    prepare(data, processed, tmp_path / "out")
    columns = (tmp_path / "out" / TABLE_NAME).read_text().splitlines()[0].split(",")
    assert columns == [*golden.read_text().splitlines()[0].split(","), "path"]


def test_the_same_data_give_the_same_bytes(
    data: DataFolder, processed: Path, tmp_path: Path
) -> None:
    for name in ("first", "second"):
        prepare(data, processed, tmp_path / name)
        change_rows(data.labels_path, lambda rows: rows[::-1])
    first, second = ((tmp_path / name / TABLE_NAME).read_bytes() for name in ("first", "second"))
    assert first == second


class TestCommand:
    def test_it_says_how_many(
        self,
        data: DataFolder,
        processed: Path,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        output = tmp_path / "out"
        assert exit_code("prepare", data.root, images=processed, output=output) == 0
        assert capsys.readouterr().out == f"11 photos in {output / TABLE_NAME}\n"

    def test_photos_that_were_not_processed(
        self,
        data: DataFolder,
        processed: Path,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        (processed / "images" / "yard" / wall_0(data).name).unlink()
        output = tmp_path / "out"
        assert exit_code("prepare", data.root, images=processed, output=output) == 2
        [line] = capsys.readouterr().err.splitlines()
        assert line.startswith("data_missing: ")
        assert "lacks 1 of 11 labelled photos, yard/wall_0.jpg for one." in line
        assert not output.exists()
