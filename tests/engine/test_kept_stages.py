"""Stages of an attempt that was killed are taken over whole, or done again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scene3d.engine.host import Host
from scene3d.engine.kept_stages import KeptStages, NotKept
from scene3d.engine.options import ReconstructionOptions
from scene3d.engine.pipeline import reconstruct
from scene3d.engine.presets import PRESETS
from scene3d.engine.progress import Silent, Stage
from scene3d.engine.public import Cancelled, PhotoSource
from scene3d.engine.sources import find_photos
from scene3d.engine.types import Photo, PhotoSet, RejectedPhoto
from scene3d.engine.weights import WeightStore
from scene3d.engine.workspace import Workspace

from .builders import make_quality

QUICK = PRESETS["quick"].options


class StopAt(Silent):
    """Stands in for a kill: the work of one stage is never begun."""

    def __init__(self, stage: Stage | None = None) -> None:
        self._stage = stage
        self.num_told = 0

    def begin(self, stage: Stage, total: int) -> None:
        if stage == self._stage:
            raise Cancelled

    def checked(self, photos: PhotoSet) -> None:
        self.num_told += 1


@pytest.fixture
def sources(tmp_path: Path) -> list[PhotoSource]:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"a photo")
    return [PhotoSource(name="a.jpg", path=path)]


@pytest.fixture
def kept(tmp_path: Path, sources: list[PhotoSource]) -> Callable[..., KeptStages]:
    """Of the attempt `number`, which has finished two stages if it is the first."""

    def make(
        number: int, options: ReconstructionOptions = QUICK, photos: Any = sources
    ) -> KeptStages:
        workspace = Workspace(tmp_path / str(number), earlier=tmp_path / str(number - 1))
        workspace.prepare()
        stages = KeptStages(photos, options, workspace)
        if number == 1:
            for path in (workspace.photo(0), workspace.preview(0), workspace.features(0)):
                path.write_bytes(path.parent.name.encode())
            stages.keep_photos(photo_set(workspace))
            stages.keep_features({0: 17})
        return stages

    return make


def photo_set(workspace: Workspace) -> PhotoSet:
    photo = Photo(
        index=0, name="a.jpg", path=workspace.photo(0), width_px=80, height_px=64, focal_px=96.5,
        focal_source="guess", device=None, quality=make_quality(picture_hash=2**255 + 1),
    )  # fmt: skip
    refused = RejectedPhoto(index=1, name="b.jpg", code="image_empty", message="Empty.")
    return PhotoSet(accepted=(photo,), rejected=(refused,))


def test_what_was_finished_is_taken_over(kept: Callable[..., KeptStages], tmp_path: Path) -> None:
    kept(1)
    second = kept(2)
    here = Workspace(tmp_path / "2")
    assert second.photos() == photo_set(here)
    assert second.features() == {0: 17}
    assert here.photo(0).read_bytes() == b"photos"
    assert here.features(0).read_bytes() == b"features"
    third = kept(3)  # and once more
    assert third.photos() == photo_set(Workspace(tmp_path / "3"))
    assert third.features() == {0: 17}


def test_a_first_attempt_has_nothing_to_take_over(kept: Callable[..., KeptStages]) -> None:
    with pytest.raises(NotKept):
        kept(7).photos()


@pytest.mark.parametrize("fault", ["changed", "missing", "torn record"])
def test_what_is_not_as_its_record_says_is_done_again(
    kept: Callable[..., KeptStages], tmp_path: Path, fault: str
) -> None:
    kept(1)
    first = Workspace(tmp_path / "1")
    if fault == "changed":
        first.features(0).write_bytes(b"half")
    elif fault == "missing":
        first.features(0).unlink()
    else:
        record = first.stage_record("extracting")
        record.write_text(record.read_text()[:-9])
    second = kept(2)
    with pytest.raises(NotKept):
        second.features()
    assert second.photos().accepted[0].name == "a.jpg"


def test_other_options_or_photos_are_another_run(
    kept: Callable[..., KeptStages], sources: list[PhotoSource]
) -> None:
    kept(1)
    with pytest.raises(NotKept):
        kept(2, QUICK.merged({"seed": 5})).features()
    sources[0].path.write_bytes(b"another photo")
    with pytest.raises(NotKept):
        kept(2).photos()


def test_a_second_attempt_gives_the_same_without_the_work(
    tiny_photos: Path, tmp_path: Path
) -> None:
    host, photos = (
        Host(weights=WeightStore(tmp_path / "none"), num_threads=2),
        find_photos(tiny_photos),
    )
    with pytest.raises(Cancelled):
        reconstruct(photos, QUICK, Workspace(tmp_path / "1"), StopAt("mapping"), host)
    second = Workspace(tmp_path / "2", earlier=tmp_path / "1")
    progress = StopAt()
    report = reconstruct(photos, QUICK, second, progress, host)
    assert progress.num_told == 1
    assert list(second.logs_dir.glob("extract-*")) == []
    assert list((tmp_path / "1" / "logs").glob("extract-*")) != []
    assert report.counts.num_registered == len(photos)
    for path in second.features_dir.iterdir():
        assert path.read_bytes() == (tmp_path / "1" / "features" / path.name).read_bytes()
