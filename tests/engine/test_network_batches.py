"""Batches find what kornia's own networks find when they are called once per photo and per pair."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from kornia.feature.aliked.aliked import DeformableConv2d

from scene3d.engine.benchmark.networks import same
from scene3d.engine.features import aliked
from scene3d.engine.features.aliked import AlikedExtractor, by_working_size, load_aliked
from scene3d.engine.features.aliked_forward import detect
from scene3d.engine.features.base import load_features, save_features
from scene3d.engine.features.deformable import deformable_conv
from scene3d.engine.features.extract import extract_features
from scene3d.engine.features.reference import ReferenceExtractor
from scene3d.engine.host import Host
from scene3d.engine.matching.enough import nearest_first
from scene3d.engine.matching.lightglue import LightGlueMatcher, load_lightglue
from scene3d.engine.matching.lightglue_forward import Points, match_batch
from scene3d.engine.matching.match import match_pairs
from scene3d.engine.matching.reference import ReferenceMatcher
from scene3d.engine.options import FeatureOptions, MatchOptions
from scene3d.engine.photos import load_rgb, shrunk_size_px
from scene3d.engine.progress import Silent
from scene3d.engine.types import Features, Photo, UInt32Array
from scene3d.engine.workspace import Workspace

from .builders import make_photo
from .textures import textured

ALIKED = FeatureOptions(extractor="aliked-n16", max_keypoints=256, long_side_px=256)
LIGHTGLUE = MatchOptions(matcher="lightglue", glance_agreement=0, min_agreement=0)
SIZES_PX = ((256, 192), (185, 256), (256, 192), (512, 384), (185, 256))
"""The fourth is of the first one's size once it is shrunk."""


@pytest.fixture
def photos(workspace: Workspace) -> list[Photo]:
    made = []
    for index, size_px in enumerate(SIZES_PX):
        textured(index, size_px).save(workspace.photo(index), "JPEG", quality=95)
        made.append(replace(make_photo(index, size_px=size_px), path=workspace.photo(index)))
    return made


def check_same(found: Features, expected: Features) -> None:
    """Positions to a thousandth of a pixel; descriptors to what float16 holds."""
    assert len(found) == len(expected)
    nearest = [
        int(np.abs(expected.keypoints_xy_px - xy).max(axis=1).argmin())
        for xy in found.keypoints_xy_px
    ]
    assert sorted(nearest) == list(range(len(expected)))  # equal scores may change places
    assert found.keypoints_xy_px == pytest.approx(expected.keypoints_xy_px[nearest], abs=1e-3)
    descriptors = expected.descriptors[nearest].astype(np.float64)
    assert found.descriptors.astype(np.float64) == pytest.approx(descriptors, abs=1e-3)


@pytest.mark.weights
@pytest.mark.parametrize("batch_size", [1, 2, 16])
def test_each_photo_has_the_features_that_kornia_finds_in_it_alone(
    photos: list[Photo], workspace: Workspace, host: Host, batch_size: int
) -> None:
    own = replace(host, batch_size=batch_size)
    counts = extract_features(photos, ALIKED, workspace, Silent(), own)
    assert list(counts) == [0, 1, 2, 3, 4]
    reference, extractor = ReferenceExtractor(ALIKED, host), AlikedExtractor(ALIKED, host)
    for photo in photos:
        expected = reference.extract(extractor.load(photo))
        assert counts[photo.index] == len(expected) == 256
        check_same(load_features(workspace.features(photo.index)), expected)


@pytest.mark.weights
@pytest.mark.parametrize("name", ["aliked-n16rot", "aliked-n32", "aliked-t16"])
def test_every_variant_is_kornias(photos: list[Photo], host: Host, name: str) -> None:
    options = ALIKED.model_copy(update={"extractor": name})
    extractor, reference = AlikedExtractor(options, host), ReferenceExtractor(options, host)
    for photo, found in extractor.extract(photos[:2]):
        check_same(found, reference.extract(extractor.load(photo)))


@pytest.mark.weights
def test_photos_that_do_not_fit_the_gpu_together_go_in_smaller_batches(
    photos: list[Photo], host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {photo.index: one for photo, one in AlikedExtractor(ALIKED, host).extract(photos)}
    tried = []

    def small_memory(network: Any, images: torch.Tensor, max_keypoints: int, *, half: bool) -> Any:
        tried.append(len(images))
        if len(images) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return detect(network, images, max_keypoints, half=half)

    monkeypatch.setattr(aliked, "detect", small_memory)
    extractor = AlikedExtractor(ALIKED, replace(host, batch_size=16))
    found = list(extractor.extract(photos))
    assert tried == [3, 1, 1, 1, 1, 1]
    assert [photo.index for photo, _ in found] == [0, 2, 3, 1, 4]
    for photo, features in found:
        check_same(features, expected[photo.index])


@settings(derandomize=True)
@given(sizes_px=st.lists(st.tuples(st.integers(64, 90), st.integers(64, 90)), max_size=12))
def test_photos_are_grouped_by_the_size_that_they_are_shrunk_to(
    sizes_px: list[tuple[int, int]],
) -> None:
    photos = [make_photo(index, size_px=size_px) for index, size_px in enumerate(sizes_px)]
    groups = by_working_size(photos, 66)
    sizes = [{shrunk_size_px((p.width_px, p.height_px), 66) for p in group} for group in groups]
    assert all(len(some) == 1 for some in sizes)
    assert len(set.union(set(), *sizes)) == len(groups)
    assert sorted(photo.index for group in groups for photo in group) == list(range(len(photos)))
    assert all(group == sorted(group, key=lambda photo: photo.index) for group in groups)


@pytest.mark.parametrize("size", [(9, 7), (1, 5), (4, 1)])
def test_deformable_convolution_is_kornias(size: tuple[int, int]) -> None:
    torch.manual_seed(3)
    layer = DeformableConv2d(5, 4)
    torch.nn.init.normal_(layer.offset_conv.weight, std=0.6)
    x = torch.randn(2, 5, *size)
    with torch.inference_mode():
        expected, found = layer(x), deformable_conv(layer, x)
    assert expected.std() > 0.1
    assert torch.allclose(found, expected, atol=1e-5)


@pytest.mark.weights
def test_half_precision_does_not_move_keypoints(tiny_photos: Path, host: Host) -> None:
    """On the CPU, where it is slow, and rounds as a GPU does."""
    paths = sorted(tiny_photos.iterdir())[:2]
    rgb = np.stack([load_rgb(path, 400) for path in paths])
    images = torch.from_numpy(rgb).permute(0, 3, 1, 2).float() / 255
    network = load_aliked("aliked-n16", host)
    with torch.inference_mode():
        found = detect(network, images, 500, half=True)
        expected = detect(network, images, 500, half=False)
    for (xy_px, descriptors), (true_xy_px, _) in zip(found, expected, strict=True):
        assert xy_px.dtype == descriptors.dtype == torch.float32
        shifts_px = torch.cdist(true_xy_px, xy_px, p=torch.inf).min(dim=1).values
        assert 0 < shifts_px.median() < 2e-3
        assert (shifts_px < 0.05).float().mean() > 0.98


SIZE_PX = (480, 360)
"""Of the tiny scene's photos."""
PAIRS = list(combinations(range(4), 2))


@pytest.fixture(scope="module")
def features(tiny_photos: Path, host: Host) -> list[Features]:
    """Of three overlapping photos with fewer and fewer keypoints, and of one that has none."""
    extractor = AlikedExtractor(ALIKED, host)
    photos = [
        replace(make_photo(index, size_px=SIZE_PX), path=path)
        for index, path in enumerate(sorted(tiny_photos.iterdir())[:3])
    ]
    found = [features for _, features in extractor.extract(photos)]
    return [
        Features(keypoints_xy_px=one.keypoints_xy_px[:count], descriptors=one.descriptors[:count])
        for one, count in zip([*found, found[0]], (256, 230, 190, 0), strict=True)
    ]


def points_of(matcher: LightGlueMatcher, features: Sequence[Features]) -> list[Points]:
    return [matcher.points(some, SIZE_PX) for some in features]


def same_share(found: Sequence[UInt32Array], expected: Sequence[UInt32Array]) -> float:
    as_float = [[rows.astype(np.float64) for rows in some] for some in (expected, found)]
    return same(*as_float)[0]


@pytest.mark.weights
@pytest.mark.parametrize("batch_size", [1, 4, 16])
def test_each_pair_has_the_matches_that_kornia_finds_in_it_alone(
    features: list[Features], host: Host, batch_size: int
) -> None:
    reference = ReferenceMatcher(LIGHTGLUE, host)
    nothing = np.empty((0, 2), np.uint32)
    expected = [
        reference.match((features[i], SIZE_PX), (features[j], SIZE_PX)) if j < 3 else nothing
        for i, j in PAIRS
    ]
    matcher = LightGlueMatcher(LIGHTGLUE, replace(host, batch_size=batch_size))
    points = points_of(matcher, features)
    found = list(matcher.match((points[i], points[j]) for i, j in PAIRS))
    assert same_share(found, expected) > 0.99
    for (i, j), rows in zip(PAIRS, found, strict=True):
        assert (50 if j < 3 else 0) <= len(rows) <= len(features[j])
        assert (rows < [len(features[i]), len(features[j])]).all()
        assert all(len(set(side)) == len(rows) for side in rows.T.tolist())


@pytest.mark.weights
def test_pairs_leave_a_batch_at_their_own_layer_and_without_hopeless_keypoints(
    features: list[Features], host: Host
) -> None:
    network: Any = load_lightglue(host)
    points = points_of(LightGlueMatcher(LIGHTGLUE, host), features)
    easy, hard = (points[0], points[0]), (points[0], points[2])
    shapes: list[tuple[int, int]] = []
    hooks = [
        transformer.self_attn.register_forward_pre_hook(
            lambda _, inputs: shapes.append(tuple(inputs[0].shape[:2]))
        )
        for transformer in network.transformers
    ]
    sizes, counts = [], []
    for batch in ([easy], [hard], [easy, hard]):
        match_batch(network, batch, half=False)
        sizes.append([size for size, _ in shapes[1::2]])
        counts.append([count for _, count in shapes[1::2]])
        shapes.clear()
    for hook in hooks:
        hook.remove()
    num_easy, num_hard = len(sizes[0]), len(sizes[1])
    assert 1 <= num_easy < num_hard < 9
    assert sizes[2] == num_easy * [2] + (num_hard - num_easy) * [1]
    assert counts[2][num_easy:] == counts[1][num_easy:]
    assert counts[1][-1] < counts[1][0] == 190


@pytest.mark.weights
def test_half_precision_finds_the_same_matches(features: list[Features], host: Host) -> None:
    """On the CPU, where it is slow, and rounds as a GPU does."""
    pairs = list(combinations(points_of(LightGlueMatcher(LIGHTGLUE, host), features[:3]), 2))
    network = load_lightglue(host)
    found, expected = (
        [
            one.indices[one.scores > 0.1].numpy().astype(np.uint32)
            for one in match_batch(network, pairs, half=half)
        ]
        for half in (True, False)
    )
    assert 0.95 < same_share(found, expected) <= 1


@pytest.mark.weights
@pytest.mark.parametrize("options", [LIGHTGLUE, MatchOptions(matcher="lightglue")])
def test_batches_of_pairs_come_back_in_order(
    workspace: Workspace, features: list[Features], host: Host, options: MatchOptions
) -> None:
    photos = {index: make_photo(index, size_px=SIZE_PX) for index in range(4)}
    for index, some in enumerate(features):
        save_features(some, workspace.features(index))
    pairs = nearest_first([*PAIRS, (0, 2)])
    alone, together = (
        list(match_pairs(pairs, photos, options, workspace, replace(host, batch_size=size)))
        for size in (1, 4)
    )
    assert [(match.first, match.second) for match in together] == pairs
    for one, other in zip(alone, together, strict=True):
        assert (one.is_undecided, one.num_agreeing) == (other.is_undecided, other.num_agreeing)
        assert np.array_equal(one.keypoint_indices, other.keypoint_indices)
    twice = [match.keypoint_indices for match in together if (match.first, match.second) == (0, 2)]
    assert np.array_equal(twice[0], twice[1])
    assert len(twice[0]) > 50
