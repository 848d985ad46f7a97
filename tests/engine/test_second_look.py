"""Photos that cheap features leave over are placed by learned ones."""

from dataclasses import replace
from pathlib import Path
from statistics import median

import pycolmap
import pytest

from scene3d.engine.errors import Cancelled
from scene3d.engine.evaluation import relative_pose_errors
from scene3d.engine.host import Host
from scene3d.engine.pipeline import reconstruct
from scene3d.engine.presets import PRESETS
from scene3d.engine.progress import Silent
from scene3d.engine.report import Report
from scene3d.engine.second_look import worth_a_look
from scene3d.engine.selftest import read_poses, true_poses
from scene3d.engine.sources import find_photos
from scene3d.engine.synthetic import TINY, describe_scene
from scene3d.engine.types import Photo
from scene3d.engine.workspace import Workspace

from .builders import make_photo, make_quality

FAR_APART = (0, 1, 2, 5, 6)
"""Of the tiny scene; so few keypoints are too few for those without a neighbour."""
ALONE = PRESETS["quick"].options.merged({"features": {"max_keypoints": 110}})
WITH_SECOND_LOOK = ALONE.merged(
    {"second_look": {"max_partners": 4, "max_keypoints": 512, "long_side_px": 640}}
)


def run(
    photos: Path, workspace: Workspace, host: Host, progress: Silent, *, second_look: bool = True
) -> Report:
    sources = find_photos(photos)
    some = [sources[position] for position in FAR_APART]
    options = WITH_SECOND_LOOK if second_look else ALONE
    return reconstruct(some, options, workspace, progress, host)


class StopsAtTheSecondLook(Silent):
    """Cancels when the first attempt is over and photos are compared again."""

    def __init__(self, workspace: Workspace) -> None:
        self._second_look = workspace.root / "second-look"

    def check(self) -> None:
        if self._second_look.exists():
            raise Cancelled


@pytest.mark.weights
@pytest.mark.slow
def test_leftovers_are_rescued_and_lie_right(tiny_photos: Path, tmp_path: Path, host: Host) -> None:
    alone = run(tiny_photos, Workspace(tmp_path / "alone"), host, Silent(), second_look=False)
    workspace = Workspace(tmp_path / "work")
    report = run(tiny_photos, workspace, host, Silent())
    assert alone.counts.num_registered < len(FAR_APART)
    assert alone.counts.num_rescued == 0
    assert report.counts.num_registered == len(FAR_APART)
    assert report.counts.num_rescued == len(FAR_APART) - alone.counts.num_registered
    assert {entry.name for entry in report.weights} == {"aliked-n16", "aliked-lightglue"}
    errors = relative_pose_errors(
        read_poses(workspace.result_dir / "cameras.json"), true_poses(describe_scene(TINY))
    )
    assert len(errors) == 10
    assert 0 < median(error.max_deg for error in errors.values()) < 1.2
    model = pycolmap.Reconstruction(workspace.result_dir / "models" / "0")
    assert model.num_reg_images() == len(FAR_APART)


@pytest.mark.weights
def test_what_was_placed_before_a_cancelled_second_look_is_kept(
    tiny_photos: Path, tmp_path: Path, host: Host
) -> None:
    workspace = Workspace(tmp_path / "work")
    report = run(tiny_photos, workspace, host, StopsAtTheSecondLook(workspace))
    assert report.partial_reason == "cancelled"
    assert 3 <= report.counts.num_registered < len(FAR_APART)
    assert report.counts.num_rescued == 0
    model = pycolmap.Reconstruction(workspace.result_dir / "models" / "0")
    assert model.num_reg_images() == report.counts.num_registered


def test_without_weights_there_is_no_second_look_but_a_result(
    tiny_photos: Path, tmp_path: Path, bare_host: Host
) -> None:
    report = run(tiny_photos, Workspace(tmp_path / "work"), bare_host, Silent())
    assert not report.is_partial
    assert 3 <= report.counts.num_registered < len(FAR_APART)
    assert all(photo.reason for photo in report.photos if photo.status == "not_registered")


def test_pictures_at_fault_are_not_looked_at_again() -> None:
    dark = make_quality(mean_level=4.0, black_share=0.97, sha256="dark")
    bright = make_quality(mean_level=251.0, white_share=0.97, sha256="bright")
    twin = make_quality(sha256="twin", picture_hash=12345)
    photos: list[Photo] = [
        make_photo(0),
        make_photo(1, quality=dark),
        make_photo(2, quality=bright),
        make_photo(3, quality=twin),
        make_photo(4, quality=replace(twin, sha256="twin too")),
        make_photo(5),
    ]
    assert worth_a_look(photos, {0, 1, 2, 4}) == {0}
    assert worth_a_look(photos, set()) == set()
