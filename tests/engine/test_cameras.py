from typing import Literal

import pytest

from scene3d.engine.cameras import group_cameras
from scene3d.engine.options import PhotoOptions
from scene3d.engine.types import CameraPrior, Photo

from .builders import make_photo

Sharing = Literal["auto", "single", "per_photo"]

LANDSCAPE, PORTRAIT, SMALL = (400, 300), (300, 400), (200, 150)


def groups(photos: list[Photo], sharing: Sharing = "auto") -> list[tuple[int, ...]]:
    priors = group_cameras(photos, PhotoOptions(camera_sharing=sharing))
    return [prior.photo_indices for prior in priors]


def anonymous(*sizes: tuple[int, int]) -> list[Photo]:
    return [make_photo(index, size_px=size) for index, size in enumerate(sizes)]


def test_photos_of_one_device_share_a_camera() -> None:
    devices = ["A", "B", "A", None, "B", "A"]
    photos = [make_photo(index, device=device) for index, device in enumerate(devices)]
    assert groups(photos) == [(0, 2, 5), (1, 4), (3,)]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([LANDSCAPE, LANDSCAPE, LANDSCAPE], [(0, 1, 2)]),
        ([LANDSCAPE, PORTRAIT, LANDSCAPE], [(0, 2), (1,)]),
        ([LANDSCAPE, LANDSCAPE, SMALL], [(0,), (1,), (2,)]),
        ([LANDSCAPE, PORTRAIT, SMALL, LANDSCAPE, LANDSCAPE], [(0, 3, 4), (1,), (2,)]),
        ([LANDSCAPE, SMALL, SMALL, LANDSCAPE, LANDSCAPE], [(0,), (1,), (2,), (3,), (4,)]),
    ],
    ids=["one size", "one size, turned", "two sizes", "one stranger in five", "two in five"],
)
def test_anonymous_photos_share_when_nearly_all_have_one_size(
    sizes: list[tuple[int, int]], expected: list[tuple[int, ...]]
) -> None:
    assert groups(anonymous(*sizes)) == expected


def test_the_sizes_of_known_devices_do_not_keep_anonymous_photos_apart() -> None:
    photos = [*anonymous(LANDSCAPE, LANDSCAPE), make_photo(2, size_px=SMALL, device="A")]
    assert groups(photos) == [(0, 1), (2,)]


def test_a_device_and_an_anonymous_photo_of_its_size_stay_apart() -> None:
    assert groups([make_photo(0, device="A"), make_photo(1)]) == [(0,), (1,)]


def test_single_means_one_camera_for_each_size() -> None:
    photos = [
        make_photo(0, device="A"),
        make_photo(1, device="B"),
        make_photo(2),
        make_photo(3, size_px=PORTRAIT),
    ]
    assert groups(photos, "single") == [(0, 1, 2), (3,)]


def test_per_photo_means_no_sharing() -> None:
    photos = [make_photo(index, device="A") for index in (4, 7, 9)]
    assert groups(photos, "per_photo") == [(4,), (7,), (9,)]


def test_the_prior_is_the_median_of_what_is_known() -> None:
    focals_px = [500.0, 520.0, 900.0]
    photos = [
        make_photo(index, focal_px=focal_px, focal_source="exif_35mm")
        for index, focal_px in enumerate(focals_px)
    ]
    guess = make_photo(3, focal_px=480.0)
    assert group_cameras([*photos, guess], PhotoOptions(camera_sharing="single")) == [
        CameraPrior(
            width_px=400,
            height_px=300,
            focal_px=520.0,
            is_focal_known=True,
            photo_indices=(0, 1, 2, 3),
        )
    ]


def test_a_guess_stays_a_guess() -> None:
    [prior] = group_cameras([make_photo(0), make_photo(1)], PhotoOptions())
    assert (prior.focal_px, prior.is_focal_known) == (480.0, False)


def test_no_photos_have_no_cameras() -> None:
    assert group_cameras([], PhotoOptions()) == []
