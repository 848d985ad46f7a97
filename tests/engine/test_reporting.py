from pathlib import Path

import numpy as np
import pytest

from scene3d.engine.attempts import Mapped
from scene3d.engine.dense.stage import Dense
from scene3d.engine.diagnosis import Case
from scene3d.engine.exporting import Cloud
from scene3d.engine.host import Host
from scene3d.engine.model import Model
from scene3d.engine.options import ReconstructionOptions
from scene3d.engine.report import Report, StageSeconds
from scene3d.engine.reporting import Findings, describe
from scene3d.engine.second_look import ViewGraph
from scene3d.engine.types import PairMatches, PhotoSet, RejectedPhoto, VerifiedPair
from scene3d.engine.weights import MANIFEST

from .builders import make_model, make_photo

NUM_KEYPOINTS = {0: 900, 1: 800, 3: 700, 4: 99, 5: 600, 6: 500, 7: 400}


def models() -> list[Model]:
    """The second shares photo 3 with the first."""
    return [
        make_model(
            np.zeros((3, 3)),
            tracks=[[0, 1, 3], [0, 1], [1, 3]],
            error_px=[0.5, 1.0, 2.0],
            photo_indices=(0, 1, 3),
        ),
        make_model(np.zeros((1, 3)), tracks=[[3, 7]], error_px=0.25, photo_indices=(3, 7)),
    ]


def compared() -> list[PairMatches]:
    """Eighteen pairs, of which nine have a match."""
    one = np.zeros((1, 2), np.uint32)
    return [
        PairMatches(first=0, second=second, keypoint_indices=one[: second % 2])
        for second in range(1, 19)
    ]


@pytest.fixture
def report(bare_host: Host) -> Report:
    accepted = tuple(make_photo(index, name=f"{index}.jpg") for index in NUM_KEYPOINTS)
    verified = [
        VerifiedPair(first=first, second=second, num_inliers=40)
        for first, second in [(0, 1), (1, 3), (0, 3), (3, 6), (3, 7), (0, 4)]
    ]
    findings = Findings(
        photos=PhotoSet(
            accepted=accepted,
            rejected=(
                RejectedPhoto(
                    index=2, name="2.jpg", code="image_empty", message="The file is empty."
                ),
            ),
        ),
        num_pairs=21,
        case=Case(
            photos=accepted,
            min_num_inliers=15,
            num_keypoints=NUM_KEYPOINTS,
            verified=verified,
            models=[model.photo_indices.tolist() for model in models()],
        ),
        mapped=Mapped(
            models=models(), graph=ViewGraph(compared=compared(), verified=verified), num_rescued=1
        ),
        clouds=[
            Cloud(num_points=3, num_clean=2, num_shown=1),
            Cloud(num_points=1, num_clean=1, num_shown=1),
        ],
        dense=Dense(),
        stages=[
            StageSeconds(stage="checking", seconds=1.5),
            StageSeconds(stage="mapping", seconds=2.0),
        ],
    )
    options = ReconstructionOptions.from_dict({"seed": 7})
    return describe(findings, options, bare_host)


def test_every_source_has_a_row_that_says_what_became_of_it(report: Report) -> None:
    assert [(row.index, row.name, row.status, row.reason) for row in report.photos] == [
        (0, "0.jpg", "registered", None),
        (1, "1.jpg", "registered", None),
        (2, "2.jpg", "rejected", "image_empty"),
        (3, "3.jpg", "registered", None),
        (4, "4.jpg", "not_registered", "too_few_features"),
        (5, "5.jpg", "not_registered", "no_partner"),
        (6, "6.jpg", "not_registered", "not_enough_shared_points"),
        (7, "7.jpg", "registered", None),
    ]
    for row in report.photos:
        is_silent = row.explanation is None and row.action is None
        assert is_silent == (row.status == "registered"), row
    assert report.photos[6].explanation == (
        "Overlaps with 1 other photo, best with 3.jpg (40 points in common), but too little to"
        " place it."
    )


def test_a_registered_photo_is_the_largest_models(report: Report) -> None:
    shared, other = report.photos[3], report.photos[7]
    assert (shared.model, shared.num_observations, shared.num_verified_pairs) == (0, 2, 4)
    assert shared.mean_error_px == pytest.approx((0.5 + 2.0) / 2)
    assert shared.focal_px == 600.0
    assert (other.model, other.num_observations, other.mean_error_px) == (1, 1, 0.25)
    assert report.photos[5].focal_px == 480.0
    assert report.photos[5].focal_source == "guess"


def test_counts_add_up(report: Report) -> None:
    assert report.counts.model_dump() == {
        "num_photos": 8,
        "num_accepted": 7,
        "num_rejected": 1,
        "num_registered": 4,
        "num_rescued": 1,
        "num_keypoints": 3999,
        "num_pairs": 21,
        "num_matched_pairs": 9,
        "num_verified_pairs": 6,
        "num_models": 2,
        "num_points": 3,
        "num_points_clean": 2,
        "num_points_shown": 1,
    }
    assert report.total_seconds == 3.5


def test_a_models_error_is_the_mean_over_observations(report: Report) -> None:
    first, second = report.models
    assert (first.num_registered, first.num_points, first.num_observations) == (3, 3, 7)
    assert first.mean_track_length == pytest.approx(7 / 3)
    assert first.mean_error_px == pytest.approx((3 * 0.5 + 2 * 1.0 + 2 * 2.0) / 7)
    assert (first.num_cameras, second.num_cameras) == (1, 1)
    assert (second.index, second.num_registered, second.mean_error_px) == (1, 2, 0.25)


def test_a_run_can_be_repeated_from_its_report(report: Report) -> None:
    options = ReconstructionOptions.from_dict(report.options)
    assert options.fingerprint() == report.fingerprint
    assert options.seed == report.seed == 7
    assert [(used.name, used.sha256) for used in report.weights] == [
        (name, MANIFEST[name].sha256) for name in ("aliked-n16", "aliked-lightglue")
    ]
    assert {"python", "numpy", "pillow", "pycolmap", "torch"} <= set(report.versions)
    assert (report.device, report.num_threads) == ("cpu", 2)


def test_a_report_is_read_as_it_was_written(report: Report, tmp_path: Path) -> None:
    report.write(tmp_path / "report.json")
    assert Report.read(tmp_path / "report.json") == report
