"""Features and matches between a picture and its known homography: the truth is exact."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from scene3d.engine.errors import WeightsMissing
from scene3d.engine.features.base import load_features
from scene3d.engine.features.aliked import AlikedExtractor
from scene3d.engine.features.extract import extract_features
from scene3d.engine.host import Host
from scene3d.engine.matching.match import match_pairs
from scene3d.engine.matching.lightglue import LightGlueMatcher
from scene3d.engine.options import FeatureOptions, MatchOptions, ReconstructionOptions
from scene3d.engine.presets import SIFT_MATCHING
from scene3d.engine.progress import Silent
from scene3d.engine.types import FloatArray
from scene3d.engine.workspace import Workspace

from .builders import make_photo
from .textures import mapped, textured, warped

SIZE_PX = (480, 360)
GENTLE = np.array([[1.05, 0.12, 10.0], [-0.1, 0.98, 25.0], [1e-4, -5e-5, 1.0]])
"""Turned by a few degrees and seen from aside."""
SMALLER = np.array([[1.9, 0.25, 20.0], [-0.2, 1.8, 40.0], [2e-4, -1e-4, 1.0]])
"""Also at half the size, where a half pixel too much or too little shows as a shift."""


def options(extractor: str, matcher: str = "mutual_nearest") -> ReconstructionOptions:
    matching = SIFT_MATCHING.model_dump() if extractor == "sift" else {"matcher": matcher}
    return ReconstructionOptions.from_dict(
        {
            "features": {"extractor": extractor, "max_keypoints": 400, "long_side_px": 400},
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
    shifts = shifts_px(options("sift"), workspace, bare_host, SMALLER, (220, 170))
    check_shifts(shifts, 100)
    assert np.abs(np.median(shifts, axis=0)).max() < 0.05


@pytest.mark.weights
@pytest.mark.parametrize(
    ("extractor", "matcher"),
    [
        ("aliked-n16", "mutual_nearest"),
        ("aliked-n16", "lightglue"),
        ("aliked-n16rot", "lightglue"),
        ("aliked-n32", "lightglue"),
        ("aliked-n32", "mutual_nearest"),
        ("aliked-t16", "mutual_nearest"),
    ],
)
def test_networks_find_the_same_places_again(
    workspace: Workspace, host: Host, extractor: str, matcher: str
) -> None:
    check_shifts(shifts_px(options(extractor, matcher), workspace, host, GENTLE), 100)


@pytest.mark.weights
def test_lightglue_matches_what_is_half_the_size(workspace: Workspace, host: Host) -> None:
    shifts = shifts_px(options("aliked-n16", "lightglue"), workspace, host, SMALLER, (220, 170))
    assert len(shifts) >= 60
    assert 0.01 < np.median(np.linalg.norm(shifts, axis=1)) < 2.0
