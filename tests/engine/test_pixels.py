import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scene3d.engine.geometry.pixels import (
    centred_from_colmap_px,
    colmap_from_centred_px,
    rescaled_centred_px,
)

SIZES = st.tuples(st.integers(64, 9000), st.integers(64, 9000))


def test_the_centre_of_the_first_pixel() -> None:
    assert colmap_from_centred_px(np.zeros((1, 2))).tolist() == [[0.5, 0.5]]
    assert centred_from_colmap_px(np.array([[0.5, 0.5]])).tolist() == [[0.0, 0.0]]


def test_half_precision_goes_in_and_none_comes_out() -> None:
    xy_px = colmap_from_centred_px(np.array([[2501.0, 1.0]], np.float32))
    assert xy_px.dtype == np.float64
    assert xy_px.tolist() == [[2501.5, 1.5]]


@settings(derandomize=True)
@given(from_size_px=SIZES, to_size_px=SIZES)
def test_resizing_keeps_the_corners_and_the_middle(
    from_size_px: tuple[int, int], to_size_px: tuple[int, int]
) -> None:
    """In array coordinates an image reaches from -0.5 to its size minus 0.5."""
    first, last = np.full(2, -0.5), np.array(from_size_px) - 0.5
    points = np.stack([first, last, (first + last) / 2])
    found = rescaled_centred_px(points, from_size_px, to_size_px)
    expected_last = np.array(to_size_px) - 0.5
    expected = [first, expected_last, (first + expected_last) / 2]
    assert found == pytest.approx(np.stack(expected), abs=1e-9)


@settings(derandomize=True)
@given(from_size_px=SIZES, to_size_px=SIZES, x_px=st.floats(-0.5, 9000), y_px=st.floats(-0.5, 9000))
def test_there_and_back_is_where_it_was(
    from_size_px: tuple[int, int], to_size_px: tuple[int, int], x_px: float, y_px: float
) -> None:
    points = np.array([[x_px, y_px]])
    there = rescaled_centred_px(points, from_size_px, to_size_px)
    back = rescaled_centred_px(there, to_size_px, from_size_px)
    assert back == pytest.approx(points, abs=1e-6)


def test_nothing_stays_nothing() -> None:
    for empty in (
        colmap_from_centred_px(np.empty((0, 2))),
        centred_from_colmap_px(np.empty((0, 2))),
        rescaled_centred_px(np.empty((0, 2)), (10, 10), (20, 20)),
    ):
        assert empty.shape == (0, 2)


@pytest.mark.parametrize("to_size_px", [(100, 80), (301, 77), (800, 640)])
def test_points_follow_an_image_that_pillow_resizes(to_size_px: tuple[int, int]) -> None:
    """Truth from the pixels themselves: the centre of gravity of a soft spot."""
    from_size_px, centre_px = (400, 320), np.array([[143.0, 201.0]])
    y, x = np.mgrid[: from_size_px[1], : from_size_px[0]]
    spot = np.exp(-((x - centre_px[0, 0]) ** 2 + (y - centre_px[0, 1]) ** 2) / (2 * 20.0**2))
    image = Image.fromarray(spot.astype(np.float32)).resize(to_size_px, Image.Resampling.LANCZOS)
    weight = np.asarray(image, np.float64)
    y, x = np.mgrid[: to_size_px[1], : to_size_px[0]]
    found = np.array([[(x * weight).sum(), (y * weight).sum()]]) / weight.sum()
    expected = rescaled_centred_px(centre_px, from_size_px, to_size_px)
    assert np.abs(found - expected).max() < 0.02
