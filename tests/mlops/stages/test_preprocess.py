"""Photos as the pipeline should see them, and the record of every change."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageFilter

from mlops.data import DataFolder, ImageKey
from mlops.stage_params import PreprocessParams
from mlops.stages.preprocess import (
    IMAGES_NAME,
    REPORT_NAME,
    ImageChanges,
    ImageUnreadable,
    PreprocessReport,
    preprocess,
)
from scene3d.engine.options import PhotoOptions
from scene3d.engine.photos import read_photo
from scene3d.engine.quality import measure
from tests.engine.photo_files import exif, jpeg, smooth_rgb, stored_from_upright
from tests.engine.textures import textured

from .folders import NUM_IMAGES, append_line, make_data, wall_0
from .running import exit_code

TAG = ExifTags.Base


def of_wall_0(report: PreprocessReport) -> ImageChanges:
    [change] = [change for change in report.images if change.image == "wall_0.jpg"]
    return change


def processed(output: Path, image: str = "wall_0.jpg", dataset: str = "yard") -> Path:
    return output / IMAGES_NAME / dataset / image


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_good_photos_are_left_alone(data: DataFolder, tmp_path: Path) -> None:
    report = preprocess(data, tmp_path / "out", PreprocessParams(), num_threads=2)
    totals = report.totals
    assert (totals.num_images, totals.num_untouched) == (NUM_IMAGES, NUM_IMAGES)
    assert (totals.num_oriented, totals.num_resized, totals.num_sharpened) == (0, 0, 0)
    for image in data.labelled_images():
        written = processed(tmp_path / "out", image.key.image, image.key.dataset)
        assert written.read_bytes() == image.path.read_bytes()
    assert all(change.is_untouched for change in report.images)
    assert all(change.sha256_before == change.sha256_after for change in report.images)
    assert report == PreprocessReport.model_validate_json(
        (tmp_path / "out" / REPORT_NAME).read_bytes()
    )


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_are_turned_as_their_exif_says(
    data: DataFolder, tmp_path: Path, orientation: int
) -> None:
    stored = stored_from_upright(smooth_rgb(), orientation)
    camera: dict[int, int] = {TAG.FocalLengthIn35mmFilm: 28}
    wall_0(data).write_bytes(jpeg(stored, exif=exif({TAG.Orientation: orientation}, camera)))
    before = sha256(wall_0(data))
    report = preprocess(data, tmp_path / "out", PreprocessParams(), num_threads=2)
    path = processed(tmp_path / "out")
    with Image.open(path) as image:
        pixels, tags = np.asarray(image), image.getexif()
        assert image.format == "JPEG"
        assert tags.get_ifd(ExifTags.IFD.Exif)[TAG.FocalLengthIn35mmFilm] == 28
        assert tags.get(TAG.Orientation, 1) == 1
    assert np.abs(pixels.astype(int) - smooth_rgb()).max() <= 6
    change, is_turned = of_wall_0(report), orientation != 1
    assert (change.oriented, change.resized, change.sharpened) == (is_turned, False, False)
    assert (change.original_size_px, change.size_px) == ((96, 64), (96, 64))
    assert (change.sha256_before, change.sha256_after) == (before, sha256(path))
    assert (change.sha256_before == change.sha256_after) is not is_turned
    assert report.totals.num_oriented == is_turned
    assert report.totals.num_untouched == NUM_IMAGES - is_turned
    assert sha256(wall_0(data)) == before


def test_large_photos_are_shrunk_and_keep_their_format(data: DataFolder, tmp_path: Path) -> None:
    large = data.image(ImageKey(dataset="tower", image="tower_0.png"))
    textured(50, (400, 200)).save(large)
    params = PreprocessParams(max_side_px=160)
    report = preprocess(data, tmp_path / "out", params, num_threads=2)
    [change] = [change for change in report.images if not change.is_untouched]
    assert (change.dataset, change.image) == ("tower", "tower_0.png")
    assert (change.oriented, change.resized, change.sharpened) == (False, True, False)
    assert (change.original_size_px, change.size_px) == ((400, 200), (160, 80))
    with Image.open(processed(tmp_path / "out", "tower_0.png", "tower")) as image:
        assert (image.format, image.size) == ("PNG", (160, 80))


@pytest.fixture(scope="module")
def blurred_data(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    """One photo of each dataset is soft, wall_0 and tower_0."""
    data = make_data(tmp_path_factory.mktemp("blurred") / "data", size_px=(480, 360))
    for path in (wall_0(data), data.images_dir / "tower" / "tower_0.png"):
        with Image.open(path) as image:
            soft = image.filter(ImageFilter.GaussianBlur(2.5))
        soft.save(path)
    return data


def test_blurred_photos_are_sharpened_where_that_is_wanted(
    blurred_data: DataFolder, tmp_path: Path
) -> None:
    params = PreprocessParams(sharpen_blurred=True)
    report = preprocess(blurred_data, tmp_path / "out", params, num_threads=2)
    sharpened = [change.image for change in report.images if change.sharpened]
    assert sharpened == ["tower_0.png", "wall_0.jpg"]
    for change in report.images:
        assert change.is_untouched is not change.sharpened
        path = processed(tmp_path / "out", change.image, change.dataset)
        upright, _ = read_photo(path, PhotoOptions())
        after_px = measure(upright, path).blur_px
        assert change.blur_px is not None
        assert after_px is not None
        if change.sharpened:
            assert change.blur_px > 2.0
            assert 0.5 * change.blur_px < after_px < 0.9 * change.blur_px
        else:
            assert change.blur_px == after_px < 1.5


def test_nothing_is_sharpened_unasked(blurred_data: DataFolder, tmp_path: Path) -> None:
    report = preprocess(blurred_data, tmp_path / "out", PreprocessParams(), num_threads=2)
    assert report.totals.num_untouched == NUM_IMAGES
    assert {change.blur_px for change in report.images} == {None}


def test_untouched_photos_are_copies_of_their_own(data: DataFolder, tmp_path: Path) -> None:
    preprocess(data, tmp_path / "out", PreprocessParams(), num_threads=1)
    copy = processed(tmp_path / "out")
    assert copy.read_bytes() == wall_0(data).read_bytes()
    assert copy.stat().st_ino != wall_0(data).stat().st_ino


def test_photos_that_are_links_are_followed(data: DataFolder, tmp_path: Path) -> None:
    """As data version control makes them."""
    wall_0(data).rename(tmp_path / "cached")
    wall_0(data).symlink_to(tmp_path / "cached")
    preprocess(data, tmp_path / "out", PreprocessParams(), num_threads=1)
    assert not processed(tmp_path / "out").is_symlink()
    assert processed(tmp_path / "out").read_bytes() == (tmp_path / "cached").read_bytes()


def test_unlabelled_photos_are_left_out(data: DataFolder, tmp_path: Path) -> None:
    shutil.copy(wall_0(data), wall_0(data).with_name("more.jpg"))
    report = preprocess(data, tmp_path / "out", PreprocessParams(), num_threads=1)
    assert report.totals.num_images == NUM_IMAGES
    assert not processed(tmp_path / "out", "more.jpg").exists()


def test_a_broken_photo_ends_it_and_leaves_nothing(data: DataFolder, tmp_path: Path) -> None:
    wall_0(data).write_bytes(b"no photo")
    with pytest.raises(ImageUnreadable, match="yard/wall_0"):
        preprocess(data, tmp_path / "out", PreprocessParams(), num_threads=2)
    assert not (tmp_path / "out").exists()


def test_the_same_photos_give_the_same_bytes(blurred_data: DataFolder, tmp_path: Path) -> None:
    params = PreprocessParams(sharpen_blurred=True, max_side_px=300)
    runs = []
    for num_threads in (1, 3):
        output = tmp_path / str(num_threads)
        preprocess(blurred_data, output, params, num_threads=num_threads)
        runs.append(
            {p.relative_to(output): p.read_bytes() for p in output.rglob("*") if p.is_file()}
        )
    assert len(runs[0]) == NUM_IMAGES + 1
    assert runs[0] == runs[1]


class TestCommand:
    def test_it_takes_its_section_of_the_parameters(
        self, data: DataFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        textured(50, (400, 200)).save(wall_0(data))
        (tmp_path / "params.yaml").write_text("preprocess: {max_side_px: 200}\neda: {seed: 1}\n")
        output = tmp_path / "out"
        ended = exit_code("preprocess", data.root, output=output, params=tmp_path / "params.yaml")
        report = json.loads((output / REPORT_NAME).read_text())
        assert ended == 0
        assert report["params"]["max_side_px"] == 200
        assert report["totals"]["num_resized"] == 1
        assert capsys.readouterr().out == (
            "11 photos: 10 untouched, 0 turned upright, 1 shrunk, 0 sharpened\n"
        )

    @pytest.mark.parametrize(
        ("params", "labels", "code"),
        [
            ("preprocess: {max_side: 200}", "", "params_invalid"),
            ("", "yard,wall,nowhere.jpg,1,1", "data_missing"),
        ],
    )
    def test_what_is_wrong_is_one_line(
        self,
        data: DataFolder,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        params: str,
        labels: str,
        code: str,
    ) -> None:
        (tmp_path / "params.yaml").write_text(params)
        append_line(data.labels_path, labels)
        ended = exit_code(
            "preprocess", data.root, output=tmp_path / "out", params=tmp_path / "params.yaml"
        )
        [line] = capsys.readouterr().err.splitlines()
        assert ended == 2
        assert line.startswith(f"{code}: ")
        assert not (tmp_path / "out").exists()
