import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scene3d.engine.cloud import clean_points, thin_points
from scene3d.engine.model import Model
from scene3d.engine.options import CloudOptions
from scene3d.engine.seeding import generator

from .builders import make_model, random_rotations

NO_LIMITS = CloudOptions(outlier_sigmas=1e6, voxel_size=0.0)


def everything(model: Model) -> np.ndarray:
    return np.arange(model.num_points)


def thinned(model: Model, options: CloudOptions, seed: int = 0) -> list[int]:
    kept: list[int] = thin_points(
        model, everything(model), options, generator(seed, "thin")
    ).tolist()
    return kept


def test_points_of_large_error_or_few_photos_or_no_place_are_left_out() -> None:
    xyz = np.arange(24.0).reshape(8, 3)
    xyz[1, 2], xyz[2, 0] = np.nan, np.inf
    error_px = [4.0, 1.0, 1.0, 4.001, np.nan, 1.0, 0.0, 1.0]
    tracks = [[0, 1, 2]] * 5 + [[0, 1], [0, 1, 2], [0, 2]]
    model = make_model(xyz, error_px=error_px, tracks=tracks, photo_indices=(0, 1, 2))
    options = NO_LIMITS.model_copy(update={"min_track_length": 3, "max_error_px": 4.0})
    assert clean_points(model, options).tolist() == [0, 6]


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_lonely_points_are_left_out_at_every_scale(scale: float) -> None:
    rng = generator(1, "cloud")
    crowd = rng.uniform(-1, 1, (600, 3))
    lonely = 30 * random_rotations(rng, 6)[:, 0]
    model = make_model(scale * np.concatenate([lonely, crowd]))
    kept = set(clean_points(model, CloudOptions()).tolist())
    assert not kept & set(range(6))
    assert len(kept) >= 590


def test_a_cloud_that_thins_out_with_distance_is_not_cut_off() -> None:
    rng = generator(2, "cloud")
    distance = np.exp(rng.uniform(0, 4, 2000))
    directions = random_rotations(rng, 2000)[:, 0]
    model = make_model(distance[:, None] * directions)
    kept = clean_points(model, CloudOptions())
    assert len(kept) > 0.98 * 2000
    assert distance[kept].max() > 40


def test_more_sigmas_keep_more_points() -> None:
    rng = generator(3, "cloud")
    model = make_model(rng.standard_normal((500, 3)) ** 3)
    counts = [
        len(clean_points(model, CloudOptions(outlier_sigmas=sigmas))) for sigmas in (0.5, 1, 2, 9)
    ]
    assert counts == sorted(set(counts))
    assert counts[-1] == 500


@pytest.mark.parametrize("num_points", [0, 1, 2])
def test_clouds_of_hardly_any_points_stay(num_points: int) -> None:
    model = make_model(np.arange(3.0 * num_points))
    assert clean_points(model, CloudOptions()).tolist() == list(range(num_points))
    assert thinned(model, CloudOptions()) == list(range(num_points))


def test_of_a_cell_the_point_that_most_photos_see_is_kept() -> None:
    xyz = [[0.1, 0.1, 0.1], [0.9, 0.9, 0.9], [0.5, 0.5, 0.5], [1.1, 0.1, 0.1], [-0.1, 0.1, 0.1]]
    tracks = [[0, 1], [0, 1, 2], [0, 1, 2], [0, 1], [0, 1]]
    model = make_model(xyz, tracks=tracks, error_px=[0.1, 0.9, 0.8, 1, 1], photo_indices=(0, 1, 2))
    assert thinned(model, CloudOptions(voxel_size=1.0)) == [2, 3, 4]


@settings(max_examples=60, derandomize=True)
@given(
    seed=st.integers(0, 1000),
    num_points=st.integers(0, 120),
    voxel_size=st.sampled_from([0.0, 0.3, 1.0]),
    max_points=st.sampled_from([1, 5, 50, 1000]),
)
def test_thinning_keeps_the_best_of_every_cell(
    seed: int, num_points: int, voxel_size: float, max_points: int
) -> None:
    rng = generator(seed, "cloud")
    tracks = [list(range(length)) for length in rng.integers(2, 5, num_points)]
    model = make_model(
        rng.uniform(-2, 2, (num_points, 3)),
        tracks=tracks,
        error_px=rng.uniform(0, 4, num_points),
        photo_indices=range(5),
    )
    cells: dict[tuple[int, ...], int] = {}
    for point in range(num_points):
        cell = tuple(np.floor(model.xyz[point] / voxel_size)) if voxel_size else (point,)
        best = cells.setdefault(cell, point)
        if (len(tracks[point]), -model.error_px[point]) > (
            len(tracks[best]),
            -model.error_px[best],
        ):
            cells[cell] = point
    kept = thinned(model, CloudOptions(voxel_size=voxel_size, max_points=max_points))
    assert len(kept) == min(len(cells), max_points)
    assert kept == sorted(kept)
    assert set(kept) <= set(cells.values())


def test_what_is_left_out_by_number_is_chosen_by_the_seed() -> None:
    model = make_model(generator(4, "cloud").uniform(-9, 9, (500, 3)))
    options = CloudOptions(voxel_size=0.0, max_points=100)
    assert thinned(model, options, seed=1) == thinned(model, options, seed=1)
    assert thinned(model, options, seed=1) != thinned(model, options, seed=2)


def test_only_the_given_points_are_thinned() -> None:
    model = make_model(np.zeros((9, 3)), error_px=np.arange(9))
    kept = thin_points(
        model, np.array([3, 5, 7]), CloudOptions(voxel_size=1.0), generator(0, "thin")
    )
    assert kept.tolist() == [3]
