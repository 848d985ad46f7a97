from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from scene3d.engine.errors import Cancelled
from scene3d.engine.features.base import load_features
from scene3d.engine.features.extract import extract_features
from scene3d.engine.features.sift import SiftExtractor, first_octave
from scene3d.engine.host import Host
from scene3d.engine.options import FeatureOptions
from scene3d.engine.progress import Silent
from scene3d.engine.types import Photo
from scene3d.engine.workspace import Workspace

from .builders import make_photo
from .textures import textured

SIFT = FeatureOptions(extractor="sift", max_keypoints=300, long_side_px=320)


@pytest.mark.parametrize(
    ("long_side_px", "target_px", "octave"),
    [
        (500, 1600, -1),
        (1131, 1600, -1),
        (1132, 1600, 0),
        (1600, 1600, 0),
        (724, 1024, -1),
        (725, 1024, 0),
    ],
)
def test_photos_are_doubled_where_that_comes_nearer_to_the_target(
    long_side_px: int, target_px: int, octave: int
) -> None:
    assert first_octave(long_side_px, target_px) == octave
    doubled, single = (
        abs(np.log2(2 * long_side_px / target_px)),
        abs(np.log2(long_side_px / target_px)),
    )
    assert (octave == -1) == (doubled <= single)


@pytest.fixture
def photos(workspace: Workspace) -> list[Photo]:
    """Three that differ, one of them plain grey."""
    written = []
    for index, image in enumerate([textured(1), textured(2), Image.new("RGB", (320, 240), "gray")]):
        image.save(workspace.photo(index), "JPEG", quality=95)
        photo = make_photo(index, size_px=image.size)
        written.append(replace(photo, path=workspace.photo(index)))
    return written


def test_a_plain_photo_has_no_keypoints_in_the_right_shape(photos: list[Photo]) -> None:
    features = SiftExtractor(SIFT).extract(photos[2].path, (320, 240))
    assert features.keypoints_xy_px.shape == (0, 2)
    assert features.descriptors.shape == (0, 128)


def test_keypoints_lie_in_the_photo_and_fewer_come_where_fewer_are_asked_for(
    photos: list[Photo],
) -> None:
    features = SiftExtractor(SIFT).extract(photos[0].path, (320, 240))
    assert 250 < len(features) <= SIFT.max_keypoints
    assert features.descriptors.dtype == np.uint8
    assert features.keypoints_xy_px.dtype == np.float32
    assert (features.keypoints_xy_px > -0.5).all()
    assert (features.keypoints_xy_px < np.array([319.5, 239.5])).all()
    few = SiftExtractor(SIFT.model_copy(update={"max_keypoints": 64})).extract(
        photos[0].path, (320, 240)
    )
    assert len(few) == 64
    assert np.array_equal(few.keypoints_xy_px, features.keypoints_xy_px[:64])


@pytest.mark.parametrize("num_threads", [1, 3])
def test_children_find_what_one_process_finds(
    photos: list[Photo], workspace: Workspace, bare_host: Host, num_threads: int
) -> None:
    host = replace(bare_host, num_threads=num_threads)
    counts = extract_features(photos, SIFT, workspace, Silent(), host)
    extractor = SiftExtractor(SIFT)
    for photo in photos:
        expected = extractor.extract(photo.path, (photo.width_px, photo.height_px))
        found = load_features(workspace.features(photo.index))
        assert counts[photo.index] == len(expected) == len(found)
        assert np.array_equal(found.keypoints_xy_px, expected.keypoints_xy_px)
        assert np.array_equal(found.descriptors, expected.descriptors)


def test_progress_counts_photos_and_can_stop_the_work(
    photos: list[Photo], workspace: Workspace, bare_host: Host
) -> None:
    class Watcher(Silent):
        def __init__(self) -> None:
            self.done: list[int] = []

        def update(self, done: int, **counts: int) -> None:
            self.done.append(done)

        def check(self) -> None:
            if self.done:
                raise Cancelled

    watcher = Watcher()
    with pytest.raises(Cancelled):
        extract_features(photos * 20, SIFT, workspace, watcher, bare_host)
    assert len(watcher.done) < 60
