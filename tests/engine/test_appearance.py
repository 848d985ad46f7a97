"""What is told of a photo to compare it with others."""

import pytest

from scene3d.engine.appearance import APPEARANCE_FEATURES, appearance

from .builders import make_photo, make_quality


def test_every_feature_has_its_value() -> None:
    photo = make_photo(
        0,
        size_px=(400, 300),
        focal_px=500.0 * 28 / 43.2666153,  # the diagonal is 500 pixels
        focal_source="exif_35mm",
        quality=make_quality(mean_level=99.0, blur_px=0.8),
    )
    values = appearance(photo)
    assert tuple(values) == APPEARANCE_FEATURES
    assert values["focal_35mm"] == pytest.approx(28.0, rel=1e-6)
    assert {name: value for name, value in values.items() if name != "focal_35mm"} == {
        "width_px": 400,
        "height_px": 300,
        "aspect_ratio": 4 / 3,
        "long_side_px": 400,
        "brightness": 99.0,
        "contrast": 50.0 / 99.0,
        "saturation": 0.3,
        "blur_px": 0.8,
        "laplacian_variance": 400.0,
        "has_focal": 1.0,
    }


def test_what_a_photo_does_not_tell_is_none() -> None:
    values = appearance(make_photo(0, quality=make_quality(blur_px=None)))
    assert {name for name, value in values.items() if value is None} == {"blur_px", "focal_35mm"}
