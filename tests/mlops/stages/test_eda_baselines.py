"""What photos look like, measured on ones that are known: a rendered scene and strangers."""

import hashlib
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drift.baselines import bin_shares, describe
from drift.documents import BASELINE_NAME, BaselineDocument
from mlops.data import DataFolder, hash_data
from mlops.stage_params import EdaParams
from mlops.stages.eda_baselines import (
    DESCRIPTORS_NAME,
    DISTRIBUTIONS_NAME,
    IMAGES_NAME,
    PAIRS_NAME,
    SIMILARITY_NAME,
    _sample,
    eda_baselines,
)
from mlops.stages.measuring import IMAGE_FEATURES, PAIR_FEATURES
from scene3d.engine.errors import InsufficientFeatures, TooFewPhotos
from scene3d.engine.host import Host
from scene3d.engine.similarity import Codebook
from scene3d.engine.synthetic import TINY
from scene3d.engine.weights import WeightStore
from tests.engine.textures import textured

from .folders import Table, make_data, read
from .running import exit_code

NUM_RELIEF, NUM_STRANGERS, NUM_ELSEWHERE = 7, 2, 3
NUM_IMAGES = NUM_RELIEF + NUM_STRANGERS + NUM_ELSEWHERE
NO_POSE = ";".join(["nan"] * 9) + ",nan;nan;nan"
PARAMS = EdaParams(long_side_px=480, max_keypoints=1024)
COARSE = EdaParams(long_side_px=240, max_keypoints=64)
FILES = {
    BASELINE_NAME, DESCRIPTORS_NAME, DISTRIBUTIONS_NAME, IMAGES_NAME, PAIRS_NAME, SIMILARITY_NAME,
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, tiny_photos: Path) -> DataFolder:
    """Two datasets: photos of a relief with two strangers, and three of different things.

    The relief's poses are of no interest here.
    """
    data = DataFolder(tmp_path_factory.mktemp("eda") / "data")
    rows = ["dataset,scene,image,rotation_matrix,translation_vector"]
    shutil.copytree(tiny_photos, data.images_dir / "one")
    rows += [f"one,relief,{path.name},{NO_POSE}" for path in tiny_photos.iterdir()]
    for seed in range(NUM_STRANGERS + NUM_ELSEWHERE):
        dataset = "one" if seed < NUM_STRANGERS else "two"
        (data.images_dir / dataset).mkdir(exist_ok=True)
        textured(seed, (300, 400)).save(data.images_dir / dataset / f"other_{seed}.png")
        rows.append(f"{dataset},outliers,other_{seed}.png,{NO_POSE}")
    data.labels_path.write_text("\n".join(rows) + "\n")
    data.thresholds_path.write_text("dataset,scene,thresholds\none,relief,0.1;0.2;0.3\n")
    return data


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Host:
    return Host(weights=WeightStore(tmp_path_factory.mktemp("no-models")), num_threads=2)


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory, data: DataFolder, host: Host) -> Path:
    """To be read only."""
    folder = tmp_path_factory.mktemp("eda-output") / "out"
    eda_baselines(data, folder, PARAMS, host)
    return folder


@pytest.fixture(scope="module")
def baseline(output: Path) -> BaselineDocument:
    return BaselineDocument.model_validate_json((output / BASELINE_NAME).read_bytes())


@pytest.fixture(scope="module")
def images(output: Path) -> Table:
    return read(output / IMAGES_NAME)


@pytest.fixture(scope="module")
def pairs(output: Path) -> Table:
    return read(output / PAIRS_NAME)


def test_it_says_what_it_was_made_of(
    baseline: BaselineDocument, output: Path, data: DataFolder
) -> None:
    assert {path.name for path in output.iterdir()} == FILES
    assert baseline.data_hash == hash_data(data, num_threads=1)
    assert baseline.fingerprint == PARAMS.fingerprint()
    assert EdaParams(**baseline.params) == PARAMS
    counted = (baseline.num_labelled, baseline.num_sampled, baseline.num_unreadable)
    assert counted == (NUM_IMAGES, NUM_IMAGES, 0)
    assert baseline.num_pairs == 9 * 8 // 2 + 3
    assert json.loads((output / BASELINE_NAME).read_text())["schema"] == "scene3d.baseline/2"


def test_every_photo_has_its_row(images: Table) -> None:
    assert list(images[0]) == ["dataset", "scene", "image", *IMAGE_FEATURES]
    names = [(row["dataset"], row["image"]) for row in images]
    assert names == sorted(names)
    assert len(names) == NUM_IMAGES
    for row in images:
        is_relief = row["scene"] == "relief"
        size = (row["width_px"], row["height_px"])
        assert size == ((str(TINY.width_px), str(TINY.height_px)) if is_relief else ("300", "400"))
        assert (row["focal_35mm"] != "") is is_relief  # what is drawn has no EXIF
        assert 100 < int(row["num_keypoints"]) <= PARAMS.max_keypoints
        assert 0 < float(row["saturation"]) < 1


def test_features_describe_the_rows(baseline: BaselineDocument, images: Table) -> None:
    assert set(baseline.features) == {*IMAGE_FEATURES, *PAIR_FEATURES}
    for name in IMAGE_FEATURES:
        values = [float(row[name]) for row in images if row[name]]
        assert baseline.features[name] == describe(values)
    assert baseline.features["focal_35mm"].n == NUM_RELIEF
    assert baseline.features["brightness"].n == NUM_IMAGES
    bins = baseline.features["brightness"].quantile_bins
    assert bin_shares(np.array([300.0]), bins.edges) == [*[0.0] * len(bins.edges), 1.0]


def test_scenes_are_told_by_their_median_photo(baseline: BaselineDocument, images: Table) -> None:
    """Strangers are no scene."""
    [scene] = baseline.scenes
    rows = [row for row in images if row["scene"] == "relief"]
    assert scene["brightness"] == np.median([float(row["brightness"]) for row in rows])
    assert scene["long_side_px"] == TINY.width_px


def test_pairs_of_one_place_are_told_from_others(baseline: BaselineDocument, pairs: Table) -> None:
    """Neighbours on the relief overlap most; no stranger has anything in common with anybody."""
    relief = [row for row in pairs if "relief" in row["first"] and "relief" in row["second"]]
    verified = [row for row in pairs if int(row["num_inliers"])]
    assert len(relief) == NUM_RELIEF * (NUM_RELIEF - 1) // 2
    assert all(row in relief for row in verified)
    assert len(verified) >= NUM_RELIEF - 1
    assert len(verified) == baseline.num_verified_pairs == baseline.features["num_inliers"].n
    assert all(15 <= int(row["num_inliers"]) <= int(row["num_matches"]) for row in verified)
    ratios = [int(row["num_inliers"]) / int(row["num_matches"]) for row in verified]
    assert baseline.features["inlier_ratio"].mean == pytest.approx(np.mean(ratios), rel=1e-4)
    assert 0.5 < np.median(ratios) <= 1


def test_the_sketch_is_a_codebook_and_its_rows(
    baseline: BaselineDocument, output: Path, images: Table
) -> None:
    sketch = baseline.descriptors
    assert sketch is not None
    path = output / sketch.file
    assert sketch.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    with np.load(path, allow_pickle=False) as arrays:
        codebook = Codebook(words=arrays["words"], signs=arrays["signs"])
        rows = arrays["descriptors"]
    assert rows.shape == (NUM_IMAGES, sketch.size) == (NUM_IMAGES, 128)
    assert codebook.words.shape == (sketch.num_words, 128)
    assert codebook.signs.shape == (sketch.num_words * 128, 128)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)
    is_relief = np.array([row["scene"] == "relief" for row in images])
    alike = rows @ rows.T - np.eye(len(rows))
    within = alike[np.ix_(is_relief, is_relief)].sum() / (NUM_RELIEF * (NUM_RELIEF - 1))
    assert within > alike[np.ix_(is_relief, ~is_relief)].mean() + 0.1


@pytest.mark.parametrize("name", [DISTRIBUTIONS_NAME, SIMILARITY_NAME])
def test_figures_are_pictures_without_metadata(output: Path, name: str) -> None:
    with Image.open(output / name) as image:
        image.load()
        assert image.format == "PNG"
        assert set(image.info) <= {"dpi"}
        assert 900 < image.width < 2000
        assert 600 < image.height < 2000
        levels = np.asarray(image.convert("L"))
    assert 0.02 < np.mean(levels < 128) < 0.5  # something is drawn, on white


@pytest.mark.long
def test_the_same_data_give_the_same_bytes(
    data: DataFolder, output: Path, tmp_path: Path, host: Host
) -> None:
    elsewhere = DataFolder(tmp_path / "elsewhere")
    shutil.copytree(data.root, elsewhere.root)
    again = tmp_path / "again"
    eda_baselines(elsewhere, again, PARAMS, host)
    assert {path.name for path in again.iterdir()} == FILES
    for name in FILES:
        assert (again / name).read_bytes() == (output / name).read_bytes(), name
    with zipfile.ZipFile(again / DESCRIPTORS_NAME) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_sample_is_seeded(data: DataFolder) -> None:
    labelled = data.labelled_images()
    samples = [_sample(labelled, EdaParams(seed=seed, max_images=6)) for seed in (1, 1, 2)]
    assert samples[0] == samples[1] != samples[2]
    for sample in samples:
        assert len(set(sample)) == 6
        assert sample == sorted(sample, key=lambda image: image.key)


def test_what_cannot_be_read_is_counted(data: DataFolder, tmp_path: Path, host: Host) -> None:
    spoilt = DataFolder(tmp_path / "data")
    shutil.copytree(data.root, spoilt.root)
    (spoilt.images_dir / "two" / "other_2.png").write_bytes(b"no photo")
    baseline = eda_baselines(spoilt, tmp_path / "out", COARSE, host)
    assert (baseline.num_sampled, baseline.num_unreadable) == (NUM_IMAGES, 1)
    assert baseline.features["brightness"].n == NUM_IMAGES - 1


def test_nothing_to_measure_is_refused(tmp_path: Path, host: Host) -> None:
    data = make_data(tmp_path / "data")
    for path in data.images_dir.rglob("*.*"):
        Image.new("RGB", (96, 72), "grey").save(path)
    with pytest.raises(InsufficientFeatures):
        eda_baselines(data, tmp_path / "out", EdaParams(), host)
    for path in data.images_dir.rglob("*.*"):
        path.write_bytes(b"no photo")
    with pytest.raises(TooFewPhotos):
        eda_baselines(data, tmp_path / "out", EdaParams(), host)
    assert not (tmp_path / "out").exists()


def test_the_command_measures_a_sample(
    data: DataFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    params, output = tmp_path / "params.yaml", tmp_path / "out"
    params.write_text(
        "eda: {max_images: 6, max_pairs: 4, long_side_px: 240, max_keypoints: 64,"
        " descriptor_size: 16}\n"
    )
    assert exit_code("eda_baselines", data.root, output=output, params=params) == 0
    baseline = BaselineDocument.model_validate_json((output / BASELINE_NAME).read_bytes())
    assert (baseline.num_labelled, baseline.num_sampled) == (NUM_IMAGES, 6)
    assert baseline.descriptors is not None
    assert (baseline.num_pairs, baseline.descriptors.size) == (4, 16)
    assert len(read(output / IMAGES_NAME)) == 6
    assert capsys.readouterr().out.startswith(
        f"baseline {baseline.baseline_version}: 6 of {NUM_IMAGES} photos, "
    )


def test_the_command_refuses_wrong_parameters(
    data: DataFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    params, output = tmp_path / "params.yaml", tmp_path / "out"
    params.write_text("eda: {max_image: 5}\n")
    assert exit_code("eda_baselines", data.root, output=output, params=params) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("params_invalid: eda.max_image: unknown option; did you mean")
    assert not output.exists()


@pytest.mark.long
def test_real_photos_of_one_place_are_alike(shared_data: Path, tmp_path: Path, host: Host) -> None:
    """A few of them, small, are enough to see the three places."""
    params = EdaParams(max_images=16, max_pairs=40, long_side_px=480, max_keypoints=512)
    baseline = eda_baselines(DataFolder(shared_data), tmp_path / "out", params, host)
    rows = read(tmp_path / "out" / IMAGES_NAME)
    with np.load(tmp_path / "out" / DESCRIPTORS_NAME, allow_pickle=False) as arrays:
        alike = arrays["descriptors"] @ arrays["descriptors"].T
    scene = np.array([row["scene"] for row in rows])
    same = (scene[:, None] == scene) & ~np.eye(len(rows), dtype=bool)
    assert alike[same].mean() > alike[scene[:, None] != scene].mean() + 0.05
    assert 80 < baseline.features["brightness"].percentiles[50] < 120
    assert 0.6 < baseline.features["blur_px"].percentiles[50] < 1.1
    assert baseline.features["width_px"].percentiles[50] == 1600
    assert "focal_35mm" not in baseline.features
    assert 3 <= baseline.num_verified_pairs < baseline.num_pairs == 40
