"""From findings to reasons: one case each, and silence for what is good."""

from typing import Any

import pytest

from scene3d.engine.diagnosis import Case, blocking_evidence, diagnose, prevailing_action
from scene3d.engine.overlap import Likeness
from scene3d.engine.types import MotionKind, PhotoQuality, VerifiedPair

from .builders import make_photo, make_quality


def pair(first: int, second: int, num_inliers: int = 80, motion: MotionKind = "general") -> Any:
    return VerifiedPair(first=first, second=second, num_inliers=num_inliers, motion=motion)


def make_case(quality: PhotoQuality | None = None, **known: Any) -> Case:
    """Photos 0, 1 and 2 are a model; 3 is in question, 4 and 5 are beside it."""
    photos = [make_photo(index, name=f"{index}.jpg") for index in range(6)]
    if quality is not None:
        photos[3] = make_photo(3, name="3.jpg", quality=quality)
    values: dict[str, Any] = {
        "num_keypoints": dict.fromkeys(range(6), 900),
        "verified": [pair(0, 1), pair(1, 2)],
        "models": [(0, 1, 2)],
    }
    return Case(photos=photos, min_num_inliers=15, **values | known)


@pytest.mark.parametrize(
    ("quality", "reason"),
    [
        (make_quality(sha256="0"), "duplicate"),
        (make_quality(mean_level=9.0), "dark"),
        (make_quality(white_share=0.9), "overexposed"),
        (make_quality(blur_px=2.4), "blurred"),
    ],
)
def test_a_bad_picture_is_named_before_its_place(quality: PhotoQuality, reason: str) -> None:
    found = diagnose(make_case(quality))[3]
    assert found.reason == reason
    assert found.evidence


LINKED = [pair(0, 1), pair(1, 2)]


@pytest.mark.parametrize(
    ("known", "reason", "words"),
    [
        ({"num_keypoints": {3: 40}}, "too_few_features", "only 40 details"),
        ({}, "no_partner", "No other photo shows enough"),
        ({"verified": [*LINKED, pair(2, 3, 17)]}, "no_partner", "2.jpg, shares 17 points"),
        (
            {"likenesses": [Likeness(first=1, second=3, num_points=30, turn_deg=88.0)]},
            "rotated",
            "turned by about 90° against 1.jpg",
        ),
        (
            {"likenesses": [Likeness(first=3, second=4, num_points=30, turn_deg=2.0)]},
            "other_scene",
            "together with 4.jpg",
        ),
        (
            {"likenesses": [Likeness(first=1, second=3, num_points=12, turn_deg=2.0)]},
            "not_enough_shared_points",
            "a little of what 1.jpg shows",
        ),
        (
            {"verified": [*LINKED, pair(3, 4), pair(3, 5), pair(1, 3, 16)]},
            "other_scene",
            "together with 4.jpg and 5.jpg",
        ),
        (
            {"verified": [*LINKED, pair(2, 3, 44)]},
            "not_enough_shared_points",
            "best with 2.jpg (44 points in common)",
        ),
        (
            {"verified": [*LINKED, pair(2, 3, 400)]},
            "position_not_agreed",
            "Overlaps well with 1 other photo",
        ),
        (
            {"verified": [*LINKED, pair(2, 3, motion="panoramic")]},
            "degenerate_motion",
            "same spot as 2.jpg",
        ),
    ],
)
def test_a_bad_position(known: dict[str, Any], reason: str, words: str) -> None:
    found = diagnose(make_case(**known))[3]
    assert found.reason == reason
    assert words in found.explanation
    assert found.action.endswith(".")


def test_good_photos_are_silent() -> None:
    assert set(diagnose(make_case())) == {3, 4, 5}


def test_a_placed_photo_may_have_a_flaw() -> None:
    everywhere = [(0, 1, 2, 3, 4, 5)]
    assert diagnose(make_case(models=everywhere)) == {}
    repeated = diagnose(make_case(make_quality(sha256="0"), models=everywhere))
    assert {index: found.reason for index, found in repeated.items()} == {3: "duplicate"}


def test_turning_on_the_spot_blocks_a_job_and_says_what_to_do() -> None:
    verified = [pair(a, b, motion="panoramic") for a in range(6) for b in range(a)]
    evidence = blocking_evidence(make_case(verified=verified, models=[]))
    assert [row["reason"] for row in evidence["photos"]] == ["degenerate_motion"] * 6
    assert "a step to the side" in (prevailing_action(evidence) or "")


def test_mixed_reasons_have_no_prevailing_action() -> None:
    assert prevailing_action(blocking_evidence(make_case())) is None
