"""What a data folder gives to all stages."""

import os
import shutil
from pathlib import Path

import pytest

from mlops.data import (
    DataFolder,
    DataMissing,
    ImageKey,
    LabelsMalformed,
    ThresholdsMalformed,
    hash_data,
)
from mlops.stages.validate import examine, validate
from scene3d.engine.public import PhotoProblem
from tests.engine.photo_files import jpeg
from tests.engine.textures import textured

from .folders import (
    NUM_IMAGES,
    SCENES,
    Spoil,
    append_line,
    change_rows,
    content,
    label,
    pose,
    thresholds,
    wall_0,
)


class TestHash:
    def test_it_is_of_the_content_alone(self, data: DataFolder, tmp_path: Path) -> None:
        elsewhere = DataFolder(tmp_path / "else" / "where")
        shutil.copytree(data.root, elsewhere.root)
        for path in (elsewhere.labels_path, elsewhere.thresholds_path):
            change_rows(path, lambda rows: rows[::-1])
        for path in sorted(elsewhere.images_dir.rglob("*.jpg"), reverse=True):
            copy = path.with_suffix(".copy")
            path.rename(copy)
            shutil.copy(copy, path)
            copy.unlink()
            os.utime(path, (1, 1))
        known = hash_data(data, num_threads=1)
        assert len(known) == 64
        assert hash_data(elsewhere, num_threads=3) == known
        assert examine(elsewhere, num_threads=2).data_hash == known

    @pytest.mark.parametrize(
        "change",
        [
            label("scene", "gate"),
            label("translation_vector", "0;0;0"),
            thresholds("1;2;3;4"),
            content(jpeg()),
            lambda data: textured(99).save(data.images_dir / "yard" / "more.jpg"),
            lambda data: wall_0(data).rename(wall_0(data).with_name("wall_9.jpg")),
            lambda data: wall_0(data).unlink(),
        ],
        ids=["scene", "pose", "thresholds", "pixels", "one more", "name", "one less"],
    )
    def test_it_changes_with(self, data: DataFolder, change: Spoil) -> None:
        before = hash_data(data, num_threads=2)
        change(data)
        assert hash_data(data, num_threads=2) != before


class TestTables:
    @pytest.mark.parametrize(
        ("spoil", "problem"),
        [
            (lambda data: data.labels_path.unlink(), DataMissing),
            (lambda data: data.thresholds_path.unlink(), DataMissing),
            (lambda data: shutil.rmtree(data.images_dir), DataMissing),
            (lambda data: data.labels_path.write_text("a,b\n1,2\n"), LabelsMalformed),
            (lambda data: data.labels_path.write_text(""), LabelsMalformed),
            (lambda data: data.labels_path.write_bytes(b"\xff\xfe\0d"), LabelsMalformed),
            (lambda data: data.labels_path.write_text('"' + "x" * 200_000), LabelsMalformed),
            (lambda data: data.thresholds_path.write_text("dataset\n"), ThresholdsMalformed),
        ],
    )  # fmt: skip
    def test_what_cannot_be_looked_at_is_refused(
        self, data: DataFolder, tmp_path: Path, spoil: Spoil, problem: type[PhotoProblem]
    ) -> None:
        spoil(data)
        with pytest.raises(problem):
            validate(data, tmp_path / "out", num_threads=1)
        assert not (tmp_path / "out").exists()

    def test_what_spreadsheets_write_is_read(self, data: DataFolder) -> None:
        before = examine(data, num_threads=1)
        for path in (data.labels_path, data.thresholds_path):
            text = path.read_text().replace("\n", "\r\n") + "\r\n"
            path.write_bytes(b"\xef\xbb\xbf" + text.encode())
        assert examine(data, num_threads=1) == before


class TestLabelledImages:
    def test_each_comes_once_with_its_first_scene(self, data: DataFolder) -> None:
        change_rows(data.labels_path, lambda rows: [*rows[::-1], {**rows[0], "scene": "other"}])
        found = data.labelled_images()
        expected = sorted(
            (dataset, image, scene)
            for (dataset, scene), images in SCENES.items()
            for image in images
        )
        assert [(image.key.dataset, image.key.image, image.scene) for image in found] == expected
        assert all(image.path.is_file() for image in found)

    def test_unlabelled_ones_are_left_out(self, data: DataFolder) -> None:
        textured(99).save(data.images_dir / "yard" / "more.jpg")
        assert len(data.labelled_images()) == NUM_IMAGES
        assert len(data.find_images()) == NUM_IMAGES + 1

    def test_all_that_is_missing_is_named(self, data: DataFolder) -> None:
        for name in ("wall_0.jpg", "gate_1.jpg"):
            (data.images_dir / "yard" / name).unlink()
        with pytest.raises(DataMissing, match="2 of 11") as caught:
            data.labelled_images()
        assert caught.value.evidence == {"missing": ["yard/gate_1.jpg", "yard/wall_0.jpg"]}

    @pytest.mark.parametrize(
        ("dataset", "image"),
        [
            ("yard", "../yard/wall_0.jpg"), ("..", "x.jpg"), ("/etc", "passwd"),
            ("yard", "/etc/passwd"), ("yard", "a/../../x.jpg"), ("", "x.jpg"), ("yard", ""),
            ("yard", "a\0.jpg"),
        ],
    )  # fmt: skip
    def test_no_name_leads_out(self, data: DataFolder, dataset: str, image: str) -> None:
        assert not ImageKey(dataset=dataset, image=image).is_inside
        rotation, translation = pose(0)
        append_line(data.labels_path, f"{dataset},wall,{image},{rotation},{translation}")
        with pytest.raises(LabelsMalformed):
            data.labelled_images()
