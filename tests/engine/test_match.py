from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from scene3d.engine.features.base import save_features
from scene3d.engine.host import Host
from scene3d.engine.matching.enough import nearest_first
from scene3d.engine.matching.match import match_pairs
from scene3d.engine.matching.mutual_nearest import match_mutual_nearest, unit_descriptors
from scene3d.engine.matching.saved import load_matches, save_matches
from scene3d.engine.options import MatchOptions
from scene3d.engine.seeding import generator
from scene3d.engine.types import Features, PairMatches
from scene3d.engine.workspace import Workspace

from .builders import make_photo


def pair(first: int, second: int, *rows: tuple[int, int]) -> PairMatches:
    indices = np.array(rows, np.uint32).reshape(-1, 2)
    return PairMatches(first=first, second=second, keypoint_indices=indices)


def as_lists(matches: list[PairMatches]) -> list[tuple[int, int, list[list[int]]]]:
    return [(match.first, match.second, match.keypoint_indices.tolist()) for match in matches]


@pytest.mark.parametrize(
    "matches",
    [
        [],
        [pair(0, 1)],
        [pair(0, 1), pair(0, 2, (3, 4)), pair(1, 2), pair(5, 9, (0, 1), (2**32 - 1, 7))],
    ],
    ids=["no pairs", "no matches", "some"],
)
def test_matches_come_back_as_they_were(tmp_path: Path, matches: list[PairMatches]) -> None:
    save_matches(matches, tmp_path / "matches.npz")
    loaded = load_matches(tmp_path / "matches.npz")
    assert as_lists(loaded) == as_lists(matches)
    for match in loaded:
        assert match.keypoint_indices.dtype == np.uint32
        assert match.keypoint_indices.shape[1] == 2


@pytest.fixture
def photo_features(workspace: Workspace) -> dict[int, Features]:
    """Photos 0 to 3 share a part of their descriptors; photo 4 has none."""
    rng = generator(7, "features")
    common = rng.integers(0, 255, (30, 32), np.uint8)
    features = {}
    for index in range(5):
        own = rng.integers(0, 255, (20, 32), np.uint8)
        descriptors = rng.permutation(np.concatenate([common[index * 5 :], own]))[
            : 99 * (index < 4)
        ]
        keypoints = rng.uniform(0, 300, (len(descriptors), 2)).astype(np.float32)
        features[index] = Features(keypoints_xy_px=keypoints, descriptors=descriptors)
        save_features(features[index], workspace.features(index))
    return features


def in_full(max_ratio: float) -> MatchOptions:
    return MatchOptions(max_ratio=max_ratio, glance_agreement=0, min_agreement=0)


@pytest.mark.parametrize("num_threads", [1, 3])
def test_every_pair_is_matched_in_order_on_any_number_of_threads(
    workspace: Workspace, bare_host: Host, photo_features: dict[int, Features], num_threads: int
) -> None:
    pairs = nearest_first([*combinations(range(5), 2), (1, 3)])
    photos = {index: make_photo(index) for index in photo_features}
    host = replace(bare_host, num_threads=num_threads)
    found = list(match_pairs(pairs, photos, in_full(0.8), workspace, host))
    unit = {index: unit_descriptors(features) for index, features in photo_features.items()}
    assert as_lists(found) == [
        (first, second, match_mutual_nearest(unit[first], unit[second], 0.8).tolist())
        for first, second in pairs
    ]
    by_pair = {(match.first, match.second): len(match.keypoint_indices) for match in found}
    assert by_pair[0, 1] == 25
    assert by_pair[0, 4] == 0


def test_the_options_ratio_is_used(
    workspace: Workspace, bare_host: Host, photo_features: dict[int, Features]
) -> None:
    photos = {index: make_photo(index) for index in photo_features}
    counts = [
        len(
            next(
                match_pairs([(0, 1)], photos, in_full(ratio), workspace, bare_host)
            ).keypoint_indices
        )
        for ratio in (0.5, 1.0)
    ]
    assert counts[0] < counts[1]


@pytest.fixture
def arranged(workspace: Workspace) -> list[int]:
    """Photos 0, 1 and 2 share descriptors: 0 and 1 in one arrangement, 2 in another."""
    rng = generator(8, "features")
    shared = rng.integers(0, 255, (80, 64), np.uint8)
    places = rng.uniform(0, 300, (80, 2)).astype(np.float32)
    for index, keypoints in enumerate((places, 0.8 * places + 20, rng.permutation(places))):
        features = Features(keypoints_xy_px=keypoints, descriptors=shared)
        save_features(features, workspace.features(index))
    return [0, 1, 2]


@pytest.mark.parametrize(
    ("options", "matched"),
    [
        (MatchOptions(), {(0, 1)}),
        (MatchOptions(glance_agreement=0), {(0, 1)}),
        (MatchOptions(min_agreement=0, glance_keypoints=40), {(0, 1)}),
        (MatchOptions(glance_agreement=0, min_agreement=0), {(0, 1), (0, 2), (1, 2)}),
        (MatchOptions(min_agreement=81), set()),
    ],
    ids=["both", "only all", "only the strongest", "neither", "too much to ask"],
)
def test_pairs_without_an_arrangement_stay_undecided(
    workspace: Workspace,
    bare_host: Host,
    arranged: list[int],
    options: MatchOptions,
    matched: set[tuple[int, int]],
) -> None:
    photos = {index: make_photo(index) for index in arranged}
    found = list(match_pairs([(0, 1), (0, 2), (1, 2)], photos, options, workspace, bare_host))
    assert {(p.first, p.second) for p in found if len(p.keypoint_indices) == 80} == matched
    assert {(p.first, p.second) for p in found if not p.is_undecided} == matched
    assert all(len(p.keypoint_indices) == 0 for p in found if p.is_undecided)
    assert max(p.num_agreeing for p in found) in {0, 40, 80}
