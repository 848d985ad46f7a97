"""Features and matches between a picture and its known homography: the truth is exact."""

from dataclasses import replace

import numpy as np
import pytest

from scene3d.engine.errors import WeightsMissing
from scene3d.engine.features.aliked import AlikedExtractor
from scene3d.engine.features.base import load_features
from scene3d.engine.features.extract import extract_features
from scene3d.engine.host import Host
from scene3d.engine.matching.lightglue import LightGlueMatcher
from scene3d.engine.matching.match import match_pairs
from scene3d.engine.options import FeatureOptions, MatchOptions, ReconstructionOptions
from scene3d.engine.progress import Silent
from scene3d.engine.types import Features, FloatArray, Photo, UInt32Array
from scene3d.engine.workspace import Workspace

from .builders import make_photo
from .textures import mapped, textured, warped

SIZE_PX = (400, 300)
GENTLE = np.array([[1.05, 0.12, 10.0], [-0.1, 0.98, 25.0], [1e-4, -5e-5, 1.0]])
"""Turned by a few degrees and seen from aside."""
SMALLER = np.array([[1.9, 0.25, 20.0], [-0.2, 1.8, 40.0], [2e-4, -1e-4, 1.0]])
"""Also at half the size, where a half pixel too much or too little shows as a shift."""


def options(extractor: str, matcher: str = "mutual_nearest") -> ReconstructionOptions:
    matching = {"matcher": matcher, "max_ratio": 0.85 if extractor == "sift" else 0.95}
    return ReconstructionOptions.from_dict(
        {
            "features": {"extractor": extractor, "max_keypoints": 300, "long_side_px": 320},
            "matching": matching,
        }
    )


def shifts_px(
    options: ReconstructionOptions,
    workspace: Workspace,
    host: Host,
    source_from_warped: FloatArray,
    warped_size_px: tuple[int, int] = SIZE_PX,
) -> FloatArray:
    """(M, 2): how far each match in the source lies from where its partner truly is."""
    source = textured(5, SIZE_PX)
    photos = {}
    for index, picture in enumerate([source, warped(source, source_from_warped, warped_size_px)]):
        picture.save(workspace.photo(index), "JPEG", quality=95, subsampling=0)
        photo = make_photo(index, size_px=picture.size)
        photos[index] = replace(photo, path=workspace.photo(index))
    extract_features(list(photos.values()), options.features, workspace, Silent(), host)
    [matches] = match_pairs([(0, 1)], photos, options.matching, workspace, host)
    first, second = (load_features(workspace.features(index)) for index in photos)
    for rows in matches.keypoint_indices.T:
        assert len(set(rows.tolist())) == len(rows)
    in_source = first.keypoints_xy_px[matches.keypoint_indices[:, 0]].astype(np.float64) + 0.5
    in_warped = second.keypoints_xy_px[matches.keypoint_indices[:, 1]].astype(np.float64) + 0.5
    shifts: FloatArray = in_source - mapped(source_from_warped, in_warped)
    return shifts


def check_shifts(shifts: FloatArray, min_num_matches: int) -> None:
    errors_px = np.linalg.norm(shifts, axis=1)
    assert len(errors_px) >= min_num_matches
    assert 0.01 < np.median(errors_px) < 1.0
    assert (errors_px < 3).mean() > 0.9


def test_sift_finds_the_same_places_again(workspace: Workspace, bare_host: Host) -> None:
    shifts = shifts_px(options("sift"), workspace, bare_host, SMALLER, (190, 150))
    check_shifts(shifts, 100)
    assert np.abs(np.median(shifts, axis=0)).max() < 0.05


@pytest.mark.weights
@pytest.mark.parametrize(
    ("extractor", "matcher"),
    [
        ("aliked-n16", "mutual_nearest"),
        ("aliked-n16", "lightglue"),
        ("aliked-n16rot", "mutual_nearest"),
        ("aliked-n32", "lightglue"),
        ("aliked-t16", "mutual_nearest"),
    ],
)
def test_networks_find_the_same_places_again(
    workspace: Workspace, host: Host, extractor: str, matcher: str
) -> None:
    check_shifts(shifts_px(options(extractor, matcher), workspace, host, GENTLE), 100)


@pytest.mark.weights
def test_lightglue_matches_what_is_half_the_size(workspace: Workspace, host: Host) -> None:
    shifts = shifts_px(options("aliked-n16", "lightglue"), workspace, host, SMALLER, (190, 150))
    assert len(shifts) >= 60
    assert 0.01 < np.median(np.linalg.norm(shifts, axis=1)) < 2.0


def saved(workspace: Workspace, index: int, size_px: tuple[int, int], seed: int = 6) -> Photo:
    textured(seed, size_px).save(workspace.photo(index), "JPEG", quality=95)
    return replace(make_photo(index, size_px=size_px), path=workspace.photo(index))


def features_of(extractor: AlikedExtractor, photo: Photo) -> Features:
    [(_, features)] = extractor.extract([photo])
    return features


def matches_of(
    matcher: LightGlueMatcher, first: Features, second: Features, size_px: tuple[int, int]
) -> UInt32Array:
    [found] = matcher.match([(matcher.points(first, size_px), matcher.points(second, size_px))])
    return found


@pytest.fixture
def photo(workspace: Workspace) -> Photo:
    return saved(workspace, 0, (256, 192))


@pytest.fixture
def aliked(host: Host) -> AlikedExtractor:
    options = FeatureOptions(extractor="aliked-n16", max_keypoints=200, long_side_px=256)
    return AlikedExtractor(options, host)


@pytest.mark.weights
def test_keypoints_are_told_in_pixels_of_the_photo(aliked: AlikedExtractor, photo: Photo) -> None:
    """As if the file were the working copy of a photo three times as large."""
    found = features_of(aliked, photo)
    larger = features_of(aliked, replace(photo, width_px=768, height_px=576))
    expected = 3 * (found.keypoints_xy_px.astype(np.float64) + 0.5) - 0.5
    assert larger.keypoints_xy_px == pytest.approx(expected, abs=1e-3)
    assert found.keypoints_xy_px.dtype == np.float32
    assert (found.keypoints_xy_px > -0.5).all()
    assert (found.keypoints_xy_px < np.array([255.5, 191.5])).all()
    assert np.array_equal(larger.descriptors, found.descriptors)


@pytest.mark.weights
def test_descriptors_have_unit_length(aliked: AlikedExtractor, photo: Photo) -> None:
    found = features_of(aliked, photo)
    assert len(found) == 200
    assert found.descriptors.dtype == np.float16
    norms = np.linalg.norm(found.descriptors.astype(np.float64), axis=1)
    assert norms == pytest.approx(np.ones(200), abs=2e-3)


@pytest.mark.weights
def test_the_strongest_keypoints_come_first_and_the_most_asked_for_is_no_promise(
    aliked: AlikedExtractor, host: Host, photo: Photo
) -> None:
    all_of_them = FeatureOptions(extractor="aliked-n16", max_keypoints=32_768, long_side_px=256)
    many = features_of(AlikedExtractor(all_of_them, host), photo)
    few = features_of(aliked, photo)
    assert 200 < len(many) < 32_768
    assert np.array_equal(many.keypoints_xy_px[:200], few.keypoints_xy_px)


@pytest.mark.weights
@pytest.mark.parametrize("size_px", [(64, 64), (97, 65), (64, 300)])
def test_photos_of_odd_sizes_are_read(
    aliked: AlikedExtractor, workspace: Workspace, size_px: tuple[int, int]
) -> None:
    found = features_of(aliked, saved(workspace, 1, size_px, seed=7))
    assert len(found) >= 10
    assert (found.keypoints_xy_px < np.array(size_px) - 0.5).all()


@pytest.mark.weights
def test_a_strip_too_narrow_for_keypoints_has_none(
    aliked: AlikedExtractor, workspace: Workspace
) -> None:
    found = features_of(aliked, saved(workspace, 1, (5120, 64)))
    assert found.keypoints_xy_px.shape == (0, 2)
    assert found.descriptors.shape == (0, 128)


@pytest.mark.weights
def test_lightglue_copes_with_photos_that_show_next_to_nothing(
    aliked: AlikedExtractor, host: Host, photo: Photo
) -> None:
    matcher = LightGlueMatcher(MatchOptions(matcher="lightglue"), host)
    features = features_of(aliked, photo)
    for count in (0, 1, 2):
        some = Features(
            keypoints_xy_px=features.keypoints_xy_px[:count],
            descriptors=features.descriptors[:count],
        )
        for pair in ((some, features), (features, some), (some, some)):
            found = matches_of(matcher, *pair, (256, 192))
            assert found.dtype == np.uint32
            assert found.shape == (len(found), 2)
            assert len(found) <= count


@pytest.mark.weights
def test_a_photo_matches_itself_and_a_higher_score_accepts_less(
    aliked: AlikedExtractor, host: Host, photo: Photo
) -> None:
    features = features_of(aliked, photo)
    counts = []
    for min_score in (0.0, 0.1, 0.999):
        matcher = LightGlueMatcher(MatchOptions(matcher="lightglue", min_score=min_score), host)
        found = matches_of(matcher, features, features, (256, 192))
        assert np.array_equal(found[:, 0], found[:, 1])
        counts.append(len(found))
    assert counts[0] >= counts[1] > 150
    assert counts[1] > counts[2]


@pytest.mark.weights
def test_networks_are_loaded_once(host: Host) -> None:
    for _ in range(2):
        AlikedExtractor(FeatureOptions(extractor="aliked-t16"), host)
        LightGlueMatcher(MatchOptions(matcher="lightglue"), host)
    assert set(host.network_loads.values()) == {1}
    assert {"aliked-t16", "aliked-lightglue"} <= set(host.network_loads)


def test_without_weights_nothing_is_loaded(bare_host: Host) -> None:
    with pytest.raises(WeightsMissing, match="no aliked-n16"):
        AlikedExtractor(FeatureOptions(extractor="aliked-n16"), bare_host)
    with pytest.raises(WeightsMissing, match="no aliked-lightglue"):
        LightGlueMatcher(MatchOptions(matcher="lightglue"), bare_host)
