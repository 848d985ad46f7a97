import csv
from datetime import datetime
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

from scene3d.engine.synthetic import (
    SAMPLE,
    TINY,
    SceneOptions,
    TrueScene,
    render_scene,
    render_unrelated,
    write_labels,
)
from scene3d.engine.synthetic.render import PixelGrid, Scenery, View, render_pixels
from scene3d.engine.synthetic.scenes import _bake

SMALL = SceneOptions(
    scene="relief",
    num_photos=4,
    width_px=160,
    height_px=120,
    seed=13,
    num_devices=2,
    portrait_share=0.5,
    noise_std=1.5,
)


@pytest.fixture(scope="module")
def photo_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("photos")


@pytest.fixture(scope="module")
def scene(photo_dir: Path) -> TrueScene:
    return render_scene(SMALL, photo_dir)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_same_options_give_the_same_bytes(
    scene: TrueScene, photo_dir: Path, tmp_path: Path
) -> None:
    seen: list[tuple[int, int]] = []
    again = render_scene(
        SMALL, tmp_path, num_workers=3, progress=lambda done, total: seen.append((done, total))
    )

    assert contents(tmp_path) == contents(photo_dir)
    assert set(contents(tmp_path)) == {photo.name for photo in scene.photos}
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    for first, second in zip(scene.photos, again.photos, strict=True):
        assert first.camera == second.camera
        assert np.array_equal(first.cam_from_world.rotation, second.cam_from_world.rotation)


def test_another_seed_gives_other_photos(scene: TrueScene, photo_dir: Path, tmp_path: Path) -> None:
    other = SceneOptions(scene="relief", num_photos=1, width_px=160, height_px=120, seed=22)
    (photo,) = render_scene(other, tmp_path).photos
    first = scene.photos[0]

    assert not np.allclose(photo.position_in_world, first.position_in_world)
    assert (tmp_path / photo.name).read_bytes() != (photo_dir / first.name).read_bytes()


def test_stored_orientation_leads_to_the_upright_photo(scene: TrueScene, photo_dir: Path) -> None:
    orientations = []
    for photo in scene.photos:
        with Image.open(photo_dir / photo.name) as stored:
            orientations.append(stored.getexif()[ExifTags.Base.Orientation])
            upright = ImageOps.exif_transpose(stored)
            assert stored.width > stored.height
        assert upright.size == (photo.camera.width_px, photo.camera.height_px)

    is_portrait = [photo.camera.height_px > photo.camera.width_px for photo in scene.photos]
    assert sum(is_portrait) == 2
    assert [orientation != 1 for orientation in orientations] == is_portrait
    assert set(orientations) == {1, 6, 8}


def test_upright_photos_show_what_their_cameras_see(scene: TrueScene, photo_dir: Path) -> None:
    atlas = _bake(scene, 1)
    for photo in scene.photos:
        view = View.of(scene.surfaces, photo.cam_from_world)
        scenery = Scenery(scene.surfaces, atlas, view)
        expected = render_pixels(scenery, PixelGrid.of(photo.camera), 2).mean(axis=2)
        with Image.open(photo_dir / photo.name) as stored:
            found = np.asarray(ImageOps.exif_transpose(stored), dtype=float).mean(axis=2)

        agreement = np.corrcoef(found.ravel(), expected.ravel())[0, 1]
        upside_down = np.corrcoef(found[::-1, ::-1].ravel(), expected.ravel())[0, 1]
        assert agreement > 0.98
        assert upside_down < 0.6


def test_exif_describes_the_device(scene: TrueScene, photo_dir: Path) -> None:
    models: dict[str, set[str]] = {}
    times = []
    for photo in scene.photos:
        with Image.open(photo_dir / photo.name) as stored:
            exif = stored.getexif()
            details = exif.get_ifd(ExifTags.IFD.Exif)
        camera = photo.camera
        diagonal_px = np.hypot(camera.width_px, camera.height_px)
        assert details[ExifTags.Base.FocalLengthIn35mmFilm] == round(
            camera.focal_px * 43.2666 / diagonal_px
        )
        assert 2.0 < float(details[ExifTags.Base.FocalLength]) < 60.0
        assert exif[ExifTags.Base.Make]
        models.setdefault(camera.device, set()).add(exif[ExifTags.Base.Model])
        times.append(
            datetime.strptime(  # noqa: DTZ007 - EXIF times have no zone
                details[ExifTags.Base.DateTimeOriginal], "%Y:%m:%d %H:%M:%S"
            )
        )

    assert [len(names) for names in models.values()] == [1, 1]
    assert len(set.union(*models.values())) == 2
    assert all(earlier < later for earlier, later in pairwise(times))


def test_devices_differ(scene: TrueScene) -> None:
    first, last = scene.photos[0].camera, scene.photos[-1].camera

    assert first.device != last.device
    assert first.k1 != last.k1
    assert abs(first.focal_px / last.focal_px - 1) > 0.02
    low, high = SMALL.radial_distortion
    assert low <= min(first.k1, last.k1)
    assert max(first.k1, last.k1) <= high


def test_labels_can_be_read_back(scene: TrueScene, tmp_path: Path) -> None:
    csv_path = tmp_path / "labels.csv"
    write_labels(scene, csv_path, "synthetic", "relief")
    write_labels(scene, csv_path, "synthetic", "again")

    with csv_path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    assert list(rows[0]) == ["dataset", "scene", "image", "rotation_matrix", "translation_vector"]
    assert [row["scene"] for row in rows] == ["relief"] * 4 + ["again"] * 4
    for row, photo in zip(rows, scene.photos, strict=False):
        rotation = np.array(row["rotation_matrix"].split(";"), dtype=float).reshape(3, 3)
        translation = np.array(row["translation_vector"].split(";"), dtype=float)
        assert row["image"] == photo.name
        assert np.array_equal(rotation, photo.cam_from_world.rotation)
        assert np.array_equal(translation, photo.cam_from_world.translation)
        assert -rotation.T @ translation == pytest.approx(photo.position_in_world)


def test_unrelated_photos_have_nothing_in_common(tmp_path: Path) -> None:
    photos = render_unrelated(SMALL, tmp_path, 4)

    assert len({photo.name for photo in photos}) == len(contents(tmp_path)) == 4
    images = [_grey(tmp_path / photo.name) for photo in photos]
    for a, b in combinations(images, 2):
        assert _largest_correlation(a, b) < 0.8
    assert _largest_correlation(images[0], np.roll(images[0], 7, axis=1)) > 0.95


def _grey(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    with Image.open(path) as stored:
        return np.asarray(stored.convert("L").resize((160, 120)), dtype=np.float64)


def _largest_correlation(
    a: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    b: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> float:
    """Best normalised correlation of the middle of ``a`` with any place in ``b``."""
    patch = a[36:84, 48:112]
    windows = np.lib.stride_tricks.sliding_window_view(b, patch.shape)[::2, ::1]
    centred = windows - windows.mean(axis=(2, 3), keepdims=True)
    template = patch - patch.mean()
    products = np.einsum("ijkl,kl->ij", centred, template)
    norms = np.sqrt(np.einsum("ijkl,ijkl->ij", centred, centred)) * np.linalg.norm(template)
    return float((products / norms).max())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("num_photos", 0),
        ("width_px", 10),
        ("noise_std", -1.0),
        ("num_devices", 5),
        ("radial_distortion", (0.0, 0.9)),
        ("radial_distortion", (0.1, 0.0)),
        ("portrait_share", 1.5),
        ("jpeg_quality", 0),
        ("supersampling", 0),
        ("seed", -1),
    ],
)
def test_impossible_options_are_named(field: str, value: object) -> None:
    settings: dict[str, object] = {"num_photos": 4, field: value}

    with pytest.raises(ValueError, match=field):
        SceneOptions(**settings)  # type: ignore[arg-type]


def test_presets_are_what_the_demo_and_the_self_test_need() -> None:
    assert SAMPLE.num_devices == 2
    assert SAMPLE.num_photos >= 24
    assert TINY.num_photos <= 8
    assert (TINY.width_px, TINY.height_px) == (480, 360)
