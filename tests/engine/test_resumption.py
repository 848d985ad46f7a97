"""A finished model grows by the photos that have found partners since."""

import json
from pathlib import Path

import pytest

from scene3d.engine import attempts
from scene3d.engine.evaluation import relative_pose_errors
from scene3d.engine.host import Host
from scene3d.engine.pipeline import reconstruct
from scene3d.engine.progress import Silent
from scene3d.engine.selftest import read_poses, true_poses
from scene3d.engine.sources import find_photos
from scene3d.engine.synthetic import TINY, describe_scene
from scene3d.engine.workspace import Workspace

from .test_second_look import FAR_APART, WITH_SECOND_LOOK


@pytest.mark.weights
@pytest.mark.long
def test_a_leftover_joins_the_model_that_is_there(
    tiny_photos: Path, tmp_path: Path, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What scenes of more than sixty photos do, with five."""
    monkeypatch.setattr(attempts, "_MAPPED_ANEW_UP_TO", 2)
    sources = find_photos(tiny_photos)
    workspace = Workspace(tmp_path / "work")
    report = reconstruct(
        [sources[position] for position in FAR_APART], WITH_SECOND_LOOK, workspace, Silent(), host
    )
    request = json.loads((workspace.logs_dir / "map.json").read_text())
    assert request["payload"]["resume_from"] == str(workspace.root / "models-first" / "0")
    assert report.counts.num_registered == len(FAR_APART)
    assert report.counts.num_rescued > 0
    assert report.counts.num_models == 1
    poses = read_poses(workspace.result_dir / "cameras.json")
    errors = relative_pose_errors(poses, true_poses(describe_scene(TINY)))
    assert 0 < max(error.max_deg for error in errors.values()) < 5
