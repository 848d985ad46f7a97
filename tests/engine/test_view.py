from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from scene3d.engine.export.columns import read_columns
from scene3d.engine.export.view import write_view
from scene3d.engine.model import Model
from scene3d.engine.seeding import generator

from .builders import make_model

UP = (0.0, 0.6, -0.8)
Columns = dict[str, NDArray[Any]]


def viewed(
    model: Model, indices: list[int], folder: Path
) -> tuple[Columns, dict[str, Any], Columns, dict[str, Any]]:
    points, tracks = folder / "points.bin", folder / "tracks.bin"
    write_view(model, np.array(indices, np.intp), points, tracks, up_in_world=UP)
    return *read_columns(points), *read_columns(tracks)


@pytest.fixture
def model() -> Model:
    rng = generator(1, "view")
    photos = [2, 3, 7, 11]
    tracks = [
        sorted(rng.choice(photos, rng.integers(2, 5), replace=False).tolist()) for _ in range(40)
    ]
    return make_model(
        rng.normal(0, 5, (40, 3)),
        tracks=tracks,
        error_px=rng.uniform(0, 3, 40),
        photo_indices=photos,
    )


def test_points_carry_what_the_viewer_shows(model: Model, tmp_path: Path) -> None:
    chosen = [0, 5, 6, 39]
    points, meta, _, _ = viewed(model, chosen, tmp_path)
    assert {name: (values.dtype.name, values.shape) for name, values in points.items()} == {
        "xyz": ("float32", (4, 3)),
        "rgb": ("uint8", (4, 3)),
        "error_px": ("float32", (4,)),
        "track_length": ("uint16", (4,)),
    }
    assert np.array_equal(points["xyz"], model.xyz[chosen].astype(np.float32))
    assert np.array_equal(points["rgb"], model.rgb[chosen])
    assert np.array_equal(points["error_px"], model.error_px[chosen])
    assert points["track_length"].tolist() == [int(model.track_lengths[point]) for point in chosen]
    assert meta["num_points"] == 4
    assert meta["up"] == list(UP)


def test_every_point_finds_the_photos_that_see_it_and_where(model: Model, tmp_path: Path) -> None:
    chosen = [0, 1, 13, 38, 39]
    _, _, tracks, meta = viewed(model, chosen, tmp_path)
    assert meta == {"num_points": 5}
    assert tracks["offset"].dtype == np.uint32
    assert tracks["offset"][0] == 0
    assert tracks["offset"][-1] == len(tracks["photo"]) == len(tracks["xy"])
    for row, point in enumerate(chosen):
        shown = slice(*tracks["offset"][row : row + 2])
        rows = slice(*model.track_offsets[point : point + 2])
        assert tracks["photo"][shown].tolist() == model.track_photos[rows].tolist()
        pixels = tracks["xy"][shown] / 65535 * np.array([400, 300])
        assert np.abs(pixels - model.track_xy_px[rows]).max() <= 400 / 65535 / 2 + 1e-6


def test_each_photo_is_measured_by_its_own_size(tmp_path: Path) -> None:
    model = make_model([[0, 0, 0]], tracks=[[4, 9]], photo_indices=(4, 9))
    model.size_px[:] = np.array([[100, 50], [1, 4]])
    model.track_xy_px[:] = np.array([[100, 25], [0.25, 4]])
    _, _, tracks, _ = viewed(model, [0], tmp_path)
    assert tracks["xy"].tolist() == [[65535, 32768], [16384, 65535]]


def test_places_outside_of_the_photo_go_to_its_edge(tmp_path: Path) -> None:
    model = make_model([[0, 0, 0]])
    model.track_xy_px[:] = np.array([[-3, 301], [400.5, -0.1]])
    _, _, tracks, _ = viewed(model, [0], tmp_path)
    assert tracks["xy"].tolist() == [[0, 65535], [65535, 0]]


def test_bounds_are_those_of_nearly_all_points(tmp_path: Path) -> None:
    xyz = np.stack([np.arange(1001.0), -np.arange(1001.0), np.zeros(1001)], axis=1)
    xyz[1000] = 1e6
    _, meta, _, _ = viewed(make_model(xyz), list(range(1001)), tmp_path)
    assert meta["bounds"] == {
        "min": [pytest.approx(10), pytest.approx(-989), 0],
        "max": [pytest.approx(990), pytest.approx(-9), 0],
    }


def test_a_model_of_which_nothing_is_shown_can_be_viewed(tmp_path: Path) -> None:
    points, meta, tracks, _ = viewed(make_model(np.zeros((3, 3))), [], tmp_path)
    assert points["xyz"].shape == (0, 3)
    assert tracks["offset"].tolist() == [0]
    assert tracks["xy"].shape == (0, 2)
    assert meta["bounds"] == {"min": [-1.0] * 3, "max": [1.0] * 3}
